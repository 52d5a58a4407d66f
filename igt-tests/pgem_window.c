// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: the window around a fault
 *
 * A fault maps pages around its own, those that exist already. A test that means one
 * page a touch makes the window a page wide. What is mapped is asked of the page tables,
 * by /proc/self/pagemap.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_window.h"

#define PAGEMAP_PRESENT (1ull << 63)

void pgem_window(size_t pages)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", pages * PG);
	pgem_set(PGEM_WINDOW, text);
	igt_assert_eq_u64(pgem_read_number(PGEM_WINDOW), pages * PG);
}

uint8_t *pgem_window_map(int fd, uint64_t offset, size_t pages, size_t skew, int prot)
{
	size_t room = (skew + pages + 1) * PG + 2 * PGEM_WINDOW_MAX;
	uint8_t *place, *map;

	place = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	igt_assert(place != MAP_FAILED);
	pgem_unmap(place, room);
	/* At least a page behind the place's start. */
	map = place + PG + PGEM_WINDOW_MAX - 1;
	map -= (uintptr_t)map % PGEM_WINDOW_MAX;
	map += skew * PG;
	igt_assert(mmap(map, pages * PG, prot, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
			offset) == map);
	return map;
}

static void read_pagemap(const void *map, uint64_t *entries, size_t pages)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	igt_assert(fd >= 0);
	igt_assert_eq(pread(fd, entries, pages * sizeof(*entries),
			    (uintptr_t)map / PG * sizeof(*entries)), pages * sizeof(*entries));
	close(fd);
}

bool pgem_page_mapped(const void *page)
{
	uint64_t entry;

	read_pagemap(page, &entry, 1);
	return entry & PAGEMAP_PRESENT;
}

/* Returns a picture to be freed. */
static char *take_picture(const void *map, size_t pages)
{
	uint64_t *entries = calloc(pages, sizeof(*entries));
	char *picture = calloc(pages + 1, 1);

	igt_assert(entries && picture);
	read_pagemap(map, entries, pages);
	for (size_t i = 0; i < pages; i++)
		picture[i] = entries[i] & PAGEMAP_PRESENT ? '#' : '.';
	free(entries);
	return picture;
}

void pgem_expect_mapped(const void *map, const char *picture)
{
	char *found = take_picture(map, strlen(picture));

	igt_assert_f(!strcmp(found, picture), "mapped: %s\nwanted: %s\n", found, picture);
	free(found);
}

void pgem_expect_range(const void *map, size_t pages, size_t first, size_t count)
{
	char *picture = malloc(pages + 1);

	igt_assert(picture);
	memset(picture, '.', pages);
	memset(picture + first, '#', count);
	picture[pages] = '\0';
	pgem_expect_mapped(map, picture);
	free(picture);
}
