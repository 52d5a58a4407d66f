// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Swap in compressed memory
 *
 * zram makes a disk on request, so that nobody else's is in the way. It has as much
 * memory as the compressed pages take, and gives it back with the disk.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_zram.h"

#define CONTROL "/sys/class/zram-control"

static long disk = -1;

static int __run(const char *command)
{
	char text[64];

	snprintf(text, sizeof(text), "%s /dev/zram%ld", command, disk);
	return system(text);
}

static void run(const char *command)
{
	igt_assert_eq(__run(command), 0);
}

static void remove_disk(int sig)
{
	char text[32];

	(void)sig;
	if (disk < 0)
		return;
	/* On, where a test has failed. */
	(void)!__run("2> /dev/null swapoff");
	snprintf(text, sizeof(text), "%ld", disk);
	/* udev may have a look at it. */
	for (int i = 0; i < 100 && __pgem_write_file(CONTROL "/hot_remove", text); i++)
		usleep(10000);
	disk = -1;
}

void pgem_zram_on(size_t mib)
{
	static bool installed;
	char path[64], text[32];

	if (!installed)
		igt_install_exit_handler(remove_disk);
	installed = true;
	remove_disk(0);

	igt_assert_eq(igt_kmod_load("zram", NULL), 0);
	disk = pgem_read_number(CONTROL "/hot_add");
	snprintf(path, sizeof(path), "/sys/block/zram%ld/disksize", disk);
	snprintf(text, sizeof(text), "%zuM", mib);
	pgem_write_file(path, text);
	run("mkswap -q");
	pgem_zram_resume();
}

void pgem_zram_off(void)
{
	pgem_zram_pause();
	remove_disk(0);
}

void pgem_zram_pause(void)
{
	run("swapoff");
}

void pgem_zram_resume(void)
{
	run("swapon -p 100");
}

void pgem_zram_traffic(unsigned long *out, unsigned long *in)
{
	static char text[16384];
	char *at;

	igt_assert(pgem_read_file("/proc/vmstat", text, sizeof(text)) > 0);
	at = strstr(text, "\npswpin ");
	igt_assert(at);
	igt_assert_eq(sscanf(at, "\npswpin %lu\npswpout %lu", in, out), 2);
}
