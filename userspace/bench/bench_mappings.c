// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: mappings of buffers that nobody has touched: does it matter how large they
 * are?
 */

#include "bench_mappings.h"
#include "bench_tool.h"

#define QUICK	(64 * BENCH_MIB)

static const struct {
	const char *name;
	uint64_t size;
} sizes[] = {
	{ "64K", 64 * BENCH_KIB },
	{ "1M", BENCH_MIB },
	{ "16M", 16 * BENCH_MIB },
	{ "64M", 64 * BENCH_MIB },
	{ "256M", 256 * BENCH_MIB },
	{ "1G", 1024 * BENCH_MIB },
};

static void map_size(struct bench_client *client, const char *name, uint64_t size)
{
	struct bench_buffer buffer;
	uint64_t time;
	char *map;

	bench_create(client, size, &buffer);
	map = bench_map_timed(client, &buffer, &time);
	bench_results_lowest(&client->results, time, "mmap-%s", name);
	time = bench_unmap_timed(map, &buffer);
	bench_results_lowest(&client->results, time, "munmap-%s", name);
	bench_destroy(client, &buffer);
}

/* From nothing to a byte on the screen */
static void first_pixel(struct bench_client *client)
{
	uint64_t start = bench_now(), time;
	struct bench_buffer buffer;
	char *map;

	bench_create(client, 256 * BENCH_MIB, &buffer);
	map = bench_map(client, &buffer);
	__atomic_store_n(map, 1, __ATOMIC_RELAXED);
	time = bench_now() - start;
	bench_results_lowest(&client->results, time, "first-pixel-256M");
	bench_unmap(map, &buffer);
	bench_destroy(client, &buffer);
}

void bench_mappings(struct bench_client *client)
{
	struct bench_rounds rounds = { .client = client };

	for (size_t i = 0; i < BENCH_ARRAY_SIZE(sizes); i++) {
		struct bench_rounds these = { .client = client };

		if (client->is_quick && sizes[i].size > QUICK)
			return;
		while (bench_again(&these))
			map_size(client, sizes[i].name, sizes[i].size);
	}
	while (bench_again(&rounds))
		first_pixel(client);
}
