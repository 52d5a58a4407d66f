// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: reclaim in a control group whose client has mapped and touched buffers, and
 * leaves them alone. Few buffers or many have the same memory together: does the price of
 * 4 MiB depend on how many there are? Swap is a RAM disk (modprobe brd rd_nr=2; mkswap),
 * because a write to it is over at once. Filled before, it costs the same each time.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/swap.h>

#include "bench_group.h"
#include "bench_reclaim.h"
#include "bench_tool.h"

#define SWAP		"/dev/ram1"
#define MANY		20000

/* The first turn finds out that pages are idle, the second may still; the next ones are alike. */
#define TURNS		4

static const struct kind {
	int count;
	uint64_t size;
} kinds[] = {
	{ 640, 32 * BENCH_PAGE },
	{ MANY, BENCH_PAGE },
};

/* A buffer, and where it is mapped */
struct idle {
	struct bench_buffer buffer;
	char *map;
};

static void make_idle(struct bench_client *client, const struct kind *kind, struct idle *idle)
{
	for (int i = 0; i < kind->count; i++) {
		bench_create(client, kind->size, &idle[i].buffer);
		idle[i].map = bench_map(client, &idle[i].buffer);
		for (uint64_t at = 0; at < kind->size; at += BENCH_PAGE)
			__atomic_store_n(idle[i].map + at, 1, __ATOMIC_RELAXED);
	}
}

static void destroy_idle(struct bench_client *client, const struct kind *kind, struct idle *idle)
{
	for (int i = 0; i < kind->count; i++) {
		bench_unmap(idle[i].map, &idle[i].buffer);
		bench_destroy(client, &idle[i].buffer);
	}
}

static uint64_t reclaim_once(const struct bench_group *group)
{
	uint64_t start = bench_now();

	bench_group_write(group, "memory.reclaim", "4M");
	return bench_now() - start;
}

static void measure(struct bench_client *client, const struct bench_group *group,
		    const struct kind *kind, struct idle *idle)
{
	uint64_t time = 0;

	bench_group_join(group);
	make_idle(client, kind, idle);
	bench_results_lowest(&client->results, reclaim_once(group), "reclaim-first-%d",
			     kind->count);
	reclaim_once(group);
	for (int i = 0; i < TURNS; i++)
		time += reclaim_once(group);
	bench_results_lowest(&client->results, time / TURNS, "reclaim-%d", kind->count);
	destroy_idle(client, kind, idle);
	bench_group_leave();
}

static void measure_kinds(struct bench_client *client)
{
	size_t size = MANY * sizeof(struct idle);
	struct bench_group group;
	struct idle *idle;

	/* All there before the process is in the group, or it would be reclaimed, too. */
	idle = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (idle == MAP_FAILED)
		bench_die("mmap");
	bench_group_make(&group, "pgem-bench");
	for (size_t i = 0; i < BENCH_ARRAY_SIZE(kinds); i++) {
		struct bench_rounds rounds = { .client = client };

		while (bench_again(&rounds))
			measure(client, &group, &kinds[i], idle);
	}
	bench_group_remove(&group);
	munmap(idle, size);
}

void bench_reclaim(struct bench_client *client)
{
	const struct rlimit files = { MANY + 100, MANY + 100 };

	if (client->is_quick || !client->provider->has_idle)
		return;
	if (setrlimit(RLIMIT_NOFILE, &files))
		bench_die("%d files", MANY);
	if (swapon(SWAP, 0)) {
		bench_say("%s: reclaim-* left out: %s: %s (modprobe brd rd_nr=2; mkswap)",
			  client->provider->name, SWAP, strerror(errno));
		return;
	}
	measure_kinds(client);
	if (swapoff(SWAP))
		bench_die("%s", SWAP);
}
