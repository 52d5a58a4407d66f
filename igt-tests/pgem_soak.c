// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_soak
 *
 * Processes that do at random all that can be done with objects, short of memory, for as
 * long as PGEM_SOAK says, in seconds; for a moment without it. In rounds: after each one
 * all processes end, and what the kernel has then is what it had after the first. That
 * one is for warming up and not counted. A run is repeated by its PGEM_SEED.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_counts.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_peer.h"
#include "pgem_soak.h"
#include "pgem_zram.h"

IGT_TEST_DESCRIPTION("Check that nothing is left behind after all kinds of use.");

#define WORKERS		4
#define SHORT_SECONDS	8
#define ROUNDS		12
#define MAX_DEEDS	32

/* Less than what all have on the average; what is pinned fits in many times. */
#define GROUP_MEMORY	"12M"
#define SWAP_MIB	128

static unsigned long env_number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

/* On the test's output, and where somebody may be looking. */
__attribute__((format(printf, 1, 2)))
static void tell(const char *format, ...)
{
	const char *path = getenv("PGEM_SOAK_LOG");
	FILE *log = path && getenv("PGEM_SOAK") ? fopen(path, "a") : NULL;
	char line[512];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	igt_info("%s\n", line);
	if (!log)
		return;
	fprintf(log, "%s\n", line);
	fclose(log);
}

static void tell_counts(const char *name, const struct pgem_counts *counts)
{
	char line[PGEM_COUNTS_LINE];

	pgem_counts_line(line, name, counts);
	tell("%s", line);
}

static void raise_to(struct pgem_counts *peak, const struct pgem_counts *now)
{
	for (int i = 0; i < PGEM_COUNTS; i++)
		if (peak->at[i] < now->at[i])
			peak->at[i] = now->at[i];
}

static bool all_alive(void)
{
	siginfo_t info = {};

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid;
}

/* Runs the processes; shows what there was at the most at any one time. */
static void run_round(unsigned int seed, unsigned int seconds, unsigned long *done)
{
	struct pgem_counts peak = {}, now;
	uint64_t end;

	pgem_zram_on(SWAP_MIB);
	end = pgem_now_ms() + seconds * 1000ull;
	igt_fork(child, WORKERS) {
		igt_assert_eq(__pgem_group_join(), 0);
		soak_work(child, seed + child, end, done);
	}
	while (pgem_now_ms() < end && all_alive()) {
		usleep(500000);
		pgem_counts_take(&now);
		raise_to(&peak, &now);
	}
	igt_waitchildren();
	/* Whatever is in there and should not be comes into memory by this. */
	pgem_zram_off();
	tell_counts("  peak", &peak);
}

static void print_deeds(const unsigned long *done)
{
	char line[512];
	size_t len = 0;

	for (unsigned int i = 0; i < soak_deeds_count; i++)
		len += snprintf(line + len, sizeof(line) - len, " %s %lu", soak_deeds[i].name,
				done[i]);
	tell("done:%s", line);
}

static void soak(unsigned int seconds, unsigned int seed, unsigned long *done)
{
	unsigned int round = seconds / ROUNDS > SHORT_SECONDS ? seconds / ROUNDS : SHORT_SECONDS;
	unsigned long out[2], in[2];
	struct pgem_counts before, now;
	bool back = true;
	char name[16];

	run_round(seed, SHORT_SECONDS, done);
	pgem_counts_settle(&before);
	pgem_counts_settle(&before);
	tell_counts("0 s", &before);
	memset(done, 0, MAX_DEEDS * sizeof(*done));
	pgem_zram_traffic(&out[0], &in[0]);
	for (unsigned int at = 0; back && at < seconds; at += round) {
		seed += WORKERS;
		run_round(seed, round, done);
		back = pgem_counts_back(&now, &before);
		snprintf(name, sizeof(name), "%u s", at + round);
		tell_counts(name, &now);
	}
	pgem_zram_traffic(&out[1], &in[1]);
	print_deeds(done);
	tell("swapped: %lu pages out, %lu in", out[1] - out[0], in[1] - in[0]);
	pgem_counts_explain(&now, &before);
	igt_assert(back);
	for (unsigned int i = 0; i < soak_deeds_count; i++)
		igt_assert_f(done[i], "%s was never done\n", soak_deeds[i].name);
	igt_assert_lt_u64(100, out[1] - out[0]);
	igt_assert_lt_u64(100, in[1] - in[0]);
}

static void clients(int fd)
{
	unsigned long *done = mmap(NULL, MAX_DEEDS * sizeof(*done), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int seconds = env_number("PGEM_SOAK", SHORT_SECONDS);
	unsigned int seed = env_number("PGEM_SEED", time(NULL));
	char head[PGEM_COUNTS_LINE];

	(void)fd;
	pgem_require_fast_kernel();
	igt_assert(done != MAP_FAILED);
	igt_assert_lte(soak_deeds_count, MAX_DEEDS);
	igt_set_timeout(seconds * 2 + 180, "the soak");
	pgem_counts_head(head);
	tell("%u s, SEED=%u, memory in KiB", seconds, seed);
	tell("%s", head);
	pgem_peer_load(pgem_peer("vgem"));
	pgem_peer_load(pgem_peer("vivid"));
	pgem_group_make();
	/* Slowed down and reclaimed from; the limit that kills is for pgem_memcg. */
	pgem_write_file(PGEM_GROUP "/memory.high", GROUP_MEMORY);
	soak_stream_file = pgem_zram_empty_on(SOAK_STREAM_MIB);
	soak(seconds, seed, done);
	pgem_zram_empty_off(soak_stream_file);
	pgem_group_remove();
	munmap(done, MAX_DEEDS * sizeof(*done));
}

static const struct pgem_test tests[] = {
	{ "clients", clients, "Four processes do all there is to do; then all is as before." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
