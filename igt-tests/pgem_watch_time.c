// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_watch: frame after frame
 */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_spawn.h"
#include "pgem_watch.h"

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; (text = strstr(text, part)); text++)
		found++;
	return found;
}

static void frames(int fd)
{
	struct pgem_process info;
	uint64_t start = pgem_now_ms();

	(void)fd;
	pgem_spawn(&info, WATCH_PROGRAM " --watch 0.5 --count 3");
	igt_assert_eq(pgem_spawn_wait(&info, WATCH_SECONDS), 0);
	igt_assert_eq(count(info.out, "pgem renderD"), 3);
	igt_assert_eq(count(info.out, "\n\n"), 2);
	igt_assert_lte_u64(1000, pgem_now_ms() - start);
}

/* What a program that goes on has written so far: bytes */
static size_t written(const struct pgem_process *info)
{
	struct stat st;

	igt_assert_eq(fstat(info->out_fd, &st), 0);
	return st.st_size;
}

/* Waits until it has written that, from some byte on. */
static void wait_for(const struct pgem_process *info, size_t from, const char *text)
{
	uint64_t limit = pgem_now_ms() + WATCH_SECONDS * 1000;
	char out[1 << 16];
	ssize_t len;

	do {
		igt_assert_f(pgem_now_ms() < limit, "\"%s\" does not come\n", text);
		usleep(10000);
		len = pread(info->out_fd, out, sizeof(out) - 1, from);
		igt_assert(len >= 0);
		out[len] = '\0';
	} while (!strstr(out, text));
}

static void ends_by(int sig)
{
	struct pgem_process info;

	pgem_spawn(&info, WATCH_PROGRAM " --watch 100");
	wait_for(&info, 0, "0 objects of 0 processes\n");
	pgem_spawn_signal(&info, sig);
	igt_assert_eq(pgem_spawn_wait(&info, 5), 0);
	igt_assert_eq(info.err[0], '\0');
}

static void interrupted(int fd)
{
	(void)fd;
	ends_by(SIGINT);
	ends_by(SIGTERM);
	ends_by(SIGHUP);
}

static void refresh(int fd)
{
	struct pgem_process info;
	struct pgem_buf buf;

	pgem_spawn(&info, WATCH_PROGRAM " --watch 0.1");
	wait_for(&info, 0, "0 objects of 0 processes\n");
	pgem_buf_init(&buf, fd, 48);
	wait_for(&info, 0, "    192 KiB    0 bytes          -    0 bytes  ............  ");
	pgem_fill(buf.map, 0, 12);
	wait_for(&info, 0, "    192 KiB     48 KiB          -     48 KiB  ###.........  ");
	pgem_label(fd, buf.handle, "newborn");
	wait_for(&info, 0, " newborn\n");
	pgem_dontneed(fd, buf.handle);
	wait_for(&info, 0, "    192 KiB     48 KiB     48 KiB     48 KiB  ###.........  ");
	pgem_shrink(PGEM_SHRINK_ALL);
	wait_for(&info, 0, "    192 KiB    0 bytes     purged    0 bytes  ............  ");
	pgem_buf_fini(&buf);
	wait_for(&info, written(&info), "0 objects of 0 processes\n");
	pgem_spawn_signal(&info, SIGINT);
	igt_assert_eq(pgem_spawn_wait(&info, 5), 0);
}

static void device_gone(int fd)
{
	struct pgem_process info;

	(void)fd;
	pgem_spawn(&info, WATCH_PROGRAM " --watch 0.1");
	wait_for(&info, 0, "0 objects of 0 processes\n");
	pgem_unbind();
	wait_for(&info, 0, "no pgem device\n");
	pgem_bind();
	wait_for(&info, written(&info), "0 objects of 0 processes\n");
	pgem_spawn_signal(&info, SIGINT);
	igt_assert_eq(pgem_spawn_wait(&info, 5), 0);
}

static void unbound(int fd)
{
	struct pgem_process info;

	(void)fd;
	pgem_unbind();
	pgem_spawn(&info, WATCH_PROGRAM " --watch");
	igt_assert_eq(pgem_spawn_wait(&info, WATCH_SECONDS), 1);
	igt_assert(strstr(info.err, "no pgem device found"));
	igt_assert_eq(info.out[0], '\0');
	pgem_bind();
}

static const struct pgem_test tests[] = {
	{ "frames", frames, "So many frames, with that time between them." },
	{ "interrupted", interrupted, "A signal ends it well." },
	{ "refresh", refresh, "What changes is seen." },
	{ "device-gone", device_gone, "A device may go and come back." },
	{ "unbound", unbound, "Without a device there is nothing to watch." },
};

void pgem_watch_time_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
