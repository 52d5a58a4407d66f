// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_around: against everything else
 *
 * Threads fault in one mapping while it is purged, shrunk or forgotten, while the device
 * goes, and while other mappings of the process change. A page that stayed mapped, or was
 * mapped in the wrong place, has lost or wrong contents; one that was truncated while it
 * was mapped is a "Bad page cache" in the log. And that faults do without mmap_lock.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_around.h"
#include "pgem_window.h"

#define PAGES 64
#define RACE_MS 1200
#define INSTANCE "/sys/kernel/tracing/instances/pgem-around"

struct racer {
	const char *(*fn)(struct racer *racer);
	struct around *around;
	unsigned int seed;
	unsigned int step;	/* of a pseudo-random walk over the pages */
	unsigned long done;
	bool at_once;		/* all pages are gone as soon as one is */
	uint8_t *beside;	/* room for mappings beside the one that is faulted in */
	char shrink[64];
};

static const char *run(void *arg)
{
	struct racer *racer = arg;
	const char *failure;

	while (pgem_race_on()) {
		failure = racer->fn(racer);
		if (failure)
			return failure;
		pgem_race_won(&racer->done);
	}
	return NULL;
}

/* Each function in its thread; @beside is for those that map something. */
static void race(struct around *around, const char *(**fns)(struct racer *), size_t count,
		 uint8_t *beside)
{
	struct racer racers[8] = {};

	igt_assert(count <= ARRAY_SIZE(racers));
	for (size_t i = 0; i < count; i++) {
		racers[i] = (struct racer){ .fn = fns[i], .around = around, .seed = i,
					    .beside = beside };
		pgem_shrink_path(racers[i].shrink, sizeof(racers[i].shrink));
	}
	pgem_race_time(RACE_MS, count);
	pgem_race(count, run, racers, sizeof(racers[0]));
}

static size_t some_page(struct racer *racer)
{
	racer->step = racer->step * 1103515245 + 12345 + racer->seed;
	return (racer->step >> 16) % PAGES;
}

/*
 * Counts in a word of its own in each page: whoever else writes there, or another page in
 * that place, is noticed in the next round. In an order of its own, too, so that pages are
 * found mapped by others' faults, and others find those mapped that are just faulted in.
 */
static const char *count_up(struct racer *racer)
{
	size_t stride = 2 * racer->seed + 1;

	for (size_t i = 0; i < PAGES; i++) {
		size_t page = i * stride % PAGES;
		volatile uint64_t *word = (uint64_t *)(racer->around->map + page * PG);

		if (!racer->done)
			word[racer->seed] = page * 1000000;
		if (word[racer->seed] != page * 1000000 + racer->done)
			return "a page has lost its data";
		word[racer->seed]++;
	}
	return NULL;
}

static const char *forget(struct racer *racer)
{
	size_t first = some_page(racer), count = 1 + some_page(racer) % (PAGES - first);

	return madvise(racer->around->map + first * PG, count * PG, MADV_DONTNEED) ?
		       "MADV_DONTNEED failed" : NULL;
}

static const char *shrink(struct racer *racer)
{
	return __pgem_write_file(racer->shrink, "1000000") ? "shrinking failed" : NULL;
}

static const char *set_window(struct racer *racer)
{
	static const char * const sizes[] = { "0", "8192", "65536", "2097152" };

	return __pgem_write_file(PGEM_WINDOW, sizes[racer->done % ARRAY_SIZE(sizes)]) ?
		       "the window cannot be set" : NULL;
}

static void race_in_windows(int fd, size_t window, const char *(**fns)(struct racer *),
			    size_t count)
{
	struct around around;

	pgem_window(window);
	around_init(&around, fd, PAGES, 5);
	race(&around, fns, count, NULL);
	igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), PAGES * PG);
	pgem_shrink(PGEM_SHRINK_ALL);
	pgem_expect_range(around.map, PAGES, 0, 0);
	around_fini(&around);
}

static void race_forget(int fd)
{
	const char *(*fns[])(struct racer *) = { count_up, count_up, count_up, forget, forget };

	race_in_windows(fd, 16, fns, ARRAY_SIZE(fns));
}

static void race_shrink(int fd)
{
	const char *(*fns[])(struct racer *) = { count_up, count_up, count_up, shrink, forget };

	race_in_windows(fd, 16, fns, ARRAY_SIZE(fns));
}

static void race_window(int fd)
{
	const char *(*fns[])(struct racer *) = { count_up, count_up, set_window, forget };

	race_in_windows(fd, 1, fns, ARRAY_SIZE(fns));
}

/* Reads by system call what may be gone: 0, or an error instead of a signal. */
static int read_page(const void *page, uint8_t *copy)
{
	struct iovec local = { copy, PG }, remote = { (void *)page, PG };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)PG ? 0 : -1;
}

/*
 * Data or SIGBUS, and after that nothing else: in no page of a purged object. When a device
 * goes, pages that are mapped go a little later than those that are not. Ends some time
 * after the first SIGBUS.
 */
static const char *read_until_gone(struct racer *racer)
{
	const struct around *around = racer->around;
	uint8_t copy[4096];
	uint64_t gone = 0;

	for (unsigned int left = 20; left; left -= !!gone) {
		size_t page = some_page(racer);
		int sig = pgem_read_signal(around->map + page * PG);

		if (!pgem_race_on())
			return "it never went";
		if (sig && sig != SIGBUS)
			return "a signal other than SIGBUS";
		if (!sig && gone & 1ull << page)
			return "what was gone is back";
		if (sig)
			gone |= racer->at_once ? ~0ull : 1ull << page;
		if (!gone && !read_page(around->map + page * PG, copy) && !pgem_marked(copy, page))
			return "data of another page, or none";
		if (page % 8 == 0)
			madvise(around->map, PAGES * PG, MADV_DONTNEED);
	}
	return NULL;
}

static const char *purge(struct racer *racer)
{
	struct pgem_buf *buf = &racer->around->buf;
	uint32_t retained = 1;

	usleep(racer->done % 20 * 300);
	while (retained && pgem_race_on())
		if (__pgem_madvise(buf->fd, buf->handle, DRM_PGEM_MADV_DONTNEED, &retained) ||
		    __pgem_write_file(racer->shrink, "1000000"))
			return "purging failed";
	return NULL;
}

static const char *take_away(struct racer *racer)
{
	usleep(1000 + racer->done % 20 * 700);
	return __pgem_write_file(PGEM_DRIVER_DIR "/unbind", PGEM_NAME) ? "unbinding failed" : NULL;
}

static const char *run_once(void *arg)
{
	struct racer *racer = arg;

	return racer->fn(racer);
}

/* Three threads read until @end has ended it; none of the pages is mapped after that. */
static void read_against(struct around *around, const char *(*end)(struct racer *),
			 unsigned long round)
{
	struct racer racers[4];

	for (size_t i = 0; i < ARRAY_SIZE(racers); i++) {
		racers[i] = (struct racer){ .fn = i ? read_until_gone : end, .around = around,
					    .seed = i, .step = 31 * round, .done = round,
					    .at_once = end == purge };
		pgem_shrink_path(racers[i].shrink, sizeof(racers[i].shrink));
	}
	pgem_race_time(0, 1);
	pgem_race(ARRAY_SIZE(racers), run_once, racers, sizeof(racers[0]));
	pgem_expect_range(around->map, PAGES, 0, 0);
	pgem_expect_range(around->buf.map, PAGES, 0, 0);
	for (size_t i = 0; i < PAGES; i++)
		igt_assert_eq(pgem_read_signal(around->map + i * PG), SIGBUS);
	pgem_expect_range(around->map, PAGES, 0, 0);
}

/* P11 */
static void race_purge(int fd)
{
	uint64_t end = pgem_now_ms() + 2 * RACE_MS;

	pgem_window(16);
	for (unsigned long round = 0; round < 4 || pgem_now_ms() < end; round++) {
		struct around around;

		around_init(&around, fd, PAGES, round % 16);
		read_against(&around, purge, round);
		igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), 0);
		around_fini(&around);
	}
}

/* P15 */
static void race_unbind(int fd)
{
	pgem_window(16);
	for (unsigned long round = 0; round < 6; round++) {
		struct around around;

		fd = pgem_open(PGEM_RENDER, O_RDWR);
		around_init(&around, fd, PAGES, round);
		read_against(&around, take_away, round);
		pgem_unmap(around.map, PAGES * PG);
		pgem_unmap(around.buf.map, around.buf.size);
		close(fd);
		pgem_bind();
		igt_assert_eq(pgem_objects(), 0);
	}
}

/* Maps and splits next to where the others fault, and forks. */
static const char *change_beside(struct racer *racer)
{
	const struct pgem_buf *buf = &racer->around->buf;
	uint8_t *beside = racer->beside;
	uint64_t offset;
	int status;
	pid_t pid;

	if (__pgem_offset(buf->fd, buf->handle, &offset) ||
	    mmap(beside, 8 * PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, buf->fd,
		 offset) == MAP_FAILED)
		return "mapping failed";
	if (pgem_read_signal(beside + 3 * PG) ||
	    mprotect(beside + 2 * PG, 3 * PG, PROT_NONE) ||
	    mprotect(beside + 2 * PG, 3 * PG, PROT_READ) ||
	    pgem_read_signal(beside + 4 * PG) || munmap(beside + PG, 2 * PG) ||
	    mmap(beside, 8 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		return "changing mappings failed";
	if (racer->done % 4)
		return NULL;
	pid = fork();
	if (!pid)
		_exit(pgem_read_signal(racer->around->map + 9 * PG));
	return pid < 0 || waitpid(pid, &status, 0) != pid || status ? "forking failed" : NULL;
}

static void race_mappings(int fd)
{
	const char *(*fns[])(struct racer *) = { count_up, count_up, change_beside, forget };
	struct around around;
	uint8_t *room;

	pgem_window(16);
	around_init(&around, fd, PAGES, 0);
	pgem_unmap(around.map, PAGES * PG);
	/* What others map meanwhile does not get in there. */
	room = mmap(NULL, (PAGES + 8) * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(room != MAP_FAILED);
	around.map = mmap(room, PAGES * PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			  pgem_offset(fd, around.buf.handle));
	igt_assert(around.map == room);
	race(&around, fns, ARRAY_SIZE(fns), room + PAGES * PG);
	pgem_unmap(room + PAGES * PG, 8 * PG);
	around_fini(&around);
}

static void stop_tracing(int sig)
{
	(void)sig;
	__pgem_write_file(INSTANCE "/events/enable", "0");
	rmdir(INSTANCE);
}

/*
 * With a VMA's lock alone, which the kernel tries first. Where the driver does not say that
 * this will do, it starts again with mmap_lock, which a trace of this thread shows.
 */
static void no_mmap_lock(int fd)
{
	static char trace[1 << 20];
	size_t faults = 0, locked = 0, between = 0;
	struct around around;
	char *next = trace;
	char pid[16];

	pgem_window(1);
	around_init(&around, fd, PAGES, 0);
	stop_tracing(0);
	igt_assert_eq(mkdir(INSTANCE, 0700), 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	pgem_write_file(INSTANCE "/set_event_pid", pid);
	pgem_write_file(INSTANCE "/events/mmap_lock/mmap_lock_acquire_returned/enable", "1");
	pgem_write_file(INSTANCE "/events/pgem/pgem_fault/enable", "1");
	for (size_t i = 0; i < PAGES; i++)
		(void)((volatile uint8_t *)around.map)[i * PG];
	/* So that a trace without locks can be trusted. */
	pgem_unmap(around.map, PG);
	pgem_write_file(INSTANCE "/events/enable", "0");
	igt_assert(pgem_read_file(INSTANCE "/trace", trace, sizeof(trace)) > 0);
	stop_tracing(0);

	for (char *line; (line = strsep(&next, "\n"));) {
		if (strstr(line, "mmap_lock_acquire_returned:"))
			locked++;
		if (!strstr(line, "pgem_fault:"))
			continue;
		if (!faults++)
			locked = 0;
		between += locked;
		locked = 0;
	}
	igt_assert_eq(faults, PAGES);
	igt_assert_lt(0, locked);
	igt_assert_eq(between, 0);
	around_fini(&around);
}

static const struct pgem_test tests[] = {
	{ "race-forget", race_forget, "Threads fault in one window while pages are forgotten." },
	{ "race-shrink", race_shrink, "Threads fault while reclaim unmaps what they faulted in." },
	{ "race-window", race_window, "Threads fault while the window changes." },
	{ "race-purge", race_purge, "Threads fault until a purge; no page is mapped then." },
	{ "race-unbind", race_unbind, "Threads fault until unbinding; no page is mapped then." },
	{ "race-mappings", race_mappings, "Threads fault beside mappings that change, and forks." },
	{ "no-mmap-lock", no_mmap_lock, "A fault does without mmap_lock." },
};

void around_race_subtests(void)
{
	igt_fixture()
		igt_install_exit_handler(stop_tracing);
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
