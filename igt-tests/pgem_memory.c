// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_memory
 *
 * Memory that is short: control groups that charge and kill, strict accounting, and
 * swap. What a process cannot get must not cost others anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_zram.h"

IGT_TEST_DESCRIPTION("Check objects when memory is short.");

#define MIB (1024 * 1024)

/* The one who touches pays, wherever the object came from. */
static void charge(int fd)
{
	struct pgem_buf buf;

	pgem_group_make();
	pgem_buf_init(&buf, fd, 16 * MIB / PG);
	igt_fork(child, 1) {
		unsigned long before;

		igt_assert_eq(__pgem_group_join(), 0);
		before = pgem_group_charged();
		memset(buf.map, 1, 8 * MIB);
		/* Charged ahead of need, in batches for each processor: some may be unused. */
		igt_assert_lte_u64(before + 8 * MIB, pgem_group_charged() + MIB);
	}
	igt_waitchildren();
	/* The pages are the object's, and stay as long as it does. */
	igt_assert_lte_u64(8 * MIB, pgem_group_charged());
	memset(buf.map + 8 * MIB, 1, 8 * MIB);
	igt_assert_lt_u64(pgem_group_charged(), 10 * MIB);
	pgem_buf_fini(&buf);
	igt_assert_lt_u64(pgem_group_charged(), 2 * MIB);
	pgem_group_remove();
}

/* Does not return: touches memory until it is stopped. */
static void touch_until_killed(size_t size)
{
	int fd = __pgem_open(PGEM_RENDER, O_RDWR);
	uint64_t offset;
	uint32_t handle;
	uint8_t *map;

	if (__pgem_group_join() || fd < 0 || __pgem_create(fd, size, &handle) ||
	    __pgem_offset(fd, handle, &offset) ||
	    __pgem_map(fd, offset, size, PROT_READ | PROT_WRITE, MAP_SHARED, &map))
		_exit(1);
	for (size_t i = 0; i < size; i += PG)
		map[i] = 1;
	_exit(2);
}

static void out_of_memory(int fd)
{
	struct pgem_buf buf;
	char events[256];
	const char *kills;
	int status;
	pid_t pid;

	pgem_group_make();
	pgem_write_file(PGEM_GROUP "/memory.max", "16M");
	pgem_write_file(PGEM_GROUP "/memory.swap.max", "0");
	pgem_buf_init(&buf, fd, 16);
	pgem_fill(buf.map, 0, 8);

	pid = fork();
	if (!pid)
		touch_until_killed(256 * MIB);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_f(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %#x\n", status);

	igt_assert(pgem_read_file(PGEM_GROUP "/memory.events", events, sizeof(events)) > 0);
	kills = strstr(events, "oom_kill ");
	igt_assert(kills && atoi(kills + 9) >= 1);
	igt_assert_eq(pgem_objects(), 1);
	pgem_check(buf.map, 0, 8);
	pgem_fill(buf.map, 0, 16);
	pgem_buf_fini(&buf);
	igt_assert_lt_u64(pgem_group_charged(), 2 * MIB);
	pgem_group_remove();
}

/* As in tmpfs: where the kernel promises no more memory, a first touch gets SIGBUS. */
static void overcommit(int fd)
{
	struct pgem_buf buf;
	int read_sig, write_sig, old_sig;
	char ratio[32];

	pgem_buf_init(&buf, fd, 16);
	pgem_fill(buf.map, 0, 4);
	igt_assert(pgem_read_file("/proc/sys/vm/overcommit_ratio", ratio, sizeof(ratio)) > 0);
	/* Writing overcommit_kbytes clears this one: put it back last. */
	pgem_set("/proc/sys/vm/overcommit_ratio", ratio);
	pgem_set("/proc/sys/vm/overcommit_kbytes", "1");
	pgem_set("/proc/sys/vm/overcommit_memory", "2");
	read_sig = pgem_read_signal(buf.map + 5 * PG);
	write_sig = pgem_write_signal(buf.map + 6 * PG);
	old_sig = pgem_read_signal(buf.map);
	pgem_restore();

	igt_assert_eq(read_sig, SIGBUS);
	igt_assert_eq(write_sig, SIGBUS);
	igt_assert_eq(old_sig, 0);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 4 * PG);
	pgem_check(buf.map, 0, 4);
	igt_assert(pgem_is_zero(buf.map + 4 * PG, 12 * PG));
	pgem_buf_fini(&buf);
}

/* A system call that would have to bring the page in fails, and says so. */
static void overcommit_copy(int fd)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC), ret;
	struct pgem_buf buf;
	char ratio[32];

	pgem_buf_init(&buf, fd, 4);
	igt_assert(pgem_read_file("/proc/sys/vm/overcommit_ratio", ratio, sizeof(ratio)) > 0);
	pgem_set("/proc/sys/vm/overcommit_ratio", ratio);
	pgem_set("/proc/sys/vm/overcommit_kbytes", "1");
	pgem_set("/proc/sys/vm/overcommit_memory", "2");
	ret = read(zero, buf.map, PG) < 0 ? -errno : 0;
	pgem_restore();
	igt_assert_eq(ret, -EFAULT);
	igt_assert_eq(read(zero, buf.map, PG), PG);
	close(zero);
	pgem_buf_fini(&buf);
}

/* P19: what left for swap comes back as it was. */
static void swap_out_and_in(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 8 * MIB / PG);
	for (int round = 0; round < 3; round++) {
		uint64_t resident;

		pgem_fill(buf.map, round, buf.pages);
		igt_assert_eq(madvise(buf.map, buf.size, MADV_DONTNEED), 0);
		pgem_group_reclaim();
		resident = pgem_resident(fd, buf.handle);
		igt_assert_lt_u64(resident, buf.size / 2);
		pgem_check(buf.map, round, buf.pages);
		igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	}
	pgem_buf_fini(&buf);
}

static void swap(int fd)
{
	pgem_group_with_swap(fd, swap_out_and_in);
}

static void reclaim_mapped_pages(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 8 * MIB / PG);
	for (int round = 0; round < 3; round++) {
		pgem_fill(buf.map, round, buf.pages);
		pgem_group_reclaim();
		pgem_check(buf.map, round, buf.pages);
	}
	pgem_buf_fini(&buf);
}

/* Whatever the kernel does to pages that are mapped, nobody may notice. */
static void swap_mapped(int fd)
{
	pgem_group_with_swap(fd, reclaim_mapped_pages);
}

static void close_in_swap(int fd)
{
	struct pgem_buf buf;

	for (int round = 0; round < 3; round++) {
		pgem_buf_init(&buf, fd, 8 * MIB / PG);
		igt_assert(pgem_is_zero(buf.map, PG));
		memset(buf.map, 0x5a, buf.size);
		igt_assert_eq(madvise(buf.map, buf.size, MADV_DONTNEED), 0);
		pgem_group_reclaim();
		igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
		pgem_buf_fini(&buf);
	}
}

/* 24 MiB went through a swap of 16: freed objects leave it. */
static void swap_freed(int fd)
{
	pgem_group_with_swap(fd, close_in_swap);
}

static void swapoff_alive(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 4 * MIB / PG);
	pgem_fill(buf.map, 0, buf.pages);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_DONTNEED), 0);
	pgem_group_reclaim();
	igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
	pgem_zram_pause();
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_check(buf.map, 0, buf.pages);
	pgem_buf_fini(&buf);
	pgem_zram_resume();
}

static void swapoff_while_alive(int fd)
{
	pgem_group_with_swap(fd, swapoff_alive);
}

static void forget(struct pgem_buf *buf, size_t first, size_t count)
{
	igt_assert_eq(madvise(buf->map + first * PG, count * PG, MADV_DONTNEED), 0);
}

/*
 * P18: memory runs short in the middle of faults, and reclaim looks at the object.
 * Never is more mapped than the group may have: mapped pages stay.
 */
static void fault_and_reclaim(int fd)
{
	const size_t step = 256;
	struct pgem_buf buf;

	pgem_write_file(PGEM_GROUP "/memory.max", "6M");
	pgem_buf_init(&buf, fd, 10 * MIB / PG);
	for (size_t first = 0; first < buf.pages; first += step) {
		pgem_fill(buf.map + first * PG, first, step);
		forget(&buf, first, step);
	}
	for (size_t first = 0; first < buf.pages; first += step) {
		pgem_check(buf.map + first * PG, first, step);
		forget(&buf, first, step);
	}
	igt_assert_lt_u64(pgem_resident(fd, buf.handle), 6 * MIB + 1);
	pgem_buf_fini(&buf);
}

static void swap_under_pressure(int fd)
{
	pgem_group_with_swap(fd, fault_and_reclaim);
}

static const struct pgem_test tests[] = {
	{ "charge", charge, "Pages are charged to the group of who touches them first." },
	{ "oom-kill", out_of_memory,
	  "A group without memory loses a process, and nobody else does." },
	{ "overcommit", overcommit, "A touch beyond strict accounting gets SIGBUS, once." },
	{ "overcommit-copy", overcommit_copy, "A system call beyond it gets EFAULT." },
	{ "swap", swap, "Unmapped pages go to swap, do not count there, and come back." },
	{ "swap-mapped", swap_mapped, "Mapped pages keep their data under reclaim." },
	{ "swap-freed", swap_freed, "Freed objects free their swap." },
	{ "swapoff", swapoff_while_alive, "Swap can be turned off under objects." },
	{ "swap-under-pressure", swap_under_pressure, "Faults work while the group is reclaimed." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
