// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_busy
 *
 * P29: a buffer that is in use all the time, while memory is short. The kernel has to see by
 * the page tables that it is in use, and take what is idle. A memfd in the same control group
 * and the same subtest says how well the kernel can do that. All of it with either of the
 * kernel's ways to age pages, where it has both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_pages.h"
#include "pgem_zram.h"

IGT_TEST_DESCRIPTION("Check that buffers in use stay when memory is short.");

#define MIB (1024 * 1024)
#define LRU_GEN "/sys/kernel/mm/lru_gen/enabled"
#define SLICES 9
#define SLICE_MS 1000
#define LIMIT_SECONDS 300	/* the runner has its own */

/* What a slice of time has brought, and the median of several */
struct slice {
	long minor, major;		/* faults */
	unsigned long rounds;		/* through all of the buffer */
};

struct load {
	int fd;
	size_t pages;			/* of the buffer */
	unsigned int slices;		/* of either kind */
	struct slice *result;		/* of the slice that is running; shared */
};

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static long median(long *numbers, unsigned int count)
{
	qsort(numbers, count, sizeof(*numbers), compare);
	return numbers[count / 2];
}

static void touch_all(const struct pgem_area *area)
{
	for (size_t i = 0; i < area->pages; i++)
		(*(volatile uint8_t *)(area->map + i * PG))++;
}

/* In the group: a buffer is touched page after page, over and over. */
static void be_busy(const struct load *load, enum pgem_kind kind)
{
	struct rusage before, after;
	struct pgem_area area;
	uint64_t end;

	igt_assert_eq(__pgem_group_join(), 0);
	pgem_area_init(&area, kind, load->fd, load->pages);
	for (int i = 0; i < 3; i++)
		touch_all(&area);
	*load->result = (struct slice){ 0 };
	getrusage(RUSAGE_SELF, &before);
	for (end = pgem_now_ms() + SLICE_MS; pgem_now_ms() < end; load->result->rounds++)
		touch_all(&area);
	getrusage(RUSAGE_SELF, &after);
	load->result->minor = after.ru_minflt - before.ru_minflt;
	load->result->major = after.ru_majflt - before.ru_majflt;
	pgem_area_fini(&area);
}

/* The kinds take turns, as what else goes on in the machine is not the same all the time. */
static void take_turns(const struct load *load, struct slice slices[2][SLICES])
{
	static const enum pgem_kind kinds[] = { PGEM_MEMFD, PGEM_OBJECT };

	for (unsigned int i = 0; i < 2 * load->slices; i++) {
		igt_fork(child, 1)
			be_busy(load, kinds[i % 2]);
		igt_waitchildren();
		slices[i % 2][i / 2] = *load->result;
		igt_info("%s: %lu rounds, faults %ld minor, %ld major\n",
			 i % 2 ? "pgem" : "memfd", load->result->rounds, load->result->minor,
			 load->result->major);
	}
}

static void load_init(struct load *load, int fd, size_t pages, unsigned int slices)
{
	igt_set_timeout(LIMIT_SECONDS, "slices");
	*load = (struct load){ fd, pages, slices, NULL };
	load->result = mmap(NULL, sizeof(*load->result), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	igt_assert(load->result != MAP_FAILED);
}

static void expect_no_kill(void)
{
	char text[512], *at;
	long kills = -1;

	igt_assert(pgem_read_file(PGEM_GROUP "/memory.events", text, sizeof(text)) > 0);
	for (at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		sscanf(at, "oom_kill %ld", &kills);
	igt_assert_eq(kills, 0);
}

/* Of each kind. A slice is short, but what comes before it is not where memory is short. */
static unsigned int slices_wanted(void)
{
	const char *text = getenv("PGEM_SLICES");
	int wanted = text ? atoi(text) : 3;

	return wanted > 0 && wanted < SLICES ? wanted : SLICES;
}

/* The kernel's two ways: generations, or an active and an inactive list. */
static void set_aging(bool generations)
{
	pgem_require_fast_kernel();
	if (access(LRU_GEN, F_OK)) {
		igt_require_f(!generations, "this kernel has no generations\n");
		return;
	}
	pgem_set(LRU_GEN, generations ? "y" : "n");
}

/* Through the page cache, each page of which is used once. */
static void stream(int file)
{
	static char text[MIB];

	if (__pgem_group_join())
		exit(1);
	for (;;)
		if (read(file, text, sizeof(text)) <= 0)
			lseek(file, 0, SEEK_SET);
}

static void beside_stream(int fd, bool generations)
{
	struct igt_helper_process helper = { .use_SIGKILL = true };
	struct slice slices[2][SLICES];
	struct load load;
	long faults[2];
	int file;

	set_aging(generations);
	load_init(&load, fd, 64 * MIB / PG, slices_wanted());
	pgem_group_make();
	pgem_write_file(PGEM_GROUP "/memory.max", "128M");
	pgem_zram_on(192);
	file = pgem_zram_empty_on(512);
	igt_fork_helper(&helper)
		stream(file);
	take_turns(&load, slices);
	igt_stop_helper(&helper);
	pgem_zram_empty_off(file);
	for (int kind = 0; kind < 2; kind++) {
		long numbers[SLICES];

		for (unsigned int i = 0; i < load.slices; i++)
			numbers[i] = slices[kind][i].minor;
		faults[kind] = median(numbers, load.slices);
	}
	expect_no_kill();
	pgem_zram_off();
	pgem_group_remove();
	igt_info("median of minor faults: memfd %ld, pgem %ld\n", faults[0], faults[1]);
	igt_assert_lte_u64(faults[1], 2 * faults[0] + 64);
}

static void stream_generations(int fd)
{
	beside_stream(fd, true);
}

static void stream_lists(int fd)
{
	beside_stream(fd, false);
}

/*
 * More than there is room for beside the buffer; each page is as hot as the next. The kernel
 * counts the pages of a group's lists anew every two seconds only. In between, reclaim can find
 * the inactive list empty, and by its count long enough: it then leaves the active one alone
 * and the kernel kills (shrink_lruvec() on 6.12, beside a memfd as well). Who reads memory.stat
 * has the pages counted.
 */
static void cycle(size_t size)
{
	uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char stat[64];

	if (map == MAP_FAILED || __pgem_group_join())
		exit(1);
	for (;;)
		for (size_t i = 0; i < size; i += PG) {
			map[i]++;
			if (i % MIB == 0)
				pgem_read_file(PGEM_GROUP "/memory.stat", stat, sizeof(stat));
		}
}

/* In thousandths, so that less than one in a round is something. */
static void rate(const struct load *load, const struct slice *slices, long *swapped, long *faults)
{
	long majors[SLICES], all[SLICES];

	for (unsigned int i = 0; i < load->slices; i++) {
		const struct slice *slice = &slices[i];
		unsigned long rounds = slice->rounds ? slice->rounds : 1;

		majors[i] = slice->major * 1000 / rounds;
		all[i] = (slice->major + slice->minor) * 1000 / rounds;
	}
	*swapped = median(majors, load->slices);
	*faults = median(all, load->slices);
}

static void beside_process(int fd, bool generations)
{
	struct igt_helper_process helper = { .use_SIGKILL = true };
	struct slice slices[2][SLICES];
	long swapped[2], faults[2];
	struct load load;

	set_aging(generations);
	load_init(&load, fd, 16 * MIB / PG, slices_wanted());
	pgem_group_make();
	pgem_write_file(PGEM_GROUP "/memory.max", "96M");
	pgem_zram_on(192);
	igt_fork_helper(&helper)
		cycle(90 * MIB);
	take_turns(&load, slices);
	igt_stop_helper(&helper);
	expect_no_kill();
	pgem_zram_off();
	pgem_group_remove();
	for (int kind = 0; kind < 2; kind++)
		rate(&load, slices[kind], &swapped[kind], &faults[kind]);
	igt_info("median of 1000 rounds: from swap memfd %ld, pgem %ld; faults memfd %ld, pgem %ld\n",
		 swapped[0], swapped[1], faults[0], faults[1]);
	igt_assert_lte_u64(swapped[1], 2 * swapped[0] + 1000);
	igt_assert_lte_u64(faults[1], 2 * faults[0] + 1000);
}

static void process_generations(int fd)
{
	beside_process(fd, true);
}

static void process_lists(int fd)
{
	beside_process(fd, false);
}

/* Four clients that want three times what there is, all of it again and again */
static void all_busy(int fd, bool generations)
{
	uint64_t end;

	set_aging(generations);
	pgem_group_make();
	pgem_write_file(PGEM_GROUP "/memory.max", "32M");
	pgem_zram_on(192);
	end = pgem_now_ms() + 5000;
	igt_fork(child, 4) {
		struct pgem_area area;

		igt_assert_eq(__pgem_group_join(), 0);
		pgem_area_init(&area, child ? PGEM_OBJECT : PGEM_HUGE, fd, 24 * MIB / PG);
		for (int i = 0; i < 2 || pgem_now_ms() < end; i++) {
			pgem_fill(area.map, i, area.pages);
			pgem_check(area.map, i, area.pages);
		}
		pgem_area_fini(&area);
	}
	igt_waitchildren();
	expect_no_kill();
	pgem_zram_off();
	pgem_group_remove();
}

static void all_generations(int fd)
{
	all_busy(fd, true);
}

static void all_lists(int fd)
{
	all_busy(fd, false);
}

static const struct pgem_test tests[] = {
	{ "stream-mglru", stream_generations,
	  "A busy buffer stays mapped beside a stream through the page cache." },
	{ "stream-lists", stream_lists, "The same with the kernel's two lists." },
	{ "process-mglru", process_generations,
	  "It is not read from swap more often than a memfd, beside a greedy process." },
	{ "process-lists", process_lists, "The same with the kernel's two lists." },
	{ "all-mglru", all_generations, "Nobody is killed where there is swap to spare." },
	{ "all-lists", all_lists, "The same with the kernel's two lists." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
