// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_purge: in the middle of something
 *
 * P11, P20: purging and swapping while pages are pinned by the kernel, and while
 * threads fault, map, fork, close and unbind. A page that is truncated while it is
 * mapped is a "Bad page cache" in the log, which fails the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_purge.h"
#include "pgem_zram.h"

#define PAGES 32
#define RACE_MS 1500

/* P20: whoever has pinned a page reads what was in it, and the mapping does not. */
static void gup_purge(int fd)
{
	struct pgem_buf buf;
	uint8_t *copy = malloc(PAGES * PG);
	struct iovec io;
	int ends[2];

	igt_assert(copy);
	igt_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	igt_assert_lte(PAGES * PG, fcntl(ends[1], F_SETPIPE_SZ, PAGES * PG));
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	io = (struct iovec){ buf.map, 4 * PG };
	igt_assert_eq(vmsplice(ends[1], &io, 1, 0), 4 * PG);
	pgem_dontneed(fd, buf.handle);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 0);
	igt_assert_eq(read(ends[0], copy, 4 * PG), 4 * PG);
	pgem_check(copy, 0, 4);
	pgem_buf_fini(&buf);
	close(ends[0]);
	close(ends[1]);
	free(copy);
}

/* The pin outlives object and device file, and its page is given to nobody. */
static void gup_outlives(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), ends[2];
	struct pgem_buf buf, next;
	uint8_t copy[4096];
	struct iovec io;

	igt_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pgem_buf_init(&buf, own, 1);
	pgem_fill(buf.map, 77, 1);
	io = (struct iovec){ buf.map, PG };
	igt_assert_eq(vmsplice(ends[1], &io, 1, 0), PG);
	pgem_dontneed(own, buf.handle);
	pgem_shrink(PGEM_SHRINK_ALL);
	pgem_buf_fini(&buf);
	close(own);
	pgem_buf_init(&next, fd, 1024);
	memset(next.map, 0x5a, next.size);
	igt_assert_eq(read(ends[0], copy, PG), PG);
	pgem_check(copy, 77, 1);
	igt_assert_eq(next.map[0], 0x5a);
	pgem_buf_fini(&next);
	close(ends[0]);
	close(ends[1]);
}

/* Paged out under a pin: the same page comes back, and both see what the other writes. */
static void gup_pageout(int fd)
{
	struct pgem_buf buf;
	struct iovec io;
	uint8_t copy[4096];
	int ends[2];

	igt_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pgem_zram_on(16);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	io = (struct iovec){ buf.map + 3 * PG, PG };
	igt_assert_eq(vmsplice(ends[1], &io, 1, 0), PG);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_PAGEOUT), 0);
	igt_assert_eq(pgem_mapped(buf.map + 3 * PG, 1), 0);
	igt_assert_lte_u64(PG, pgem_resident(fd, buf.handle));
	pgem_fill(buf.map, 50, PAGES);
	igt_assert_eq(read(ends[0], copy, PG), PG);
	pgem_check(copy, 53, 1);
	pgem_buf_fini(&buf);
	pgem_zram_off();
	close(ends[0]);
	close(ends[1]);
}

/* What the kernel's own copies meet is a bad address, as elsewhere. */
static void gup_purged(int fd)
{
	struct pgem_buf buf;
	uint8_t byte;
	struct iovec here = { &byte, 1 }, there;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	pgem_dontneed(fd, buf.handle);
	pgem_shrink(PGEM_SHRINK_ALL);
	there = (struct iovec){ buf.map + PG, 1 };
	igt_assert_eq(process_vm_readv(getpid(), &here, 1, &there, 1, 0) < 0 ? errno : 0, EFAULT);
	pgem_buf_fini(&buf);
}

/* Of debugfs; a thread must not ask for it, as that asserts. */
static char shrink_file[64];

/* Runs @count functions against each other, each in its thread. */
static void race(int fd, struct pgem_buf *buf, const char *(**steps)(struct pgem_racer *),
		 unsigned int count)
{
	pgem_shrink_path(shrink_file, sizeof(shrink_file));
	pgem_race_steps(RACE_MS, steps, count, fd, buf);
}

static const char *shrink(struct pgem_racer *racer)
{
	(void)racer;
	return __pgem_write_file(shrink_file, "1000000") ? "shrinking failed" : NULL;
}

/* Each page is written by one thread alone, which has to find what it wrote last. */
static const char *check_share(struct pgem_racer *racer)
{
	struct pgem_buf *buf = racer->buf;

	for (size_t i = racer->number; i < buf->pages; i += 4) {
		uint8_t *page = buf->map + i * PG;

		if (racer->done && !pgem_marked(page, racer->done * 1000 + i))
			return "a page has lost its data";
		pgem_mark(page, (racer->done + 1) * 1000 + i);
	}
	return NULL;
}

static const char *page_out(struct pgem_racer *racer)
{
	return madvise(racer->buf->map, racer->buf->size, MADV_PAGEOUT) ?
		       "MADV_PAGEOUT failed" : NULL;
}

static void race_pageout(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = {
		check_share, check_share, check_share, check_share, page_out, page_out,
	};
	struct pgem_buf buf;

	pgem_zram_on(16);
	pgem_buf_init(&buf, fd, 64);
	race(fd, &buf, steps, ARRAY_SIZE(steps));
	pgem_buf_fini(&buf);
	pgem_zram_off();
}

/* A life: written, unneeded, and either all there or gone, page by page. */
static const char *live(struct pgem_racer *racer)
{
	uint64_t offset;
	uint32_t handle, retained;
	uint8_t *map;
	int gone = 0;

	if (__pgem_create(racer->fd, PAGES * PG, &handle) ||
	    __pgem_offset(racer->fd, handle, &offset) ||
	    __pgem_map(racer->fd, offset, PAGES * PG, PROT_READ | PROT_WRITE, MAP_SHARED, &map))
		return "no object";
	for (size_t i = 0; i < PAGES; i++) {
		if (!pgem_is_zero(map + i * PG, PG))
			return "a new page is not zero";
		pgem_mark(map + i * PG, racer->number * 100 + i);
	}
	if (__pgem_madvise(racer->fd, handle, DRM_PGEM_MADV_DONTNEED, &retained) || !retained)
		return "gone before it was unneeded";
	for (size_t i = 0; i < PAGES; i++)
		gone += !!pgem_read_signal(map + i * PG);
	if (__pgem_madvise(racer->fd, handle, DRM_PGEM_MADV_WILLNEED, &retained))
		return "advice failed";
	if (retained && gone)
		return "pages are gone, and it says retained";
	for (size_t i = 0; i < PAGES; i++) {
		if (!!pgem_read_signal(map + i * PG) == retained)
			return "SIGBUS is not what retained says";
		if (retained && !pgem_marked(map + i * PG, racer->number * 100 + i))
			return "it says retained, and data is lost";
	}
	munmap(map, PAGES * PG);
	return __pgem_close(racer->fd, handle) ? "closing failed" : NULL;
}

static void race_purge(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = { live, live, live, shrink, shrink };

	race(fd, NULL, steps, ARRAY_SIZE(steps));
	igt_assert_eq(pgem_objects(), 0);
}

/* The handle goes first, and the shrinker may have the last reference. */
static const char *drop(struct pgem_racer *racer)
{
	uint64_t offset;
	uint32_t handle, retained;
	uint8_t *map;

	if (__pgem_create(racer->fd, 4 * PG, &handle) ||
	    __pgem_offset(racer->fd, handle, &offset) ||
	    __pgem_map(racer->fd, offset, 4 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, &map))
		return "no object";
	pgem_write_signal(map);
	pgem_write_signal(map + 3 * PG);
	if (racer->done % 2 &&
	    __pgem_madvise(racer->fd, handle, DRM_PGEM_MADV_DONTNEED, &retained))
		return "advice failed";
	if (__pgem_close(racer->fd, handle))
		return "closing failed";
	munmap(map, PG);
	munmap(map + PG, 3 * PG);
	return NULL;
}

static void race_close(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = { drop, drop, drop, shrink, shrink };

	race(fd, NULL, steps, ARRAY_SIZE(steps));
	igt_assert_eq(pgem_objects(), 0);
}

/* P21: fork() copies page-table entries, which have to be found, too. */
static void fork_purge(int fd)
{
	for (int round = 0; round < 12; round++) {
		struct pgem_buf buf;
		int status;
		pid_t pid;

		pgem_buf_init(&buf, fd, 256);
		pgem_fill(buf.map, 0, buf.pages);
		pgem_dontneed(fd, buf.handle);
		pid = fork();
		if (!pid) {
			/* Data or SIGBUS, and in that page nothing else after it. */
			bool gone[256] = { false };

			for (size_t i = 0; i < 3 * buf.pages; i++) {
				size_t page = i % buf.pages;
				bool sig = pgem_read_signal(buf.map + page * PG);

				if (!sig && gone[page])
					_exit(1);
				gone[page] = sig;
			}
			_exit(0);
		}
		pgem_shrink(PGEM_SHRINK_ALL);
		igt_assert_eq(waitpid(pid, &status, 0), pid);
		igt_assert_eq(status, 0);
		igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
		pgem_buf_fini(&buf);
	}
	igt_assert_eq(pgem_objects(), 0);
}

static const char *forks(struct pgem_racer *racer)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		for (size_t i = 0; i < racer->buf->pages; i++)
			if (!pgem_marked(racer->buf->map + i * PG, i))
				_exit(1);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return "fork failed";
	return status ? "a child has lost data" : NULL;
}

static void race_fork(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = { forks, page_out };
	struct pgem_buf buf;

	pgem_zram_on(16);
	pgem_buf_init(&buf, fd, 128);
	pgem_fill(buf.map, 0, buf.pages);
	race(fd, &buf, steps, ARRAY_SIZE(steps));
	pgem_check(buf.map, 0, buf.pages);
	pgem_buf_fini(&buf);
	pgem_zram_off();
}

/* P15: the device goes while the shrinker has its objects. */
static void unbind(int fd)
{
	(void)fd;
	for (int round = 0; round < 4; round++) {
		int own = pgem_open(PGEM_RENDER, O_RDWR);
		struct pgem_buf bufs[8];
		char path[64];

		for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
			pgem_buf_init(&bufs[i], own, PAGES);
			pgem_fill(bufs[i].map, 0, PAGES);
			if (i % 2)
				pgem_dontneed(own, bufs[i].handle);
		}
		pgem_shrink_path(path, sizeof(path));
		igt_fork(child, 1)
			while (!__pgem_write_file(path, "1000000"))
				;
		usleep(20000);
		pgem_unbind();
		igt_waitchildren();
		for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
			igt_assert_eq(pgem_read_signal(bufs[i].map), SIGBUS);
			pgem_unmap(bufs[i].map, bufs[i].size);
		}
		close(own);
		pgem_bind();
		igt_assert_eq(pgem_objects(), 0);
	}
}

static const struct pgem_test tests[] = {
	{ "gup", gup_purge, "A pin has the old data, the mapping SIGBUS." },
	{ "gup-outlives", gup_outlives, "A pin outlives the object." },
	{ "gup-pageout", gup_pageout, "Paging out changes nothing for a pin." },
	{ "gup-purged", gup_purged, "System calls get EFAULT for what was purged." },
	{ "race-pageout", race_pageout, "Threads write while the pages go to swap." },
	{ "race-purge", race_purge, "Objects are purged while they are used." },
	{ "race-close", race_close, "Objects are closed while they are purged." },
	{ "fork", fork_purge, "A child's mapping goes, too." },
	{ "race-fork", race_fork, "Children have all data while the pages go to swap." },
	{ "unbind", unbind, "The device goes while it is shrunk." },
};

void pgem_purge_race_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
