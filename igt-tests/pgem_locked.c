// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_locked
 *
 * P28: a purge meets a page whose folio somebody has locked. It may be the purge's own task:
 * migration locks pages and allocates, which reclaims, which purges. So a purge must not wait
 * for it. The module modules/pgem_locker.c holds the lock for as long as the test likes.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check that purging waits for no page that is locked.");

#define PAGES 64
#define LOCK _IO('P', 2)
#define LIMIT_MS 20000		/* far more than a purge takes, on any kernel */

/* Until the file is closed */
static int lock_page(const uint8_t *page)
{
	int fd = open("/dev/pgem_locker", O_RDWR | O_CLOEXEC);

	igt_assert_lte(0, fd);
	igt_assert_eq(ioctl(fd, LOCK, page), 0);
	return fd;
}

static void unneeded(struct pgem_buf *buf, int fd)
{
	pgem_buf_init(buf, fd, PAGES);
	pgem_fill(buf->map, 0, PAGES);
	igt_assert(pgem_dontneed(fd, buf->handle));
}

static bool is_purged(const struct pgem_buf *buf)
{
	return !strcmp(pgem_line_of(buf->fd, buf->handle).advice, "purged");
}

/* In a child, as one that waits would not end before the lock goes. */
static bool writes_in_time(const char *path, const char *text)
{
	uint64_t end = pgem_now_ms() + LIMIT_MS;
	int status = 0;
	pid_t pid = fork();

	igt_assert(pid >= 0);
	if (!pid)
		_exit(!!__pgem_write_file(path, text));
	while (pgem_now_ms() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			igt_assert_eq(status, 0);
			return true;
		}
		usleep(10000);
	}
	return false;
}

/* The one with a locked page stays as it is, the others go, and it goes when it is free. */
static void purge_beside(int fd, size_t page, const char *path, const char *text)
{
	struct pgem_buf bufs[3];
	bool in_time;
	int locker;

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		unneeded(&bufs[i], fd);
	locker = lock_page(bufs[1].map + page * PG);
	in_time = writes_in_time(path, text);
	close(locker);
	while (waitpid(-1, NULL, 0) > 0)
		;
	igt_assert_f(in_time, "purging waited for the page\n");
	igt_assert(is_purged(&bufs[0]));
	igt_assert(!is_purged(&bufs[1]));
	igt_assert(is_purged(&bufs[2]));
	pgem_check(bufs[1].map, 0, PAGES);

	igt_assert(writes_in_time(path, text));
	igt_assert(is_purged(&bufs[1]));
	igt_assert_eq(pgem_read_signal(bufs[1].map + page * PG), SIGBUS);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

static void by_debugfs(int fd)
{
	char path[64];

	pgem_shrink_path(path, sizeof(path));
	purge_beside(fd, 0, path, "1000000");
	purge_beside(fd, PAGES / 2, path, "1000000");
	purge_beside(fd, PAGES - 1, path, "1000000");
}

/* As the kernel asks all shrinkers */
static void by_drop_caches(int fd)
{
	purge_beside(fd, PAGES - 1, "/proc/sys/vm/drop_caches", "2");
}

static const struct pgem_test tests[] = {
	{ "debugfs", by_debugfs, "A scan asked for by debugfs passes over the object." },
	{ "drop-caches", by_drop_caches, "So does one of the kernel's." },
};

int igt_main()
{
	igt_fixture() {
		igt_assert_eq(igt_kmod_load("pgem_locker", NULL), 0);
	}
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
