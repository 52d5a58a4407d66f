// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_migrate
 *
 * P27: the kernel moves a page to another frame by soft offlining, by compaction, and to
 * empty a block of memory. No byte may be lost, whoever touches the page meanwhile. Each
 * test does the same to a memfd. PGEM_SECONDS makes the races longer than a moment.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_pages.h"
#include "pgem_window.h"

IGT_TEST_DESCRIPTION("Check that nothing is lost when pages move.");

#define MOVED_NONE "no page has moved\n"
#define MIB (1024 * 1024)
#define FOLIO (2 * MIB)
#define FOLIO_PAGES (FOLIO / PG)
#define RACE_SECONDS 12
#define LATE_MS 20000
#define OFFLINE_SECONDS 8
#define COMPACT "/proc/sys/vm/compact_memory"

/*
 * A process counts in all pages, which leave its page table each time; a child moves them. It
 * does not have them mapped, or they would count as mapped whatever the parent does.
 */
struct race {
	struct pgem_area area;
	size_t step;			/* between two pages that are counted in */
	int pid;			/* of the parent */
	void (*move)(struct race *race);
	uint64_t end;			/* in ms */
	atomic_bool moving;
	unsigned long rounds, lost, moved, refused;
	uint64_t count;			/* what is in each page now */
};

static void compact_pages(struct race *race);

static volatile uint64_t *counter(const struct race *race, size_t page)
{
	return (volatile uint64_t *)(race->area.map + page * PG);
}

static void count_once(struct race *race)
{
	igt_assert_eq(madvise(race->area.map, race->area.size, MADV_DONTNEED), 0);
	for (size_t i = 0; i < race->area.pages; i += race->step) {
		volatile uint64_t *at = counter(race, i);

		race->lost += *at != race->count;
		*at = race->count + 1;
	}
	race->count++;
	race->rounds++;
}

static void race_once(struct race *race)
{
	for (size_t i = 0; i < race->area.pages; i++)
		*counter(race, i) = race->count;
	race->moving = true;
	igt_fork(child, 1) {
		pgem_unmap(race->area.map, race->area.size);
		race->move(race);
		pgem_unpoison();
		race->moving = false;
	}
	while (race->moving && pgem_now_ms() < race->end + LATE_MS)
		count_once(race);
	igt_waitchildren();
}

/*
 * Compaction moves pages to where there are more. These are alone: what lay between them when
 * they were allocated, 15 of each 16 pages, has gone.
 */
static void init_scattered(struct pgem_area *area, enum pgem_kind kind, int fd, size_t pages)
{
	struct pgem_area between;

	pgem_area_init(area, kind, fd, pages);
	pgem_area_init(&between, PGEM_MEMFD, fd, 15 * pages);
	for (size_t i = 0; i < pages; i++) {
		pgem_mark(area->map + i * PG, i);
		for (size_t j = 0; j < 15; j++)
			between.map[(i * 15 + j) * PG] = 1;
	}
	pgem_area_fini(&between);
}

static void soft_offline_pages(struct race *race);
static void soft_offline_some(struct race *race);

/* Again and again with a new area of @pages, as @move is done when it has moved one's. */
static void race_kind(enum pgem_kind kind, int fd, size_t pages, size_t step,
		      void (*move)(struct race *race), unsigned int seconds)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	igt_assert(race != MAP_FAILED);
	race->step = step;
	race->pid = getpid();
	race->move = move;
	race->end = pgem_now_ms() + seconds * 1000ull;
	while (pgem_now_ms() < race->end) {
		if (move == compact_pages)
			init_scattered(&race->area, kind, fd, pages);
		else
			pgem_area_init(&race->area, kind, fd, pages);
		race_once(race);
		pgem_area_fini(&race->area);
	}
	igt_info("%s: %lu rounds, %lu pages moved, %lu not, %lu lost\n", race->area.name,
		 race->rounds, race->moved, race->refused, race->lost);
	igt_assert_eq_u64(race->lost, 0);
	/* Of a page one can ask that it moves; elsewhere it is the kernel's choice. */
	if (move == soft_offline_pages || move == soft_offline_some)
		igt_assert_lt_u64(0, race->moved);
	else
		igt_require_f(race->moved > 0, MOVED_NONE);
	munmap(race, sizeof(*race));
}

static void race_both(int fd, enum pgem_kind kind, size_t pages, size_t step,
		      void (*move)(struct race *race))
{
	unsigned int seconds = pgem_seconds(RACE_SECONDS);

	igt_set_timeout(3 * seconds + 80, "a race");
	pgem_window(1);
	/* The control is for the test, and soon convinced. */
	race_kind(PGEM_MEMFD, fd, pages, step, move, RACE_SECONDS / 3);
	race_kind(kind, fd, pages, step, move, seconds);
}

static void soft_offline_page(struct race *race, size_t page)
{
	uint64_t pfn;

	pgem_pfns_of(race->pid, (void *)counter(race, page), 1, &pfn);
	if (!pfn)
		return;
	if (pgem_soft_offline(pfn))
		race->refused++;
	else
		race->moved++;
}

static void soft_offline_pages(struct race *race)
{
	for (size_t i = 0; pgem_now_ms() < race->end; i++)
		soft_offline_page(race, i % race->area.pages);
}

static void soft_offline_fault(int fd)
{
	race_both(fd, PGEM_OBJECT, 4, 1, soft_offline_pages);
}

/* The first page moved cuts the folio into small ones: so a few, and a new folio. */
static void soft_offline_some(struct race *race)
{
	for (size_t i = 0; i < 8; i++)
		soft_offline_page(race, i * 67 % race->area.pages);
}

static void soft_offline_fault_huge(int fd)
{
	race_both(fd, PGEM_HUGE, FOLIO_PAGES, 1, soft_offline_some);
}

/* The frames of those that are mapped just now */
static uint64_t *take_frames(const struct race *race)
{
	uint64_t *pfns = calloc(race->area.pages, sizeof(*pfns));

	igt_assert(pfns);
	pgem_pfns_of(race->pid, race->area.map, race->area.pages, pfns);
	return pfns;
}

static void compact_pages(struct race *race)
{
	uint64_t *before = take_frames(race), *after;

	pgem_write_file(COMPACT, "1");
	after = take_frames(race);
	for (size_t i = 0; i < race->area.pages; i++)
		race->moved += before[i] && after[i] && before[i] != after[i];
	free(before);
	free(after);
}

static void compact_fault(int fd)
{
	pgem_require_fast_kernel();
	race_both(fd, PGEM_OBJECT, 512, 1, compact_pages);
}

#define MAX_BLOCKS 512

static void interrupt(int sig)
{
	(void)sig;
}

/* The kernel tries until all pages have moved or a signal comes, which does some time later. */
static int offline_block(unsigned long block)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec often = { { 1, 0 }, { OFFLINE_SECONDS, 0 } };
	struct sigaction action = { .sa_handler = interrupt };
	timer_t timer;
	int ret;

	sigaction(SIGUSR1, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return -errno;
	timer_settime(timer, 0, &often, NULL);
	ret = pgem_offline(block);
	timer_delete(timer);
	return ret;
}

/*
 * Takes the block that has most of the pages and no others that stay where they are.
 * Returns how many pages were in it, or a negative errno; -EINTR if some did not move.
 */
static int offline_most(const uint64_t *pfns, size_t pages)
{
	size_t block_pages = pgem_block_size() / PG;
	unsigned int in_block[MAX_BLOCKS] = { 0 };

	for (size_t i = 0; i < pages; i++)
		if (pfns[i] && pfns[i] / block_pages < MAX_BLOCKS)
			in_block[pfns[i] / block_pages]++;
	for (;;) {
		unsigned int count, block = 0;
		int ret;

		for (unsigned int i = 1; i < MAX_BLOCKS; i++)
			if (in_block[i] > in_block[block])
				block = i;
		count = in_block[block];
		in_block[block] = 0;
		ret = count ? offline_block(block) : -ENOENT;
		/* Some blocks cannot be emptied, or are no whole ones. */
		if (ret != -EBUSY && ret != -EINVAL)
			return ret ? ret : (int)count;
	}
}

static void offline_pages(struct race *race)
{
	uint64_t *pfns = take_frames(race);
	int moved = offline_most(pfns, race->area.pages);

	pgem_online();
	if (moved < 0)
		igt_info("%s: %s\n", race->area.name, strerror(-moved));
	if (moved > 0)
		race->moved += moved;
	else
		race->refused++;
	free(pfns);
}

static void offline_fault(int fd)
{
	pgem_require_fast_kernel();
	/* In several blocks, one of which can be emptied; counting in a few of them is quicker. */
	race_both(fd, PGEM_OBJECT, 64 * MIB / PG, 64, offline_pages);
}

static int compact_all(uint64_t *pfns, size_t pages)
{
	return pfns && pages ? __pgem_write_file(COMPACT, "1") : -EINVAL;
}

/* Of pages that nobody touches: mapped they are, mapped they stay, and elsewhere. */
static size_t move_mapped(enum pgem_kind kind, int fd, size_t pages,
			  int (*move)(uint64_t *pfns, size_t pages))
{
	uint64_t *pfns = calloc(pages, sizeof(*pfns));
	struct pgem_area area;
	size_t moved;
	int ret;

	igt_assert(pfns);
	if (move == compact_all)
		init_scattered(&area, kind, fd, pages);
	else
		pgem_area_init(&area, kind, fd, pages);
	pgem_fill(area.map, 0, pages);
	pgem_pfns(area.map, pages, pfns);
	ret = move(pfns, pages);
	moved = pgem_moved(area.map, pages, pfns);
	pgem_online();
	igt_info("%s: %zu of %zu mapped pages moved, %d\n", area.name, moved, pages, ret);
	pgem_check(area.map, 0, pages);
	pgem_fill(area.map, 7, pages);
	igt_assert_eq(madvise(area.map, area.size, MADV_DONTNEED), 0);
	pgem_check(area.map, 7, pages);
	pgem_area_fini(&area);
	pgem_unpoison();
	free(pfns);
	return ret < 0 ? 0 : moved;
}

static int soft_offline_all(uint64_t *pfns, size_t pages)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < pages; i++)
		for (int try = 0; (try == 0 || ret == -EBUSY) && try < 3; try++)
			ret = pgem_soft_offline(pfns[i]);
	return ret;
}

static void soft_offline_mapped(int fd)
{
	igt_assert_eq(move_mapped(PGEM_MEMFD, fd, 64, soft_offline_all), 64);
	igt_assert_eq(move_mapped(PGEM_OBJECT, fd, 64, soft_offline_all), 64);
}

static int soft_offline_a_few(uint64_t *pfns, size_t pages)
{
	uint64_t few[8];

	for (size_t i = 0; i < ARRAY_SIZE(few); i++)
		few[i] = pfns[i * 61 % pages];
	return soft_offline_all(few, ARRAY_SIZE(few));
}

static void soft_offline_huge(int fd)
{
	pgem_window(PGEM_WINDOW_MAX / PG);
	move_mapped(PGEM_HUGE, fd, 2 * FOLIO_PAGES, soft_offline_a_few);
}

static void compact_mapped(int fd)
{
	pgem_require_fast_kernel();
	/* An object's pages are not in the blocks that movable ones are in: chance again. */
	igt_require_f(move_mapped(PGEM_MEMFD, fd, 1024, compact_all) > 0, MOVED_NONE);
	igt_require_f(move_mapped(PGEM_OBJECT, fd, 1024, compact_all) > 0, MOVED_NONE);
}

static int offline_all(uint64_t *pfns, size_t pages)
{
	return offline_most(pfns, pages);
}

static void offline_mapped(int fd)
{
	pgem_require_fast_kernel();
	igt_require_f(move_mapped(PGEM_MEMFD, fd, 64 * MIB / PG, offline_all) > 0, MOVED_NONE);
	igt_require_f(move_mapped(PGEM_OBJECT, fd, 64 * MIB / PG, offline_all) > 0, MOVED_NONE);
}

static const struct pgem_test tests[] = {
	{ "soft-offline-fault", soft_offline_fault,
	  "Pages are soft-offlined while a thread unmaps, touches and counts in them." },
	{ "soft-offline-fault-huge", soft_offline_fault_huge,
	  "The same with pages of large folios, which the kernel has to split." },
	{ "compact-fault", compact_fault, "The same while the kernel compacts memory." },
	{ "offline-fault", offline_fault, "The same while a block of memory is emptied." },
	{ "soft-offline-mapped", soft_offline_mapped, "Mapped pages move, and stay mapped." },
	{ "soft-offline-huge", soft_offline_huge,
	  "So do some of a large folio that is mapped whole." },
	{ "compact-mapped", compact_mapped, "Compaction moves mapped pages." },
	{ "offline-mapped", offline_mapped, "A block of memory with mapped pages is emptied." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
