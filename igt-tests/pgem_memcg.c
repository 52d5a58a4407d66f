// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_memcg
 *
 * Memory that is really short: a client in a control group that has less of it than
 * the client maps and fills. Nobody asks for reclaim here, and nobody outside of the
 * group may feel it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_zram.h"

IGT_TEST_DESCRIPTION("Check clients whose group is short of memory.");

#define MIB (1024 * 1024)
#define LIMIT "8M"
#define LIMIT_BYTES (8 * MIB)
#define BUFS 4
#define BUF_PAGES (5 * MIB / 2 / PG)	/* four are 10 MiB */

static void limit(const char *swap)
{
	pgem_write_file(PGEM_GROUP "/memory.max", LIMIT);
	pgem_write_file(PGEM_GROUP "/memory.swap.max", swap);
}

/* Runs @fn in a child in a group without swap; it has to live. */
static void without_swap(int fd, void (*fn)(int fd))
{
	pgem_group_make();
	limit("0");
	pgem_group_run(fd, fn);
	pgem_group_remove();
}

/* All are mapped from first to last, and none is ever given back by the client. */
static void map_more_than_there_is(int fd)
{
	struct pgem_buf bufs[BUFS];
	uint64_t resident = 0;

	limit("max");
	for (size_t i = 0; i < BUFS; i++) {
		pgem_buf_init(&bufs[i], fd, BUF_PAGES);
		pgem_fill(bufs[i].map, i * 10000, BUF_PAGES);
	}
	for (size_t i = 0; i < BUFS; i++)
		resident += pgem_resident(fd, bufs[i].handle);
	igt_assert_lte_u64(resident, LIMIT_BYTES);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < BUFS; i++)
			pgem_check(bufs[i].map, i * 10000, BUF_PAGES);
	for (size_t i = 0; i < BUFS; i++)
		pgem_buf_fini(&bufs[i]);
}

static void swap(int fd)
{
	pgem_group_with_swap(fd, map_more_than_there_is);
}

/* The same with one object, of which a part has to stay while the other goes. */
static void map_one(int fd)
{
	struct pgem_buf buf;

	limit("max");
	pgem_buf_init(&buf, fd, BUFS * BUF_PAGES);
	pgem_fill(buf.map, 0, buf.pages);
	igt_assert_lte_u64(pgem_resident(fd, buf.handle), LIMIT_BYTES);
	pgem_check(buf.map, 0, buf.pages);
	for (size_t i = buf.pages; i--;)
		pgem_check(buf.map + i * PG, i, 1);
	pgem_buf_fini(&buf);
}

static void swap_one(int fd)
{
	pgem_group_with_swap(fd, map_one);
}

static int client(int number)
{
	int fd = __pgem_open(PGEM_RENDER, O_RDWR);
	const size_t pages = 4 * MIB / PG;
	uint64_t offset;
	uint32_t handle;
	uint8_t *map;

	if (fd < 0 || __pgem_create(fd, pages * PG, &handle) ||
	    __pgem_offset(fd, handle, &offset) ||
	    __pgem_map(fd, offset, pages * PG, PROT_READ | PROT_WRITE, MAP_SHARED, &map))
		return 1;
	for (int round = 0; round < 2; round++) {
		pgem_fill(map, number * 7000 + round, pages);
		for (size_t i = 0; i < pages; i++)
			if (!pgem_marked(map + i * PG, number * 7000 + round + i))
				return 2;
	}
	return 0;
}

/* IGT's children have none of their own, so these say by their end what they found. */
static void map_in_many(int fd)
{
	int status;

	(void)fd;
	limit("max");
	for (int i = 0; i < 3; i++)
		if (!fork())
			_exit(client(i));
	for (int i = 0; i < 3; i++) {
		igt_assert_lt(0, wait(&status));
		igt_assert_eq(status, 0);
	}
}

static void swap_many(int fd)
{
	pgem_group_with_swap(fd, map_in_many);
	igt_assert_eq(pgem_objects(), 0);
}

/* Reclaim alone unmaps; nobody has asked the driver. */
static void reclaim_mapped(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 8 * MIB / PG);
	pgem_fill(buf.map, 0, buf.pages);
	pgem_group_reclaim_mapped();
	igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
	pgem_check(buf.map, 0, buf.pages);
	pgem_buf_fini(&buf);
}

static void reclaim(int fd)
{
	pgem_group_with_swap(fd, reclaim_mapped);
}

#define TOUCHERS 3
#define RACE_MS 3000

/* Leaves each page to reclaim as soon as it is written, and takes it back soon after. */
static const char *touch(struct pgem_racer *racer)
{
	struct pgem_buf *buf = racer->buf;

	for (size_t i = racer->number; i < buf->pages; i += TOUCHERS) {
		uint8_t *page = buf->map + i * PG;

		if (racer->done && !pgem_marked(page, racer->done * 1000 + i))
			return "a page has lost its data";
		pgem_mark(page, (racer->done + 1) * 1000 + i);
		if (madvise(page, PG, MADV_DONTNEED))
			return "cannot unmap a page";
	}
	return NULL;
}

static const char *reclaim_some(struct pgem_racer *racer)
{
	int ret = __pgem_write_file(PGEM_GROUP "/memory.reclaim", "256K");

	(void)racer;
	return ret && ret != -EAGAIN ? "reclaim failed" : NULL;
}

static void touch_while_reclaimed(int fd)
{
	const char *(*steps[TOUCHERS + 1])(struct pgem_racer *) = {
		touch, touch, touch, reclaim_some,
	};
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 256);
	pgem_race_steps(RACE_MS, steps, ARRAY_SIZE(steps), fd, &buf);
	pgem_buf_fini(&buf);
}

static void race_reclaim(int fd)
{
	pgem_group_with_swap(fd, touch_while_reclaimed);
}

/* Without swap there was nothing to do; that must not be all that is remembered. */
static void swap_comes_later(int fd)
{
	struct pgem_buf buf;

	pgem_zram_pause();
	pgem_buf_init(&buf, fd, 8 * MIB / PG);
	pgem_fill(buf.map, 0, buf.pages);
	pgem_group_reclaim_mapped();
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	igt_assert_eq(pgem_mapped(buf.map, buf.pages), buf.pages);
	pgem_zram_resume();
	pgem_group_reclaim_mapped();
	igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
	pgem_check(buf.map, 0, buf.pages);
	pgem_buf_fini(&buf);
}

static void swap_later(int fd)
{
	pgem_group_with_swap(fd, swap_comes_later);
}

/* More than twice what the group has, and nobody is killed. */
static void make_caches(int fd)
{
	struct pgem_buf bufs[20];
	size_t retained = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
		pgem_buf_init(&bufs[i], fd, MIB / PG);
		pgem_fill(bufs[i].map, i * 1000, bufs[i].pages);
		igt_assert(pgem_dontneed(fd, bufs[i].handle));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
		if (!pgem_willneed(fd, bufs[i].handle)) {
			igt_assert_eq(pgem_read_signal(bufs[i].map), SIGBUS);
			continue;
		}
		retained++;
		pgem_check(bufs[i].map, i * 1000, bufs[i].pages);
	}
	igt_assert_lt(retained, 9);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

static void purge(int fd)
{
	without_swap(fd, make_caches);
}

/* Memory was short before there was anything to purge. */
static void unneeded_later(int fd)
{
	struct pgem_buf old, new;

	pgem_buf_init(&old, fd, 5 * MIB / PG);
	pgem_fill(old.map, 0, old.pages);
	pgem_group_reclaim_mapped();
	igt_assert_eq_u64(pgem_resident(fd, old.handle), old.size);
	igt_assert(pgem_dontneed(fd, old.handle));
	pgem_buf_init(&new, fd, 5 * MIB / PG);
	pgem_fill(new.map, 0, new.pages);
	igt_assert(!pgem_willneed(fd, old.handle));
	pgem_check(new.map, 0, new.pages);
	pgem_buf_fini(&old);
	pgem_buf_fini(&new);
}

static void purge_later(int fd)
{
	without_swap(fd, unneeded_later);
}

/* Swap is full, of what nobody needs; no other object is there to draw reclaim's look. */
static void swap_of_unneeded(int fd)
{
	const size_t size = 20 * MIB;
	struct pgem_buf old;
	uint8_t *memory;

	pgem_buf_init(&old, fd, 10 * MIB / PG);
	pgem_fill(old.map, 0, old.pages);
	for (int i = 0; i < 20 && pgem_resident(fd, old.handle); i++)
		pgem_group_reclaim();
	igt_assert_eq_u64(pgem_resident(fd, old.handle), 0);
	igt_assert(pgem_dontneed(fd, old.handle));
	limit("max");
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(memory != MAP_FAILED);
	pgem_fill(memory, 0, size / PG);
	pgem_check(memory, 0, size / PG);
	igt_assert(!pgem_willneed(fd, old.handle));
	pgem_unmap(memory, size);
	pgem_buf_fini(&old);
}

static void purge_swapped(int fd)
{
	pgem_group_with_swap(fd, swap_of_unneeded);
}

/* On a CPU of its own, so that none waits for the other to be scheduled. */
static int need_memory(int cpu, size_t size)
{
	uint8_t *memory;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return 1;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 2;
	pgem_fill(memory, 0, size / PG);
	return 0;
}

/*
 * Purging a large object takes longer than the kernel looks for memory in a group: while
 * one process does it, the other has to hear that there is some to come.
 */
static void need_one_object(int fd)
{
	const size_t size = 96 * MIB;
	struct pgem_buf old;
	int status;

	pgem_write_file(PGEM_GROUP "/memory.max", "100M");
	pgem_buf_init(&old, fd, size / PG);
	pgem_fill(old.map, 0, old.pages);
	igt_assert(pgem_dontneed(fd, old.handle));
	for (int i = 0; i < 2; i++)
		if (!fork())
			_exit(need_memory(i, 24 * MIB));
	for (int i = 0; i < 2; i++) {
		igt_assert_lt(0, wait(&status));
		igt_assert_eq(status, 0);
	}
	igt_assert(!pgem_willneed(fd, old.handle));
	pgem_buf_fini(&old);
}

static void purge_at_once(int fd)
{
	without_swap(fd, need_one_object);
}

/* What others have is not touched when the group is short of memory. */
static void reclaim_and_die(int fd)
{
	struct pgem_buf buf;

	pgem_group_reclaim();
	pgem_buf_init(&buf, fd, 64 * MIB / PG);
	memset(buf.map, 1, buf.size);
	_exit(2);
}

static void bystander(int fd)
{
	struct pgem_buf mine, unneeded;
	int status;
	pid_t pid;

	pgem_group_make();
	limit("0");
	pgem_buf_init(&mine, fd, 64);
	pgem_fill(mine.map, 0, mine.pages);
	pgem_buf_init(&unneeded, fd, 64);
	pgem_fill(unneeded.map, 0, unneeded.pages);
	pgem_dontneed(fd, unneeded.handle);
	pid = fork();
	if (!pid) {
		int own = __pgem_open(PGEM_RENDER, O_RDWR);

		if (own < 0 || __pgem_group_join())
			_exit(1);
		reclaim_and_die(own);
	}
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_f(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %#x\n", status);
	igt_assert_eq(pgem_mapped(mine.map, mine.pages), mine.pages);
	igt_assert_eq(pgem_mapped(unneeded.map, unneeded.pages), unneeded.pages);
	igt_assert(pgem_willneed(fd, unneeded.handle));
	pgem_check(mine.map, 0, mine.pages);
	pgem_buf_fini(&mine);
	pgem_buf_fini(&unneeded);
	pgem_group_remove();
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "swap", swap, "Four mapped objects of more than there is: all goes through swap." },
	{ "swap-one", swap_one, "The same with one object." },
	{ "swap-many", swap_many, "The same with three clients at once." },
	{ "reclaim", reclaim, "Reclaim has mapped pages." },
	{ "race-reclaim", race_reclaim, "Pages are touched while the kernel swaps them." },
	{ "swap-later", swap_later, "Swap that is turned on later is used." },
	{ "purge", purge, "Objects that nobody needs are purged, and nobody is killed." },
	{ "purge-later", purge_later, "So are those that were needed when it began." },
	{ "purge-swapped", purge_swapped, "And those that are in swap, all of them." },
	{ "purge-at-once", purge_at_once,
	  "Two processes need what one object has, and none is killed." },
	{ "bystander", bystander, "Neither reclaim nor the kill reaches other groups." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
