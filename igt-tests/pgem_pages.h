/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Pages: where they are, and how to have them moved; see pgem_pages.c
 */
#ifndef PGEM_PAGES_H
#define PGEM_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a test does to an object it does to a memfd as well: the memfd says what is right. */
enum pgem_kind {
	PGEM_OBJECT,
	PGEM_HUGE,	/* an object of large folios */
	PGEM_MEMFD,
};

/* Memory of either kind, all of it mapped for reading and writing */
struct pgem_area {
	enum pgem_kind kind;
	const char *name;
	int fd;			/* the memfd, or the file of the device */
	uint32_t handle;	/* of an object */
	uint8_t *map;
	size_t pages;
	size_t size;
};

void pgem_area_init(struct pgem_area *area, enum pgem_kind kind, int fd, size_t pages);
void pgem_area_fini(struct pgem_area *area);

/* A descriptor that maps the same memory in other processes: a dma-buf, or the memfd */
int pgem_area_share(const struct pgem_area *area);

/* The line of /proc/self/maps that is about the mapping that starts there */
void pgem_maps_line(const void *map, char *line, size_t size);

/* The page frame that a page is mapped to; 0 if the page table has none. */
uint64_t pgem_pfn(const void *page);
void pgem_pfns(const void *map, size_t pages, uint64_t *pfns);
void pgem_pfns_of(int pid, const void *map, size_t pages, uint64_t *pfns);

/* Pages that were mapped then and are mapped now, but to another frame. */
size_t pgem_moved(const void *map, size_t pages, const uint64_t *pfns);

/*
 * Takes a frame out of use: what is in it moves. Returns 0 or a negative errno. The
 * frames are given back by pgem_unpoison() of the same process or, at the latest, on exit.
 */
int pgem_soft_offline(uint64_t pfn);
void pgem_poisoned(uint64_t pfn);	/* remembers a frame that was poisoned otherwise */
void pgem_unpoison(void);

/*
 * Takes a block of memory out of use: what is in it moves. One at a time, which is put back by
 * pgem_online() or, at the latest, on exit. Returns 0 or a negative errno.
 */
size_t pgem_block_size(void);		/* bytes */
int pgem_offline(unsigned long block);
void pgem_online(void);

/* Seconds of a long run, by the environment variable PGEM_SECONDS; else @seconds. */
unsigned int pgem_seconds(unsigned int seconds);

#endif /* PGEM_PAGES_H */
