// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: threads that fault at the same time, in one mapping of one object or in one
 * each. All together touch the same number of pages, each thread a part without gaps. The
 * time is that of mmap() and of the touches.
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "bench_pattern.h"
#include "bench_threads.h"
#include "bench_tool.h"

/*
 * Little work and many rounds, the best of which counts: so the threads have both
 * processors for themselves at least once, whatever else the machine does.
 */
#define SIZE	(8 * BENCH_MIB)
#define PAGES	(SIZE / BENCH_PAGE)
#define ROUNDS	40
#define MAX	4

static const int counts[] = { 1, 2, MAX };

/* The best time of each */
struct times {
	uint64_t first;
	uint64_t refault;
};

struct crew;

struct worker {
	pthread_t thread;
	struct crew *crew;
	struct bench_buffer buffer;
	struct bench_pattern pattern;
	char *map;
	uint64_t start;
	uint64_t end;
};

/* All of them, and whether each has an object of its own, or all have that of the first */
struct crew {
	struct bench_client *client;
	bool is_several;
	int count;
	int ready;
	struct worker workers[MAX];
};

static void check(int err, const char *what)
{
	errno = err;
	if (err)
		bench_die("%s", what);
}

/* All begin at the same time: none has to be woken first, as by a barrier that sleeps. */
static void *work(void *data)
{
	struct worker *worker = data;
	struct crew *crew = worker->crew;

	__atomic_fetch_add(&crew->ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&crew->ready, __ATOMIC_SEQ_CST) < crew->count)
		sched_yield();
	worker->start = bench_now();
	bench_pattern_touch(&worker->pattern, worker->map, BENCH_WRITE);
	worker->end = bench_now();
	return NULL;
}

static void start(struct worker *worker, int cpu)
{
	pthread_attr_t attr;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	check(pthread_attr_init(&attr), "pthread_attr_init");
	check(pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus), "affinity");
	check(pthread_create(&worker->thread, &attr, work, worker), "pthread_create");
	pthread_attr_destroy(&attr);
}

/* From the first one's beginning to the last one's end */
static uint64_t run(struct crew *crew)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t first = UINT64_MAX, last = 0;

	crew->ready = 0;
	for (int i = 0; i < crew->count; i++) {
		crew->workers[i].crew = crew;
		start(&crew->workers[i], i % cpus);
	}
	for (int i = 0; i < crew->count; i++) {
		struct worker *worker = &crew->workers[i];

		check(pthread_join(worker->thread, NULL), "pthread_join");
		if (worker->start < first)
			first = worker->start;
		if (worker->end > last)
			last = worker->end;
	}
	return last - first;
}

static int objects(const struct crew *crew)
{
	return crew->is_several ? crew->count : 1;
}

/* Timed: there are drivers that do in mmap() what others do in faults. */
static uint64_t map_all(struct crew *crew)
{
	uint64_t start = bench_now();

	for (int i = 0; i < crew->count; i++) {
		struct worker *worker = &crew->workers[i];

		worker->map = i < objects(crew) ? bench_map(crew->client, &worker->buffer) :
						  crew->workers[0].map;
	}
	return bench_now() - start;
}

static void unmap_all(struct crew *crew)
{
	for (int i = 0; i < objects(crew); i++)
		bench_unmap(crew->workers[i].map, &crew->workers[i].buffer);
}

static uint64_t map_and_run(struct crew *crew)
{
	uint64_t time = map_all(crew);

	time += run(crew);
	unmap_all(crew);
	return time;
}

static void take_lower(uint64_t *best, uint64_t time)
{
	if (time < *best)
		*best = time;
}

static void measure(struct crew *crew, const struct bench_pattern *all, struct times *best)
{
	size_t part = all->count / crew->count;

	for (int i = 0; i < crew->count; i++)
		crew->workers[i].pattern = (struct bench_pattern){
			.count = part, .pages = all->pages + (crew->is_several ? 0 : i * part),
		};
	for (int i = 0; i < objects(crew); i++)
		bench_create(crew->client, SIZE / objects(crew), &crew->workers[i].buffer);

	take_lower(&best->first, map_and_run(crew));
	take_lower(&best->refault, map_and_run(crew));

	for (int i = 0; i < objects(crew); i++)
		bench_destroy(crew->client, &crew->workers[i].buffer);
}

static uint64_t rate(uint64_t time)
{
	return PAGES * 1000000000ull / time;
}

static void note(struct bench_client *client, int count, bool is_several, const struct times *best)
{
	const char *where = is_several ? "several" : "one";

	bench_results_lowest(&client->results, rate(best->first), "threads-%d-%s", count, where);
	bench_results_lowest(&client->results, rate(best->refault), "threads-refault-%d-%s", count,
			     where);
}

/* Round by round, so that what disturbs the machine for a while disturbs all of them. */
void bench_threads(struct bench_client *client)
{
	struct times best[BENCH_ARRAY_SIZE(counts)][2];
	struct bench_pattern all;

	bench_pattern_make(&all, BENCH_SEQUENTIAL, PAGES);
	for (int round = 0; round < (client->is_quick ? 1 : ROUNDS); round++) {
		for (size_t i = 0; i < BENCH_ARRAY_SIZE(counts); i++) {
			for (int is_several = 0; is_several < 2; is_several++) {
				struct crew crew = {
					.client = client, .count = counts[i],
					.is_several = is_several,
				};

				if (!round)
					best[i][is_several] = (struct times){ UINT64_MAX,
									      UINT64_MAX };
				measure(&crew, &all, &best[i][is_several]);
			}
		}
	}
	bench_pattern_free(&all);
	for (size_t i = 0; i < BENCH_ARRAY_SIZE(counts); i++)
		for (int is_several = 0; is_several < 2; is_several++)
			note(client, counts[i], is_several, &best[i][is_several]);
}
