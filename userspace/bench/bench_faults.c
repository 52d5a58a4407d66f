// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: what it costs to touch a page that is not mapped: the first time, and
 * when it is there but for the mapping. Per page, and of 64 MiB.
 */

#include <errno.h>
#include <sys/mman.h>

#include "bench_faults.h"
#include "bench_pattern.h"
#include "bench_tool.h"

#define SIZE	(64 * BENCH_MIB)
#define QUICK	(4 * BENCH_MIB)
#define SPARSE	16

static uint64_t per_page(uint64_t time, const struct bench_pattern *pattern)
{
	return (time + pattern->count / 2) / pattern->count;
}

/* Not where pages are mapped by number, VM_PFNMAP: the kernel refuses it then. */
static void touch_again(struct bench_client *client, const struct bench_buffer *buffer, char *map,
			const struct bench_pattern *pattern)
{
	uint64_t time;

	if (madvise(map, buffer->size, MADV_DONTNEED)) {
		if (errno != EINVAL)
			bench_die("%s: MADV_DONTNEED", client->provider->name);
		return;
	}
	time = bench_pattern_touch(pattern, map, BENCH_WRITE);
	bench_results_lowest(&client->results, per_page(time, pattern),
			     "dontneed-write-sequential");
}

/* What is measured once, with the first of all patterns */
static void note_mapping(struct bench_client *client, uint64_t map, uint64_t unmap, uint64_t again,
			 uint64_t touch, const struct bench_pattern *pattern)
{
	bench_results_lowest(&client->results, per_page(map + touch, pattern), "touch-in-all");
	if (client->provider->is_window || client->is_quick)
		return;
	bench_results_lowest(&client->results, unmap, "munmap-touched-64M");
	bench_results_lowest(&client->results, again, "mmap-again-64M");
}

static void measure(struct bench_client *client, const struct bench_pattern *pattern,
		    enum bench_order order, enum bench_access access)
{
	uint64_t touch, first, again, unmap, time;
	struct bench_buffer buffer;
	char *map;

	bench_create(client, pattern->count * BENCH_PAGE, &buffer);
	map = bench_map_timed(client, &buffer, &first);
	touch = bench_pattern_touch(pattern, map, access);
	unmap = bench_unmap_timed(map, &buffer);

	map = bench_map_timed(client, &buffer, &again);
	time = bench_pattern_touch(pattern, map, access);
	bench_results_lowest(&client->results, per_page(touch, pattern), "first-touch-%s-%s",
			     bench_access_names[access], bench_order_names[order]);
	bench_results_lowest(&client->results, per_page(time, pattern), "refault-%s-%s",
			     bench_access_names[access], bench_order_names[order]);
	if (order == BENCH_SEQUENTIAL && access == BENCH_WRITE) {
		note_mapping(client, first, unmap, again, touch, pattern);
		touch_again(client, &buffer, map, pattern);
	}
	bench_unmap(map, &buffer);
	bench_destroy(client, &buffer);
}

/* A few pages here and there: who looks for neighbours finds next to none. */
static void measure_sparse(struct bench_client *client, struct bench_pattern *pattern)
{
	struct bench_buffer buffer;
	uint64_t time;
	char *map;

	bench_create(client, pattern->count * BENCH_PAGE, &buffer);
	pattern->count /= SPARSE;
	map = bench_map(client, &buffer);
	bench_pattern_touch(pattern, map, BENCH_WRITE);
	bench_unmap(map, &buffer);

	map = bench_map(client, &buffer);
	time = bench_pattern_touch(pattern, map, BENCH_WRITE);
	bench_results_lowest(&client->results, per_page(time, pattern), "refault-sparse");
	bench_unmap(map, &buffer);
	bench_destroy(client, &buffer);
	pattern->count *= SPARSE;
}

void bench_faults(struct bench_client *client)
{
	const size_t pages = (client->is_quick ? QUICK : SIZE) / BENCH_PAGE;

	for (int order = 0; order < BENCH_ORDERS; order++) {
		struct bench_pattern pattern;

		bench_pattern_make(&pattern, order, pages);
		for (int access = 0; access < BENCH_ACCESSES; access++) {
			struct bench_rounds rounds = { .client = client };

			while (bench_again(&rounds))
				measure(client, &pattern, order, access);
		}
		if (order == BENCH_RANDOM) {
			struct bench_rounds rounds = { .client = client };

			while (bench_again(&rounds))
				measure_sparse(client, &pattern);
		}
		bench_pattern_free(&pattern);
	}
}
