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

uint64_t bench_meminfo_pages(void)
{
	/* What was freed a moment ago is to be free: the kernel may put that off. */
	usleep(100000);
	refresh();
	return read_field("Shmem");
}

uint64_t bench_meminfo_objects(void)
{
	uint64_t pages = bench_meminfo_pages();

	return pages + read_field("Slab") + read_field("VmallocUsed");
}
