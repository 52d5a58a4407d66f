// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: orders in which pages are touched. The same in each run.
 */

#include <stdlib.h>

#include "bench_pattern.h"
#include "bench_tool.h"

/* Prime to the number of pages, which is a power of two */
#define STRIDE	17

const char *const bench_order_names[BENCH_ORDERS] = { "sequential", "random", "strided" };
const char *const bench_access_names[BENCH_ACCESSES] = { "write", "read" };

/* Knuth's MMIX; the upper bits are the better ones. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void shuffle(struct bench_pattern *pattern)
{
	uint64_t state = 1;

	for (size_t i = pattern->count - 1; i > 0; i--) {
		size_t j = next_random(&state) % (i + 1);
		uint32_t page = pattern->pages[i];

		pattern->pages[i] = pattern->pages[j];
		pattern->pages[j] = page;
	}
}

void bench_pattern_make(struct bench_pattern *pattern, enum bench_order order, size_t count)
{
	pattern->order = order;
	pattern->count = count;
	pattern->pages = calloc(count, sizeof(*pattern->pages));
	if (!pattern->pages)
		bench_die("calloc");
	for (size_t i = 0; i < count; i++)
		pattern->pages[i] = order == BENCH_STRIDED ? i * STRIDE % count : i;
	if (order == BENCH_RANDOM)
		shuffle(pattern);
}

void bench_pattern_free(struct bench_pattern *pattern)
{
	free(pattern->pages);
}

uint64_t bench_pattern_touch(const struct bench_pattern *pattern, char *map,
			     enum bench_access access)
{
	const uint32_t *end = pattern->pages + pattern->count;
	uint64_t start = bench_now();

	if (access == BENCH_WRITE)
		for (const uint32_t *page = pattern->pages; page < end; page++)
			__atomic_store_n(map + *page * BENCH_PAGE, 1, __ATOMIC_RELAXED);
	else
		for (const uint32_t *page = pattern->pages; page < end; page++)
			__atomic_load_n(map + *page * BENCH_PAGE, __ATOMIC_RELAXED);

	return bench_now() - start;
}

uint64_t bench_pattern_per_page(const struct bench_pattern *pattern, uint64_t time)
{
	return (time + pattern->count / 2) / pattern->count;
}
