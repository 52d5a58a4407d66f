// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: what memory is used for, by /proc/meminfo. One method for all providers.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench_meminfo.h"
#include "bench_tool.h"

/* Looks without a change, after which none is to come */
#define QUIET	5

/* Each processor counts for itself, and tells now and then: let all tell now. */
static void refresh(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		bench_die("/proc/sys/vm/stat_refresh");
	close(fd);
}

static uint64_t read_field(const char *name)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	if (!file)
		bench_die("/proc/meminfo");
	while (fgets(line, sizeof(line), file)) {
		size_t length = strlen(name);

		if (!strncmp(line, name, length) && line[length] == ':' &&
		    sscanf(line + length + 1, "%llu", &kib) == 1)
			break;
	}
	fclose(file);
	return kib * BENCH_KIB;
}

static uint64_t read_pages(void)
{
	refresh();
	return read_field("Shmem");
}

/* Until it stays the same: the kernel puts off what it frees, virtio-gpu until the host knows. */
uint64_t bench_meminfo_pages(void)
{
	uint64_t pages = read_pages();

	for (int same = 0; same < QUIET;) {
		uint64_t before = pages;

		usleep(100000);
		pages = read_pages();
		same = pages == before ? same + 1 : 0;
	}
	return pages;
}

uint64_t bench_meminfo_objects(void)
{
	uint64_t pages = bench_meminfo_pages();

	return pages + read_field("Slab") + read_field("VmallocUsed");
}
