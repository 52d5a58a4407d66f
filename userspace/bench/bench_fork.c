// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: fork() with a mapping whose pages are all there. The kernel copies the
 * page tables of some mappings, and lets the child fault for others: hence both, the
 * fork alone and what it costs the child to touch a page.
 */

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_fork.h"
#include "bench_pattern.h"
#include "bench_tool.h"

#define SIZE	(64 * BENCH_MIB)

static pid_t start_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork");
	return pid;
}

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		bench_die("a child failed");
}

static uint64_t fork_alone(void)
{
	uint64_t start = bench_now();
	pid_t pid = start_child();

	if (!pid)
		_exit(0);
	wait_for(pid);
	return bench_now() - start;
}

/* The child's time comes back by *told, in memory that both have. */
static uint64_t fork_and_touch(const struct bench_pattern *pattern, char *map,
			       volatile uint64_t *told)
{
	pid_t pid = start_child();

	if (!pid) {
		*told = bench_pattern_touch(pattern, map, BENCH_WRITE);
		_exit(0);
	}
	wait_for(pid);
	return *told;
}

void bench_fork(struct bench_client *client)
{
	struct bench_rounds rounds = { .client = client };
	struct bench_pattern pattern;
	struct bench_buffer buffer;
	uint64_t *told;
	char *map;

	told = mmap(NULL, BENCH_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		bench_die("mmap");
	bench_pattern_make(&pattern, BENCH_SEQUENTIAL, SIZE / BENCH_PAGE);
	bench_create(client, SIZE, &buffer);
	map = bench_map(client, &buffer);
	bench_pattern_touch(&pattern, map, BENCH_WRITE);

	while (bench_again(&rounds)) {
		bench_results_lowest(&client->results, fork_alone(), "fork-64M");
		bench_results_lowest(&client->results,
				     bench_pattern_per_page(&pattern,
							    fork_and_touch(&pattern, map, told)),
				     "fork-touch");
	}
	bench_unmap(map, &buffer);
	bench_destroy(client, &buffer);
	bench_pattern_free(&pattern);
	munmap(told, BENCH_PAGE);
}
