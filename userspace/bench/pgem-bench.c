// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * What it costs to create, map, touch and share a buffer, for pgem and for others side by
 * side. Prints CSV: measure, provider, value; nanoseconds of CLOCK_MONOTONIC unless the
 * measure's name tells otherwise. Run under QEMU's `-icount shift=0` (make bench) a
 * nanosecond is one guest instruction, and two runs agree; elsewhere it is just time.
 *
 * Each provider is measured by a process of its own, which begins as the others do. The
 * first one sets what the kernel has to be told for it, and takes that back whatever
 * becomes of the other.
 */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_client.h"
#include "bench_direct.h"
#include "bench_faults.h"
#include "bench_fork.h"
#include "bench_mappings.h"
#include "bench_memory.h"
#include "bench_objects.h"
#include "bench_reclaim.h"
#include "bench_threads.h"
#include "bench_tool.h"

#define SETTLE_SECONDS	5

static volatile sig_atomic_t stopped;
static volatile pid_t child;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
	if (child > 0)
		kill(child, SIGKILL);
}

/* What is asked for */
static bool is_quick, is_threads;

static const struct measure {
	void (*take)(struct bench_client *client);
	bool is_threads;
	bool is_for_windows;
} measures[] = {
	{ .take = bench_faults, .is_for_windows = true },
	{ .take = bench_objects },
	{ .take = bench_objects_share },
	{ .take = bench_mappings },
	{ .take = bench_memory },
	{ .take = bench_fork },
	{ .take = bench_direct },
	{ .take = bench_objects_many },
	{ .take = bench_reclaim },
	{ .take = bench_threads, .is_threads = true },
};

/*
 * The kernel puts off what it frees, and has more to do after its start: that is not to
 * show in the next figures. Costs nothing under -icount, where idle time is skipped.
 */
static void settle(void)
{
	if (!is_quick)
		sleep(SETTLE_SECONDS);
}

static void take_measures(const struct bench_provider *provider, int device)
{
	static struct bench_client client;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	client = (struct bench_client){
		.provider = provider, .device = device, .is_quick = is_quick,
	};
	for (size_t i = 0; i < BENCH_ARRAY_SIZE(measures); i++) {
		if (measures[i].is_threads != is_threads ||
		    (provider->is_window && !measures[i].is_for_windows))
			continue;
		settle();
		measures[i].take(&client);
	}
	bench_results_print(&client.results, provider->name);
	exit(0);
}

/* Whether all went well */
static bool wait_for_child(const struct bench_provider *provider)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			bench_say("%s: waitpid: %s", provider->name, strerror(errno));
			return false;
		}
	}
	child = 0;
	if (WIFSIGNALED(status))
		bench_say("%s: ended by signal %d", provider->name, WTERMSIG(status));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Whoever stops the program may do so before there is a child. */
static bool run_child(const struct bench_provider *provider, int device)
{
	bench_say("%s", provider->name);
	child = fork();
	if (child < 0) {
		bench_say("%s: fork: %s", provider->name, strerror(errno));
		return false;
	}
	if (!child)
		take_measures(provider, device);
	if (stopped)
		kill(child, SIGKILL);
	return wait_for_child(provider);
}

/* Tries once whether buffers are to be had: the kernel may lack what they need. */
static bool is_there(const struct bench_provider *provider, int device)
{
	struct bench_buffer buffer;

	if (provider->create(provider, device, BENCH_MIB, &buffer))
		return false;
	provider->destroy(&buffer);
	return true;
}

static bool run_provider(const struct bench_provider *provider)
{
	bool has_device = provider->driver || provider->path;
	int device = has_device ? bench_provider_open(provider) : -1;
	bool done = true;

	if ((has_device && device < 0) || !is_there(provider, device))
		bench_say("%s: left out: %s", provider->name, strerror(errno));
	else
		done = run_child(provider, device);
	if (device >= 0)
		close(device);
	return done;
}

static bool run_all(void)
{
	bool well = true;

	for (size_t i = 0; i < bench_provider_count && !stopped; i++) {
		struct bench_provider *provider = &bench_providers[i];
		struct bench_setting *setting = &provider->setting;

		if (is_threads && !provider->has_threads)
			continue;
		if (setting->path && !bench_setting_apply(setting)) {
			bench_say("%s: left out", provider->name);
			continue;
		}
		well &= run_provider(provider);
		if (setting->path)
			well &= bench_setting_put_back(setting);
	}
	return well && !stopped;
}

/* Addresses as they were the last time: they decide what shares a page table. */
static void settle_addresses(char **argv)
{
	int current = personality(0xffffffff);

	if (current < 0 || current & ADDR_NO_RANDOMIZE)
		return;
	if (personality(current | ADDR_NO_RANDOMIZE) >= 0)
		execv("/proc/self/exe", argv);
	bench_die("personality");
}

static int print_usage(bool is_wanted)
{
	fprintf(is_wanted ? stdout : stderr,
		"usage: pgem-bench [--lane icount|threads] [--quick]\n"
		"Prints CSV; wants pgem loaded, as well as what it is compared with, and root.\n");
	return is_wanted ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "lane", required_argument, NULL, 'l' },
		{ "quick", no_argument, NULL, 'q' },
		{ }
	};
	struct sigaction action = { .sa_handler = stop };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'q')
			is_quick = true;
		else if (option == 'l' && !strcmp(optarg, "threads"))
			is_threads = true;
		else if (option != 'l' || strcmp(optarg, "icount"))
			return print_usage(option == 'h');
	}
	if (optind < argc)
		return print_usage(false);

	settle_addresses(argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	return run_all() ? 0 : 1;
}
