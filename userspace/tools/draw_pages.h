/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_PAGES_H
#define DRAW_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include <pgem.h>

/**
 * struct draw_pages - which pages of a buffer exist
 */
struct draw_pages {
	/** @page_size: bytes in a page */
	uint64_t page_size;

	/** @count: pages in the object */
	uint64_t count;

	/** @resident: pages that occupy memory, as the driver counts */
	uint64_t resident;

	/** @mapped: pages that this process has mapped */
	uint64_t mapped;

	/** @is_mapped: the same, page by page; owned */
	bool *is_mapped;
};

/**
 * draw_pages_read() - look which pages of a buffer exist, without touching one
 * @bo: the buffer, mapped
 * @pages: out: the pages, for draw_pages_free()
 *
 * Return: 0, or a negative errno value: -ENOENT if /proc is not mounted, -EIO if
 * the kernel does not tell about the whole mapping, -ENOMEM, or one of
 * pgem_bo_resident().
 */
int draw_pages_read(const struct pgem_bo *bo, struct draw_pages *pages);

/**
 * draw_pages_free() - free what draw_pages_read() gave
 * @pages: the pages
 */
void draw_pages_free(struct draw_pages *pages);

#endif /* DRAW_PAGES_H */
