// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * What memory a client has while it maps, draws, caches, and is squeezed: the same steps
 * on pgem and on vgem at the same time. Prints CSV: a row for each moment, with the bytes
 * that the client's control group is charged for shared memory, which the buffers of both
 * drivers are; nothing where the client is no more. See tools/memory-plot.sh.
 *
 * Each driver has a client, in a group of its own, and somebody who squeezes that group.
 * A step begins when all have done the one before, so that the time is the same for both
 * however fast the machine is.
 */

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include "bench_tool.h"
#include "squeeze_client.h"
#include "squeeze_group.h"

/* How long a step takes at the least */
#define STEP_MS		3000
#define TICKS		(180000 / SQUEEZE_TICK_MS)
/* What is shown after the end */
#define TAIL		15

static uint64_t now_ms(void)
{
	return bench_now() / 1000000;
}

static const struct step {
	const char *name;
	void (*client)(struct squeeze_client *client);
	void (*squeeze)(const struct squeeze_group *group);
} steps[] = {
	{ "map 64 MiB and 32 MiB", squeeze_map_all, NULL },
	{ "draw on 16 MiB", squeeze_draw, NULL },
	{ "cache: fill 32 MiB", squeeze_fill_cache, NULL },
	{ "cache: DONTNEED", squeeze_dont_need, NULL },
	{ "32 MiB are wanted", NULL, squeeze_want },
	{ "cache: WILLNEED and fill", squeeze_need_again, NULL },
	{ "32 MiB are wanted", NULL, squeeze_want },
	{ "read all", squeeze_read_all, NULL },
	{ "limit: 24 MiB", NULL, squeeze_limit },
	{ "read all", squeeze_read_all, NULL },
	{ "exit", NULL, NULL },
};

/* Workers: a process each, that is told a step's number and says so when it has done it. */

struct worker {
	pid_t pid;
	int channel;
	bool is_busy;
	int status;
};

static size_t next_step(int channel)
{
	uint8_t step;

	if (read(channel, &step, 1) != 1 || step == BENCH_ARRAY_SIZE(steps) - 1)
		exit(0);
	return step;
}

static void step_done(int channel)
{
	if (write(channel, "", 1) != 1)
		exit(1);
}

static void run_client(const struct squeeze_group *group, int channel)
{
	struct squeeze_client client = { .is_pgem = !strcmp(group->driver, "pgem") };

	bench_group_join(&group->base);
	client.fd = client.is_pgem ? pgem_open(NULL) : drmOpen("vgem", NULL);
	if (client.fd < 0)
		bench_die("no device of %s", group->driver);
	for (;;) {
		const struct step *step = &steps[next_step(channel)];

		if (step->client)
			step->client(&client);
		step_done(channel);
	}
}

static void run_squeezer(const struct squeeze_group *group, int channel)
{
	for (;;) {
		const struct step *step = &steps[next_step(channel)];

		if (step->squeeze)
			step->squeeze(group);
		step_done(channel);
	}
}

static void start_worker(struct worker *worker, const struct squeeze_group *group,
			 void (*fn)(const struct squeeze_group *group, int channel))
{
	int channels[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channels))
		bench_die("socketpair");
	worker->pid = fork();
	if (worker->pid < 0)
		bench_die("fork");
	if (!worker->pid) {
		close(channels[0]);
		fn(group, channels[1]);
	}
	close(channels[1]);
	worker->channel = channels[0];
}

static bool is_there(const struct worker *worker)
{
	return worker->pid;
}

/* Takes note of what it has done, or of its end. */
static void look_at(struct worker *worker)
{
	struct pollfd pfd = { .fd = worker->channel, .events = POLLIN };
	char done;

	if (!is_there(worker) || poll(&pfd, 1, 0) <= 0)
		return;
	if (read(worker->channel, &done, 1) == 1) {
		worker->is_busy = false;
		return;
	}
	waitpid(worker->pid, &worker->status, 0);
	worker->pid = 0;
	worker->is_busy = false;
}

static void tell(struct worker *worker, uint8_t step)
{
	if (is_there(worker))
		worker->is_busy = send(worker->channel, &step, 1, MSG_NOSIGNAL) == 1;
}

/* Of each driver the client, and who squeezes it */
static const char *const drivers[] = { "pgem", "vgem" };
static struct squeeze_group groups[BENCH_ARRAY_SIZE(drivers)];
static struct worker workers[2 * BENCH_ARRAY_SIZE(drivers)];

/* What was seen: bytes or -1; and which step began then */
static int64_t samples[BENCH_ARRAY_SIZE(drivers)][TICKS];
static const char *names[TICKS];

/* Notes what there is; returns whether somebody still has to do something. */
static bool look(int tick, bool *is_busy)
{
	bool any = false;

	*is_busy = false;
	for (size_t i = 0; i < BENCH_ARRAY_SIZE(workers); i++) {
		look_at(&workers[i]);
		*is_busy |= workers[i].is_busy;
		any |= is_there(&workers[i]);
	}
	for (size_t i = 0; i < BENCH_ARRAY_SIZE(drivers); i++)
		samples[i][tick] = is_there(&workers[2 * i]) ?
				   bench_group_charged(&groups[i].base) : -1;
	return any;
}

/* Returns how many ticks it took. */
static int run_all(void)
{
	uint64_t start = now_ms(), step_start = 0;
	size_t step = 0;
	bool is_busy;

	for (int tick = 0; tick < TICKS; tick++) {
		uint64_t now = now_ms(), then = start + tick * SQUEEZE_TICK_MS;

		if (now < then)
			usleep((then - now) * 1000);
		if (!look(tick, &is_busy))
			return tick;
		if (is_busy || step == BENCH_ARRAY_SIZE(steps) ||
		    (step && now_ms() < step_start + STEP_MS))
			continue;

		names[tick] = steps[step].name;
		for (size_t i = 0; i < BENCH_ARRAY_SIZE(workers); i++)
			tell(&workers[i], step);
		step_start = now_ms();
		step++;
	}
	fprintf(stderr, "pgem-squeeze: it does not come to an end\n");
	exit(1);
}

/* Ended by themselves, and well; vgem's client may have been killed by the limit. */
static bool all_well(void)
{
	return !workers[0].status && !workers[1].status && !workers[3].status &&
	       (!workers[2].status || (WIFSIGNALED(workers[2].status) &&
				       WTERMSIG(workers[2].status) == SIGKILL));
}

static void print(int ticks)
{
	printf("seconds,pgem,vgem,step\n");
	for (int tick = 0; tick < ticks + TAIL; tick++) {
		printf("%.1f", tick * SQUEEZE_TICK_MS / 1000.0);
		for (size_t i = 0; i < BENCH_ARRAY_SIZE(drivers); i++) {
			if (tick < ticks && samples[i][tick] >= 0)
				printf(",%lld", (long long)samples[i][tick]);
			else
				printf(",");
		}
		printf(",%s\n", names[tick] ? names[tick] : "");
	}
}

int main(int argc, char **argv)
{
	int ticks;

	if (argc > 1) {
		bool help = !strcmp(argv[1], "--help");

		fprintf(help ? stdout : stderr,
			"usage: pgem-squeeze\nPrints CSV; wants pgem and vgem loaded, swap, and root.\n");
		return help ? 0 : 2;
	}

	for (size_t i = 0; i < BENCH_ARRAY_SIZE(drivers); i++) {
		squeeze_group_make(&groups[i], drivers[i]);
		start_worker(&workers[2 * i], &groups[i], run_client);
		start_worker(&workers[2 * i + 1], &groups[i], run_squeezer);
	}
	ticks = run_all();
	for (size_t i = 0; i < BENCH_ARRAY_SIZE(drivers); i++)
		bench_group_remove(&groups[i].base);
	if (!all_well()) {
		fprintf(stderr, "pgem-squeeze: a client has failed\n");
		return 1;
	}
	print(ticks);
	return 0;
}
