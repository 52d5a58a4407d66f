// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_purge_lock
 *
 * P28: a task that moves pages has some of them locked while it allocates the next page's new
 * place. If memory is short then, that allocation reclaims, and reclaim purges. A purge that
 * waits for a locked page waits for its own task, for ever.
 *
 * Such a task is one that takes a block of memory out of use. All pages of an object that
 * nobody needs are in the block, and elsewhere there is no room for them. PGEM_TRIES says how
 * often.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_pages.h"

IGT_TEST_DESCRIPTION("Check that purging waits for no page that its own task has locked.");

#define MIB (1024 * 1024)
#define ROOM (24 * MIB)		/* beside the block, for all else that the machine does */
#define TRIES 3
#define LIMIT_SECONDS 30	/* for one block */

static long kswapd;

/* The processor that reclaim in the background has for itself, or not at all. */
static void set_kswapd(bool idle)
{
	struct sched_param param = { 0 };
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int cpu = idle; cpu < 2; cpu++)
		CPU_SET(cpu, &set);
	sched_setaffinity(kswapd, sizeof(set), &set);
	sched_setscheduler(kswapd, idle ? SCHED_IDLE : SCHED_OTHER, &param);
}

static void cleanup(int sig)
{
	(void)sig;
	if (kswapd)
		set_kswapd(false);
	kswapd = 0;
}

static long find_kswapd(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	long found = 0;

	igt_assert(dir);
	while (!found && (entry = readdir(dir))) {
		char path[300], name[32] = "";

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (pgem_read_file(path, name, sizeof(name)) > 0 && !strcmp(name, "kswapd0\n"))
			found = atol(entry->d_name);
	}
	closedir(dir);
	igt_assert(found);
	return found;
}

/* Takes one out of use that has nothing in it which cannot move. */
static unsigned long take_block(void)
{
	long block = 511;

	while (block >= 0 && pgem_offline(block))
		block--;
	igt_require_f(block >= 0, "no block of memory can be emptied\n");
	return block;
}

/* Has all memory but a little, which nothing can take from it. */
static uint8_t *eat(size_t *size)
{
	size_t unused;
	uint8_t *map;

	pgem_write_file("/proc/sys/vm/drop_caches", "3");
	*size = pgem_meminfo("MemFree");
	map = mmap(NULL, *size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	igt_assert(map != MAP_FAILED);
	madvise(map, *size, MADV_HUGEPAGE);
	for (size_t at = 0; (unused = pgem_meminfo("MemFree")) > ROOM && at < *size;) {
		size_t step = (unused - ROOM) / 2 > 4 * MIB ? (unused - ROOM) / 2 : MIB;

		for (size_t end = at + step; at < end && at < *size; at += PG)
			map[at] = 1;
	}
	return map;
}

/* Nobody but this process runs on the first processor, and kswapd hardly ever. */
static void occupy(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(1, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (;;)
		;
}

/* In a child, as it may never end. Returns what it said, or -ETIME. */
static int offline_in_time(unsigned long block)
{
	cpu_set_t set;
	int status;
	pid_t pid;

	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		CPU_ZERO(&set);
		CPU_SET(0, &set);
		sched_setaffinity(0, sizeof(set), &set);
		_exit(-pgem_offline(block));
	}
	for (int i = 0; i < LIMIT_SECONDS * 50; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return -WEXITSTATUS(status);
		usleep(20000);
	}
	/* In vain if it is what this test is about. */
	kill(pid, SIGKILL);
	return -ETIME;
}

/* The block is out of use, before and after. */
static bool try_once(int fd, unsigned long block)
{
	struct pgem_buf buf;
	bool purged;
	int ret;

	pgem_online();
	pgem_buf_init(&buf, fd, (pgem_block_size() - 4 * MIB) / PG);
	for (size_t i = 0; i < buf.pages; i++)
		buf.map[i * PG] = 1;
	igt_assert(pgem_dontneed(fd, buf.handle));
	pgem_unmap(buf.map, buf.size);
	ret = offline_in_time(block);
	igt_assert_f(ret != -ETIME, "offlining hangs\n");
	purged = !pgem_willneed(fd, buf.handle);
	igt_info("offlined: %d, purged: %d\n", ret, purged);
	pgem_close(fd, buf.handle);
	/* It may have found no room, which is no harm. */
	igt_assert_eq(pgem_offline(block), 0);
	return purged;
}

static void offlining(int fd)
{
	struct igt_helper_process helper = { .use_SIGKILL = true };
	const char *text = getenv("PGEM_TRIES");
	int tries = text && *text ? atoi(text) : TRIES, purged = 0;
	unsigned long block;
	size_t size;
	uint8_t *memory;

	igt_require_f(sysconf(_SC_NPROCESSORS_ONLN) >= 2, "for two processors\n");
	igt_set_timeout(tries * LIMIT_SECONDS + 60, "offlining");
	pgem_set("/proc/sys/vm/min_free_kbytes", "4096");
	block = take_block();
	kswapd = find_kswapd();
	set_kswapd(true);
	memory = eat(&size);
	igt_fork_helper(&helper)
		occupy();
	for (int i = 0; i < tries; i++)
		purged += try_once(fd, block);
	igt_stop_helper(&helper);
	pgem_unmap(memory, size);
	cleanup(0);
	pgem_online();
	igt_info("%d of %d objects were purged\n", purged, tries);
	igt_assert_lt(0, purged);
}

static const struct pgem_test tests[] = {
	{ "offline", offlining, "A block of memory is emptied while memory is short." },
};

int igt_main()
{
	igt_fixture()
		igt_install_exit_handler(cleanup);
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
