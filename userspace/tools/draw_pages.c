// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Which pages exist
 *
 * Reading a page to find out whether it exists would make it exist, so two others
 * are asked: the kernel's page tables, through /proc/self/pagemap, say which pages
 * this process has mapped, and GEM_INFO says how many the object has in memory.
 *
 * The numbers differ when another process has touched the object, and when pages
 * are in swap: those of a shared object leave no trace in the page tables, so
 * pagemap's swap bit is of no use here.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "draw_pages.h"

/* See Documentation/admin-guide/mm/pagemap.rst in the kernel's source. */
#define PAGEMAP_PRESENT (1ULL << 63)

/* Entries asked for at a time. */
#define PAGEMAP_CHUNK 512

/* Returns how many entries were read, at least one, or a negative errno value. */
static ssize_t draw_pages_read_chunk(int pagemap, uint64_t first, uint64_t count,
				     uint64_t *entries)
{
	ssize_t got;

	if (count > PAGEMAP_CHUNK)
		count = PAGEMAP_CHUNK;

	got = pread(pagemap, entries, count * sizeof(*entries), first * sizeof(*entries));
	if (got < 0)
		return -errno;
	return got ? got / (ssize_t)sizeof(*entries) : -EIO;
}

static int draw_pages_read_mapped(int pagemap, uint64_t first, struct draw_pages *pages)
{
	uint64_t entries[PAGEMAP_CHUNK], page = 0;
	ssize_t got, i;

	while (page < pages->count) {
		got = draw_pages_read_chunk(pagemap, first + page, pages->count - page, entries);
		if (got < 0)
			return got;

		for (i = 0; i < got; i++, page++) {
			pages->is_mapped[page] = entries[i] & PAGEMAP_PRESENT;
			pages->mapped += pages->is_mapped[page];
		}
	}
	return 0;
}

static int draw_pages_read_pagemap(const struct pgem_bo *bo, struct draw_pages *pages)
{
	int pagemap, ret;

	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return -errno;

	ret = draw_pages_read_mapped(pagemap, (uintptr_t)bo->map / pages->page_size, pages);
	close(pagemap);
	return ret;
}

int draw_pages_read(const struct pgem_bo *bo, struct draw_pages *pages)
{
	struct draw_pages new = { .page_size = sysconf(_SC_PAGESIZE) };
	uint64_t resident;
	int ret;

	ret = pgem_bo_resident(bo, &resident);
	if (ret)
		return ret;

	new.count = bo->size / new.page_size;
	new.resident = resident / new.page_size;
	new.is_mapped = calloc(new.count, sizeof(*new.is_mapped));
	if (!new.is_mapped)
		return -ENOMEM;

	ret = draw_pages_read_pagemap(bo, &new);
	if (ret) {
		draw_pages_free(&new);
		return ret;
	}

	*pages = new;
	return 0;
}

void draw_pages_free(struct draw_pages *pages)
{
	free(pages->is_mapped);
	*pages = (struct draw_pages){ 0 };
}
