// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_pageout
 *
 * The advice that a process gives the kernel about its mapping, and what the kernel tells
 * about it: MADV_PAGEOUT, MADV_COLD, MADV_WILLNEED, mincore(), major faults. The kernel goes
 * by the mapping's file, so all of it is as it is for a memfd, for any user.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_pages.h"
#include "pgem_window.h"
#include "pgem_zram.h"

IGT_TEST_DESCRIPTION("Check advice about mapped pages.");

#define PAGES 256
#define NOBODY 65534
#define SWAP_MIB 32

/* Pages that this processor has just allocated are known to reclaim: another's need not be. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	igt_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* In a child, which can change what it is. */
static void in_child(int fd, void (*fn)(enum pgem_kind kind, int fd))
{
	static const enum pgem_kind kinds[] = { PGEM_MEMFD, PGEM_OBJECT };

	pgem_zram_on(SWAP_MIB);
	pgem_set("/proc/sys/vm/page-cluster", "0");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		igt_fork(child, 1) {
			stay_here();
			fn(kinds[i], fd);
		}
		igt_waitchildren();
	}
	pgem_zram_off();
}

/* Pages of the mapping that the page cache has, or swap has in its cache */
static size_t cached(const struct pgem_area *area)
{
	unsigned char there[PAGES] = { 0 };
	size_t count = 0;

	igt_assert_eq(mincore(area->map, area->size, there), 0);
	for (size_t i = 0; i < area->pages; i++)
		count += there[i] & 1;
	return count;
}

static void init(struct pgem_area *area, enum pgem_kind kind, int fd)
{
	pgem_area_init(area, kind, fd, PAGES);
	pgem_fill(area->map, 0, PAGES);
}

/* All goes, at once or as soon as nobody else has a hold of it. */
static void page_out(const struct pgem_area *area)
{
	size_t left = area->pages;

	for (int i = 0; left && i < 10; i++) {
		igt_assert_eq(madvise(area->map, area->size, MADV_PAGEOUT), 0);
		left = cached(area);
		if (left)
			usleep(10000);
	}
	igt_info("%s: %zu of %zu pages left\n", area->name, left, area->pages);
	igt_assert_eq(left, 0);
	igt_assert_eq_u64(pgem_map_rss(area->map), 0);
}

static void pageout_kind(enum pgem_kind kind, int fd)
{
	unsigned long out[2], in[2];
	struct pgem_area area;

	init(&area, kind, fd);
	pgem_zram_traffic(&out[0], &in[0]);
	page_out(&area);
	pgem_zram_traffic(&out[1], &in[1]);
	igt_assert_lte_u64(PAGES, out[1] - out[0]);
	if (kind == PGEM_OBJECT)
		igt_assert_eq_u64(pgem_resident(fd, area.handle), 0);
	pgem_check(area.map, 0, PAGES);
	pgem_zram_traffic(&out[1], &in[1]);
	igt_assert_lte_u64(PAGES, in[1] - in[0]);
	pgem_area_fini(&area);
}

static void pageout(int fd)
{
	in_child(fd, pageout_kind);
}

/* Of a part, in the middle. */
static void pageout_part_kind(enum pgem_kind kind, int fd)
{
	unsigned char there[PAGES];
	struct pgem_area area;

	init(&area, kind, fd);
	for (int i = 0; i < 3; i++)
		igt_assert_eq(madvise(area.map + 64 * PG, 64 * PG, MADV_PAGEOUT), 0);
	igt_assert_eq(mincore(area.map, area.size, there), 0);
	for (size_t i = 0; i < PAGES; i++)
		igt_assert_eq(there[i] & 1, i < 64 || i >= 128);
	pgem_check(area.map, 0, PAGES);
	pgem_area_fini(&area);
}

static void pageout_part(int fd)
{
	in_child(fd, pageout_part_kind);
}

/* It is advice for later: nothing is unmapped. */
static void cold_kind(enum pgem_kind kind, int fd)
{
	struct pgem_area area;

	init(&area, kind, fd);
	igt_assert_eq(madvise(area.map, area.size, MADV_COLD), 0);
	igt_assert_eq(cached(&area), PAGES);
	igt_assert_eq_u64(pgem_map_rss(area.map), area.size);
	pgem_check(area.map, 0, PAGES);
	page_out(&area);
	pgem_check(area.map, 0, PAGES);
	pgem_area_fini(&area);
}

static void cold(int fd)
{
	in_child(fd, cold_kind);
}

static void read_in(const struct pgem_area *area)
{
	size_t found = 0;

	igt_assert_eq(madvise(area->map, area->size, MADV_WILLNEED), 0);
	for (int i = 0; found < area->pages && i < 100; i++) {
		found = cached(area);
		if (found < area->pages)
			usleep(10000);
	}
	igt_info("%s: %zu of %zu pages read in\n", area->name, found, area->pages);
	igt_assert_eq(found, area->pages);
}

static void willneed_kind(enum pgem_kind kind, int fd)
{
	struct pgem_area area;

	init(&area, kind, fd);
	page_out(&area);
	read_in(&area);
	igt_assert_eq_u64(pgem_map_rss(area.map), 0);
	pgem_check(area.map, 0, PAGES);
	pgem_area_fini(&area);
}

static void willneed(int fd)
{
	in_child(fd, willneed_kind);
}

static void become_nobody(void)
{
	igt_assert_eq(setgroups(0, NULL), 0);
	igt_assert_eq(setgid(NOBODY), 0);
	igt_assert_eq(setuid(NOBODY), 0);
	/* Else its own files in /proc are root's. */
	igt_assert_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

/* One who has got the memory from its owner has all the same ways. */
static void other_user_kind(enum pgem_kind kind, int fd)
{
	struct pgem_area area, own;

	pgem_area_init(&area, kind, fd, PAGES);
	own = area;
	own.fd = pgem_area_share(&area);
	become_nobody();
	own.map = pgem_map_fd(own.fd, 0, own.size);
	igt_assert_eq(cached(&own), 0);
	pgem_fill(own.map, 0, PAGES);
	igt_assert_eq(cached(&own), PAGES);
	page_out(&own);
	read_in(&own);
	pgem_check(own.map, 0, PAGES);
	pgem_unmap(own.map, own.size);
	close(own.fd);
	pgem_area_fini(&area);
}

static void other_user(int fd)
{
	in_child(fd, other_user_kind);
}

/* By the device's file, which is another one's. */
static void device_user_kind(enum pgem_kind kind, int fd)
{
	struct pgem_area area;

	become_nobody();
	pgem_area_init(&area, kind, fd, PAGES);
	igt_assert_eq(cached(&area), 0);
	pgem_fill(area.map, 0, PAGES);
	page_out(&area);
	read_in(&area);
	pgem_check(area.map, 0, PAGES);
	pgem_area_fini(&area);
}

static void device_user(int fd)
{
	in_child(fd, device_user_kind);
}

/* What the page cache has, mapped here or not. */
static void mincore_kind(enum pgem_kind kind, int fd)
{
	unsigned char there[PAGES];
	struct pgem_area area;
	uint8_t *map;

	pgem_area_init(&area, kind, fd, PAGES);
	map = kind == PGEM_MEMFD ? pgem_map_fd(area.fd, 0, area.size) :
				   pgem_map(fd, area.handle, area.size);
	igt_assert_eq(cached(&area), 0);
	for (size_t i = 0; i < PAGES; i += 3)
		pgem_mark(area.map + i * PG, i);
	igt_assert_eq(madvise(area.map + 30 * PG, 30 * PG, MADV_DONTNEED), 0);
	for (int i = 0; i < 2; i++) {
		igt_assert_eq(mincore(i ? map : area.map, area.size, there), 0);
		for (size_t page = 0; page < PAGES; page++)
			igt_assert_eq(there[page] & 1, page % 3 == 0);
	}
	igt_assert_eq_u64(pgem_map_rss(map), 0);
	pgem_unmap(map, area.size);
	pgem_area_fini(&area);
}

static void in_core(int fd)
{
	in_child(fd, mincore_kind);
}

struct faults {
	long minor, major;
};

static struct faults count_faults(const struct pgem_area *area)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < area->pages; i++)
		*(volatile uint8_t *)(area->map + i * PG + 8) = 1;
	getrusage(RUSAGE_SELF, &after);
	return (struct faults){ after.ru_minflt - before.ru_minflt,
				after.ru_majflt - before.ru_majflt };
}

/* With neither fault-around nor readahead each page has a fault of its own. */
static void faults_kind(enum pgem_kind kind, int fd)
{
	struct faults first, again, swapped;
	struct pgem_area area;

	pgem_area_init(&area, kind, fd, PAGES);
	first = count_faults(&area);
	igt_assert_eq(madvise(area.map, area.size, MADV_DONTNEED), 0);
	again = count_faults(&area);
	page_out(&area);
	swapped = count_faults(&area);
	igt_info("%s: minor and major at first %ld %ld, again %ld %ld, from swap %ld %ld\n",
		 area.name, first.minor, first.major, again.minor, again.major, swapped.minor,
		 swapped.major);
	igt_assert_lte(PAGES, first.minor);
	igt_assert_eq(first.major, 0);
	igt_assert_eq(again.major, 0);
	igt_assert_eq(swapped.major, PAGES);
	igt_assert_lt(swapped.minor, PAGES / 2);
	pgem_area_fini(&area);
}

static void faults(int fd)
{
	pgem_window(1);
	in_child(fd, faults_kind);
}

static const struct pgem_test tests[] = {
	{ "pageout", pageout, "MADV_PAGEOUT writes mapped pages to swap." },
	{ "pageout-part", pageout_part, "It does so with a part, and no other." },
	{ "cold", cold, "MADV_COLD unmaps nothing, and MADV_PAGEOUT works after it." },
	{ "willneed", willneed, "MADV_WILLNEED reads them from swap, unmapped." },
	{ "other-user", other_user, "Another user who has the dma-buf can do the same." },
	{ "device-user", device_user, "So can one who has a file of the device." },
	{ "mincore", in_core, "mincore() tells what is in the page cache." },
	{ "faults", faults, "A fault from swap is a major one, a first touch is not." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
