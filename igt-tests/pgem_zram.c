// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Swap in compressed memory
 *
 * zram makes a disk on request, so that nobody else's is in the way. It has as much
 * memory as the compressed pages take, and gives it back with the disk.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_zram.h"

#define CONTROL "/sys/class/zram-control"

/* Their numbers; less than zero is none. */
static long swap_disk = -1, empty_disk = -1;

static int __run(const char *command)
{
	char text[64];

	snprintf(text, sizeof(text), "%s /dev/zram%ld", command, swap_disk);
	return system(text);
}

static void run(const char *command)
{
	igt_assert_eq(__run(command), 0);
}

static void remove_disk(long *disk)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", *disk);
	/* udev may have a look at it. */
	for (int i = 0; *disk >= 0 && i < 100; i++) {
		if (!__pgem_write_file(CONTROL "/hot_remove", text))
			break;
		usleep(10000);
	}
	*disk = -1;
}

static void remove_swap(void)
{
	/* On, where a test has failed. */
	if (swap_disk >= 0)
		(void)!__run("2> /dev/null swapoff");
	remove_disk(&swap_disk);
}

static void remove_disks(int sig)
{
	(void)sig;
	remove_swap();
	remove_disk(&empty_disk);
}

static long add_disk(size_t mib)
{
	static bool installed;
	char path[64], text[32];
	long disk;

	if (!installed)
		igt_install_exit_handler(remove_disks);
	installed = true;

	igt_assert_eq(igt_kmod_load("zram", NULL), 0);
	disk = pgem_read_number(CONTROL "/hot_add");
	snprintf(path, sizeof(path), "/sys/block/zram%ld/disksize", disk);
	snprintf(text, sizeof(text), "%zuM", mib);
	pgem_write_file(path, text);
	return disk;
}

/* A subtest that has failed leaves its disk to the next. */
void pgem_zram_on(size_t mib)
{
	remove_swap();
	swap_disk = add_disk(mib);
	run("mkswap -q");
	pgem_zram_resume();
}

void pgem_zram_off(void)
{
	pgem_zram_pause();
	remove_disk(&swap_disk);
}

void pgem_zram_pause(void)
{
	run("swapoff");
}

void pgem_zram_resume(void)
{
	run("swapon -p 100");
}

int pgem_zram_empty_on(size_t mib)
{
	char path[64];
	int file;

	remove_disk(&empty_disk);
	empty_disk = add_disk(mib);
	snprintf(path, sizeof(path), "/dev/zram%ld", empty_disk);
	file = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert(file >= 0);
	return file;
}

void pgem_zram_empty_off(int file)
{
	close(file);
	remove_disk(&empty_disk);
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
