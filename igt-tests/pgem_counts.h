/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: What a kernel has of objects and memory; see pgem_counts.c
 */
#ifndef PGEM_COUNTS_H
#define PGEM_COUNTS_H

#include <stdbool.h>

enum pgem_count {
	/* Numbers */
	PGEM_COUNT_OBJECTS,	/* on the device, as debugfs says */
	PGEM_COUNT_SLAB_OBJECTS,	/* structures of theirs, as the allocator says */
	PGEM_COUNT_INODES,	/* of shmem, one for each object with pages of its own */
	PGEM_COUNT_DMABUFS,
	PGEM_COUNT_HOLDS,	/* on the module */
	/* KiB */
	PGEM_COUNT_SLAB,
	PGEM_COUNT_UNRECLAIM,	/* slab that cannot be reclaimed */
	PGEM_COUNT_SHMEM,
	PGEM_COUNT_TABLES,	/* page tables */
	PGEM_COUNT_VMALLOC,
	PGEM_COUNT_SWAP,
	PGEM_COUNT_USED,	/* all that is not free */
	PGEM_COUNTS
};

struct pgem_counts {
	long at[PGEM_COUNTS];
};

/* As they are now; or after the kernel was told to give back what it can. */
void pgem_counts_take(struct pgem_counts *counts);
void pgem_counts_settle(struct pgem_counts *counts);

/* Settles until they are within the bounds again, for some seconds at most; are they? */
bool pgem_counts_back(struct pgem_counts *now, const struct pgem_counts *before);

/* A line for a table: the columns' names, or the counts */
#define PGEM_COUNTS_LINE 256

void pgem_counts_head(char line[PGEM_COUNTS_LINE]);
void pgem_counts_line(char line[PGEM_COUNTS_LINE], const char *name,
		      const struct pgem_counts *counts);

/* Says what is not within its bounds. */
void pgem_counts_explain(const struct pgem_counts *now, const struct pgem_counts *before);

#endif /* PGEM_COUNTS_H */
