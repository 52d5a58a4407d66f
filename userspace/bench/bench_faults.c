// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: what it costs to touch a page that is not mapped: the first time, and
 * when it is there but for the mapping. Per page, and of 64 MiB.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include "bench_faults.h"
#include "bench_pattern.h"
#include "bench_tool.h"

#define SIZE	(64 * BENCH_MIB)
#define QUICK	(4 * BENCH_MIB)
#define SPARSE	16

static void note(struct bench_client *client, const struct bench_pattern *pattern, uint64_t time,
		 const char *measure)
{
	bench_results_lowest(&client->results, bench_pattern_per_page(pattern, time), "%s",
			     measure);
}

static void note_touch(struct bench_client *client, const struct bench_pattern *pattern,
		       enum bench_access access, uint64_t time, const char *what)
{
	char measure[BENCH_NAME_SIZE];

	snprintf(measure, sizeof(measure), "%s-%s-%s", what, bench_access_names[access],
		 bench_order_names[pattern->order]);
	note(client, pattern, time, measure);
}

/* Not where pages are mapped by number, VM_PFNMAP: the kernel refuses it then. */
static void touch_again(struct bench_client *client, const struct bench_pattern *pattern,
			const struct bench_buffer *buffer, char *map)
{
	if (!madvise(map, buffer->size, MADV_DONTNEED))
		note_touch(client, pattern, BENCH_WRITE,
			   bench_pattern_touch(pattern, map, BENCH_WRITE), "dontneed");
	else if (errno != EINVAL)
		bench_die("%s: MADV_DONTNEED", client->provider->name);
}

static void measure(struct bench_client *client, const struct bench_pattern *pattern,
		    enum bench_access access)
{
	bool is_plain = pattern->order == BENCH_SEQUENTIAL && access == BENCH_WRITE;
	uint64_t first, touch, unmap, again, refault;
	struct bench_buffer buffer;
	char *map;

	bench_create(client, pattern->count * BENCH_PAGE, &buffer);
	map = bench_map_timed(client, &buffer, &first);
	touch = bench_pattern_touch(pattern, map, access);
	unmap = bench_unmap_timed(map, &buffer);
	map = bench_map_timed(client, &buffer, &again);
	refault = bench_pattern_touch(pattern, map, access);

	note_touch(client, pattern, access, touch, "first-touch");
	note_touch(client, pattern, access, refault, "refault");
	if (is_plain) {
		note(client, pattern, first + touch, "touch-in-all");
		touch_again(client, pattern, &buffer, map);
	}
	if (is_plain && !client->provider->is_window && !client->is_quick) {
		bench_results_lowest(&client->results, unmap, "munmap-touched-64M");
		bench_results_lowest(&client->results, again, "mmap-again-64M");
	}
	bench_unmap(map, &buffer);
	bench_destroy(client, &buffer);
}

/*
 * Touches a few pages here and there. If only they are there, who looks for neighbours
 * finds next to none; if all are, it maps pages that nobody wants.
 */
static void measure_few(struct bench_client *client, const struct bench_pattern *pattern,
			bool are_all_there, const char *name)
{
	const struct bench_pattern few = {
		.count = pattern->count / SPARSE, .pages = pattern->pages,
	};
	struct bench_buffer buffer;
	char *map;

	bench_create(client, pattern->count * BENCH_PAGE, &buffer);
	map = bench_map(client, &buffer);
	bench_pattern_touch(are_all_there ? pattern : &few, map, BENCH_WRITE);
	bench_unmap(map, &buffer);

	map = bench_map(client, &buffer);
	note(client, &few, bench_pattern_touch(&few, map, BENCH_WRITE), name);
	bench_unmap(map, &buffer);
	bench_destroy(client, &buffer);
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
				measure(client, &pattern, access);
		}
		if (order == BENCH_RANDOM) {
			struct bench_rounds rounds = { .client = client };

			while (bench_again(&rounds)) {
				measure_few(client, &pattern, false, "refault-sparse");
				measure_few(client, &pattern, true, "refault-few");
			}
		}
		bench_pattern_free(&pattern);
	}
}
