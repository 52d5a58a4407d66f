// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: memory that a buffer takes, by how much of it is touched.
 */

#include <errno.h>

#include "bench_meminfo.h"
#include "bench_memory.h"
#include "bench_tool.h"

#define SIZE	(256 * BENCH_MIB)
#define PAGES	(SIZE / BENCH_PAGE)

static void measure(struct bench_client *client, const char *name, uint64_t step)
{
	uint64_t before = bench_meminfo_pages(), after;
	struct bench_buffer buffer;
	char *map;

	bench_create(client, SIZE, &buffer);
	map = bench_map(client, &buffer);
	for (uint64_t page = 0; page < PAGES; page += step)
		__atomic_store_n(map + page * BENCH_PAGE, 1, __ATOMIC_RELAXED);
	after = bench_meminfo_pages();
	if (after < before) {
		errno = EBUSY;
		bench_die("%s: memory-%s: somebody else frees shared memory",
			  client->provider->name, name);
	}
	bench_results_lowest(&client->results, (after - before) / BENCH_KIB, "memory-%s", name);
	bench_unmap(map, &buffer);
	bench_destroy(client, &buffer);
}

void bench_memory(struct bench_client *client)
{
	if (client->is_quick)
		return;
	measure(client, "1", PAGES);
	measure(client, "1pct", 100);
	measure(client, "all", 1);
}
