// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_around: against each other, reclaim, and other mappings
 *
 * Threads fault in one mapping while it is paged out or forgotten, and while other mappings
 * of the process change. A page that was mapped in the wrong place has lost or wrong
 * contents. And that faults do without mmap_lock.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_around.h"
#include "pgem_window.h"
#include "pgem_zram.h"

#define PAGES 64
#define RACE_MS 1200
#define INSTANCE "/sys/kernel/tracing/instances/pgem-around"

/* For change_beside(): room for mappings beside the one that is faulted in */
static uint8_t *beside;

/* The buffer is the first thing in it. */
static const struct around *around_of(const struct pgem_racer *racer)
{
	return (const struct around *)racer->buf;
}

/* A different one each time */
static size_t some_page(const struct pgem_racer *racer, unsigned int salt)
{
	return ((racer->done * 8 + racer->number * 2 + salt) * 2654435761u >> 16) % PAGES;
}

/*
 * Counts in a word of its own in each page: whoever else writes there, or another page in
 * that place, is noticed in the next round. In an order of its own, too, so that pages are
 * found mapped by others' faults, and others find those mapped that are just faulted in.
 */
static const char *count_up(struct pgem_racer *racer)
{
	size_t stride = 2 * racer->number + 1;

	for (size_t i = 0; i < PAGES; i++) {
		size_t page = i * stride % PAGES;
		volatile uint64_t *word = (uint64_t *)(around_of(racer)->map + page * PG);

		if (!racer->done)
			word[racer->number] = page * 1000000;
		if (word[racer->number] != page * 1000000 + racer->done)
			return "a page has lost its data";
		word[racer->number]++;
	}
	return NULL;
}

static const char *forget(struct pgem_racer *racer)
{
	size_t first = some_page(racer, 0), count = 1 + some_page(racer, 1) % (PAGES - first);

	return madvise(around_of(racer)->map + first * PG, count * PG, MADV_DONTNEED) ?
		       "MADV_DONTNEED failed" : NULL;
}

/* The kernel unmaps pages, and writes them to swap if no thread comes in between. */
static const char *page_out(struct pgem_racer *racer)
{
	size_t first = some_page(racer, 0), count = 1 + some_page(racer, 1) % (PAGES - first);

	return madvise(around_of(racer)->map + first * PG, count * PG, MADV_PAGEOUT) ?
		       "MADV_PAGEOUT failed" : NULL;
}

static const char *set_window(struct pgem_racer *racer)
{
	static const char * const sizes[] = { "0", "8192", "65536", "2097152" };

	return __pgem_write_file(PGEM_WINDOW, sizes[racer->done % ARRAY_SIZE(sizes)]) ?
		       "the window cannot be set" : NULL;
}

static void race_in_windows(int fd, size_t window, const char *(**steps)(struct pgem_racer *),
			    size_t count)
{
	struct around around;

	pgem_window(window);
	around_init(&around, fd, PAGES, 5);
	pgem_race_steps(RACE_MS, steps, count, fd, &around.buf);
	igt_assert_eq(madvise(around.map, PAGES * PG, MADV_DONTNEED), 0);
	pgem_expect_range(around.map, PAGES, 0, 0);
	around_fini(&around);
}

static void race_forget(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = {
		count_up, count_up, count_up, forget, forget,
	};

	race_in_windows(fd, 16, steps, ARRAY_SIZE(steps));
}

static void race_pageout(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = {
		count_up, count_up, count_up, page_out, forget,
	};

	pgem_zram_on(16);
	race_in_windows(fd, 16, steps, ARRAY_SIZE(steps));
	pgem_zram_off();
}

static void race_window(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = {
		count_up, count_up, set_window, forget,
	};

	race_in_windows(fd, 1, steps, ARRAY_SIZE(steps));
}

/*
 * Where two large folios meet, in the middle of a page table: half of either is mapped in
 * each fault, under its folio's lock, for which the other faults wait.
 */
static void race_huge(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = {
		count_up, count_up, count_up, forget, forget,
	};
	struct around around = { .buf.fd = fd };
	uint8_t *map = around_map_huge(fd, 2, FOLIO_PAGES / 2, &around.buf.handle);

	pgem_window(16);
	around.map = map + (FOLIO_PAGES - PAGES / 2) * PG;
	pgem_race_steps(RACE_MS, steps, ARRAY_SIZE(steps), fd, &around.buf);
	igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), 2 * FOLIO);
	igt_assert_eq(madvise(map, 2 * FOLIO, MADV_DONTNEED), 0);
	pgem_expect_range(map, 2 * FOLIO_PAGES, 0, 0);
	(void)*(volatile uint8_t *)around.map;
	pgem_expect_range(map, 2 * FOLIO_PAGES, FOLIO_PAGES / 2, FOLIO_PAGES);
	pgem_unmap(map, 2 * FOLIO);
	pgem_close(fd, around.buf.handle);
}

/* Maps and splits next to where the others fault, and forks. */
static const char *change_beside(struct pgem_racer *racer)
{
	const struct pgem_buf *buf = racer->buf;
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
		_exit(pgem_read_signal(around_of(racer)->map + 9 * PG));
	return pid < 0 || waitpid(pid, &status, 0) != pid || status ? "forking failed" : NULL;
}

static void race_mappings(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = {
		count_up, count_up, change_beside, forget,
	};
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
	beside = room + PAGES * PG;
	pgem_race_steps(RACE_MS, steps, ARRAY_SIZE(steps), fd, &around.buf);
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
	{ "race-pageout", race_pageout, "Threads fault while the kernel swaps their pages." },
	{ "race-window", race_window, "Threads fault while the window changes." },
	{ "race-huge", race_huge, "Threads fault in large folios that are unmapped meanwhile." },
	{ "race-mappings", race_mappings, "Threads fault beside mappings that change, and forks." },
	{ "no-mmap-lock", no_mmap_lock, "A fault does without mmap_lock." },
};

void around_race_subtests(void)
{
	igt_fixture()
		igt_install_exit_handler(stop_tracing);
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
