// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_swap
 *
 * Clients that have filled three times the memory there is, and lose nothing. There is as
 * much as a control group may have; or, with PGEM_PRESSURE set, as the machine has, which
 * should be little then, as this takes its time. What does not fit is in zram.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_peer.h"
#include "pgem_swap.h"
#include "pgem_zram.h"

IGT_TEST_DESCRIPTION("Check that clients can have more than the memory there is.");

#define MIB		(1024 * 1024)
#define GROUP_MIB	24
#define TIMES		3
#define PRESSURE_LIMIT	1500	/* seconds */

static bool is_pressure(void)
{
	return getenv("PGEM_PRESSURE");
}

/* Bytes of memory that the clients can have */
static size_t memory(void)
{
	return is_pressure() ? pgem_meminfo("MemTotal") : GROUP_MIB * MIB;
}

static struct swap_shared *begin(void)
{
	struct swap_shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char text[32];

	igt_assert(shared != MAP_FAILED);
	pgem_zram_on((TIMES + 1) * memory() / MIB);
	pgem_group_make();
	if (is_pressure()) {
		igt_set_timeout(PRESSURE_LIMIT, "a subtest");
		return shared;
	}
	snprintf(text, sizeof(text), "%zu", memory());
	pgem_write_file(PGEM_GROUP "/memory.max", text);
	return shared;
}

static void end(struct swap_shared *shared)
{
	pgem_group_remove();
	pgem_zram_off();
	munmap(shared, sizeof(*shared));
	igt_assert_eq(pgem_objects(), 0);
}

static struct swap_client make_client(unsigned int number, int fd, struct swap_shared *shared)
{
	return (struct swap_client){
		.number = number, .fd = fd, .shared = shared,
		.pages = TIMES * memory() / SWAP_CLIENTS / SWAP_BUFS / PG,
	};
}

/* All that cannot be in memory has to be in swap; and has to be brought back, twice. */
static void run_clients(bool mixed)
{
	struct swap_shared *shared = begin();
	const size_t pages = memory() / PG;
	unsigned long out[2], in[2];
	uint64_t start = pgem_now_ms();

	pgem_zram_traffic(&out[0], &in[0]);
	igt_fork(child, SWAP_CLIENTS) {
		struct swap_client client;

		igt_assert_eq(__pgem_group_join(), 0);
		client = make_client(child, pgem_open(PGEM_RENDER, O_RDWR), shared);
		client.mixed = mixed;
		swap_run(&client);
	}
	igt_waitchildren();
	pgem_zram_traffic(&out[1], &in[1]);
	igt_info("%zu MiB of memory, %llu MiB filled; %lu pages out, %lu in; %llu ms\n",
		 memory() / MIB, (unsigned long long)shared->bytes / MIB, out[1] - out[0],
		 in[1] - in[0], (unsigned long long)(pgem_now_ms() - start));
	igt_assert_lte_u64((TIMES - 1) * pages, out[1] - out[0]);
	igt_assert_lte_u64((TIMES - 1) * pages * 2, in[1] - in[0]);
	end(shared);
}

static void clients(int fd)
{
	(void)fd;
	pgem_require_fast_kernel();
	run_clients(false);
}

static void mixed(int fd)
{
	(void)fd;
	pgem_require_fast_kernel();
	pgem_ram_disk();
	pgem_peer_load(pgem_peer("vgem"));
	pgem_peer_load(pgem_peer("vivid"));
	run_clients(true);
}

/* To be killed before all others. */
static int fill_vgem(struct swap_shared *shared, int vgem)
{
	if (__pgem_group_join() || __pgem_write_file("/proc/self/oom_score_adj", "1000"))
		return 1;
	for (unsigned int i = 0; i < SWAP_CLIENTS; i++) {
		struct swap_client client = make_client(i, vgem, shared);
		int ret;

		client.vgem = true;
		ret = __swap_fill(&client);
		if (ret)
			return ret == -ENOMEM ? 2 : 3;
	}
	return 0;
}

/* The same load: each mapping takes all its pages at once and keeps them. */
static void vgem(int fd)
{
	struct swap_shared *shared;
	unsigned long out[2], in;
	int vgem, status;
	pid_t pid;

	(void)fd;
	pgem_require_fast_kernel();
	vgem = pgem_peer_open(pgem_peer("vgem"));
	shared = begin();
	pgem_zram_traffic(&out[0], &in);
	pid = fork();
	if (!pid)
		_exit(fill_vgem(shared, vgem));
	close(vgem);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	pgem_zram_traffic(&out[1], &in);
	igt_info("%zu MiB of memory, %llu MiB filled, then %s; %lu pages out\n", memory() / MIB,
		 (unsigned long long)shared->bytes / MIB,
		 WIFSIGNALED(status) ? "killed" : "refused", out[1] - out[0]);
	igt_assert_f((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
		     (WIFEXITED(status) && WEXITSTATUS(status) == 2), "status %#x\n", status);
	igt_assert_lte_u64(shared->bytes, memory());
	end(shared);
}

static const struct pgem_test tests[] = {
	{ "clients", clients, "Four clients fill three times the memory and read it back." },
	{ "mixed", mixed, "The same while the kernel writes and others hold pages." },
	{ "vgem", vgem, "The same is more than vgem can take." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_NONE);
}
