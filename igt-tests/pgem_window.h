/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: The window around a fault, and what is in page tables; see pgem_window.c
 */
#ifndef PGEM_WINDOW_H
#define PGEM_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pgem_lib.h"

/* In bytes */
#define PGEM_WINDOW		PGEM_MODULE_DIR "/parameters/fault_around_bytes"

/* What one page table covers: the largest window, and a place aligned for any of them */
#define PGEM_WINDOW_MAX		(2 << 20)

/* Sets the window, put back by pgem_restore() at the end of the subtest. One: none. */
void pgem_window(size_t pages);

/*
 * Maps a file of the device, or a dma-buf, at @skew pages behind an aligned address. A
 * page before and one behind stay free of anything.
 */
uint8_t *pgem_window_map(int fd, uint64_t offset, size_t pages, size_t skew, int prot);

/* Is it in a page table of this process? */
bool pgem_page_mapped(const void *page);

/*
 * Of the pages at @map these alone are mapped: a character each, "#" for a page that
 * is. As many pages as characters.
 */
void pgem_expect_mapped(const void *map, const char *picture);

/* The same for one range in many */
void pgem_expect_range(const void *map, size_t pages, size_t first, size_t count);

#endif /* PGEM_WINDOW_H */
