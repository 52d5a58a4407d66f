// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What a kernel has of objects and memory
 *
 * To be compared, before and after. Numbers of things have to be the same. Sums of
 * memory are the whole machine's, in which others do things, too: they get a bound.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_counts.h"
#include "pgem_lib.h"

#define SETTLE_MS 20000

static const struct {
	const char *name;
	const char *meminfo;	/* its line there, if it has one */
	long slack;		/* growth that may be others' */
} columns[PGEM_COUNTS] = {
	[PGEM_COUNT_OBJECTS] = { "objects" },
	[PGEM_COUNT_SLAB_OBJECTS] = { "pgem_bo" },
	[PGEM_COUNT_INODES] = { "inodes", NULL, 4 },
	[PGEM_COUNT_DMABUFS] = { "dmabufs" },
	[PGEM_COUNT_HOLDS] = { "holds" },
	[PGEM_COUNT_SLAB] = { "slab", "Slab", 768 },
	[PGEM_COUNT_UNRECLAIM] = { "unrecl", "SUnreclaim", 768 },
	[PGEM_COUNT_SHMEM] = { "shmem", "Shmem", 256 },
	[PGEM_COUNT_TABLES] = { "tables", "PageTables", 128 },
	[PGEM_COUNT_VMALLOC] = { "vmalloc", "VmallocUsed", 256 },
	[PGEM_COUNT_SWAP] = { "swap" },
	[PGEM_COUNT_USED] = { "used", NULL, 1024 },
};

/* Objects of a slab cache that are in use. */
static long slab_objects(const char *name)
{
	char line[512];
	long active = -1;
	size_t len = strlen(name);
	FILE *file = fopen("/proc/slabinfo", "r");

	igt_assert(file);
	while (active < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len) && line[len] == ' ')
			igt_assert_eq(sscanf(line + len, "%ld", &active), 1);
	fclose(file);
	igt_assert_f(active >= 0, "no slab cache %s\n", name);
	return active;
}

static long dmabufs(void)
{
	char line[512];
	long count = -1;
	FILE *file = fopen("/sys/kernel/debug/dma_buf/bufinfo", "r");

	igt_assert(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Total %ld objects", &count);
	fclose(file);
	igt_assert(count >= 0);
	return count;
}

/* Free pages that processors keep in hand, a great many in the end: KiB. */
static long in_hand(void)
{
	char line[256];
	long sum = 0, count;
	FILE *file = fopen("/proc/zoneinfo", "r");

	igt_assert(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %ld", &count) == 1)
			sum += count;
	fclose(file);
	return sum * PG / 1024;
}

void pgem_counts_take(struct pgem_counts *counts)
{
	long *at = counts->at;

	at[PGEM_COUNT_OBJECTS] = pgem_objects();
	at[PGEM_COUNT_SLAB_OBJECTS] = slab_objects("pgem_bo");
	at[PGEM_COUNT_INODES] = slab_objects("shmem_inode_cache");
	at[PGEM_COUNT_DMABUFS] = dmabufs();
	at[PGEM_COUNT_HOLDS] = pgem_refcount();
	for (int i = 0; i < PGEM_COUNTS; i++)
		if (columns[i].meminfo)
			at[i] = pgem_meminfo(columns[i].meminfo) / 1024;
	at[PGEM_COUNT_SWAP] = (pgem_meminfo("SwapTotal") - pgem_meminfo("SwapFree")) / 1024;
	at[PGEM_COUNT_USED] = (pgem_meminfo("MemTotal") - pgem_meminfo("MemFree")) / 1024 -
			      in_hand();
}

/* What waits to be given back: clean pages of files, names, empty slabs. */
void pgem_counts_settle(struct pgem_counts *counts)
{
	glob_t caches;

	pgem_write_file("/proc/sys/vm/drop_caches", "3");
	igt_assert_eq(glob("/sys/kernel/slab/*/shrink", 0, NULL, &caches), 0);
	for (size_t i = 0; i < caches.gl_pathc; i++)
		__pgem_write_file(caches.gl_pathv[i], "1");
	globfree(&caches);
	pgem_counts_take(counts);
}

static bool is_back(int i, const struct pgem_counts *now, const struct pgem_counts *before)
{
	long grown = now->at[i] - before->at[i];

	/* A number that has shrunk was not at rest before. */
	return columns[i].slack ? grown <= columns[i].slack : !grown;
}

bool pgem_counts_back(struct pgem_counts *now, const struct pgem_counts *before)
{
	uint64_t end = pgem_now_ms() + SETTLE_MS;

	for (;;) {
		bool back = true;

		pgem_counts_settle(now);
		for (int i = 0; i < PGEM_COUNTS; i++)
			back &= is_back(i, now, before);
		if (back || pgem_now_ms() > end)
			return back;
		/* Until RCU and workers have done theirs. */
		usleep(500000);
	}
}

void pgem_counts_head(char line[PGEM_COUNTS_LINE])
{
	size_t len = snprintf(line, PGEM_COUNTS_LINE, "%-7s", "");

	for (int i = 0; i < PGEM_COUNTS; i++)
		len += snprintf(line + len, PGEM_COUNTS_LINE - len, " %7s", columns[i].name);
}

void pgem_counts_line(char line[PGEM_COUNTS_LINE], const char *name,
		      const struct pgem_counts *counts)
{
	size_t len = snprintf(line, PGEM_COUNTS_LINE, "%-7s", name);

	for (int i = 0; i < PGEM_COUNTS; i++)
		len += snprintf(line + len, PGEM_COUNTS_LINE - len, " %7ld", counts->at[i]);
}

void pgem_counts_explain(const struct pgem_counts *now, const struct pgem_counts *before)
{
	for (int i = 0; i < PGEM_COUNTS; i++)
		if (!is_back(i, now, before))
			igt_info("%s: %ld, was %ld; %ld more would do\n", columns[i].name,
				 now->at[i], before->at[i], columns[i].slack);
}
