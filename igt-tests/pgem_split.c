// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_fault@split-*
 *
 * P3: a mapping that was cut in pieces, or moved, shows in each piece the pages
 * that belong there. Drivers that count pages from the start of a piece fail here.
 *
 * Each way of cutting is tried twice: with all pages in the object beforehand, where
 * wrong pages would be read, and without any ("untouched"), where they would be
 * allocated in wrong places. A second mapping, left alone, tells which page of the
 * object an access reached.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_split.h"
#include "pgem_window.h"

#define PAGES 16

/* Where each page is to be found after the cut, NULL if nowhere. */
struct layout {
	uint8_t *map;
	uint8_t *moved;		/* a second place where pages are now */
	uint8_t *at[PAGES];
};

static void lose(struct layout *layout, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		layout->at[i] = NULL;
}

static void cut_out(struct layout *layout, size_t first, size_t count)
{
	pgem_unmap(layout->map + first * PG, count * PG);
	lose(layout, first, count);
}

static void munmap_head(struct layout *layout)
{
	cut_out(layout, 0, 3);
}

static void munmap_middle(struct layout *layout)
{
	cut_out(layout, 5, 4);
}

static void munmap_tail(struct layout *layout)
{
	cut_out(layout, PAGES - 3, 3);
}

static void munmap_combed(struct layout *layout)
{
	for (size_t i = 0; i < PAGES; i += 2)
		cut_out(layout, i, 1);
}

static void mprotect_middle(struct layout *layout)
{
	igt_assert_eq(mprotect(layout->map + 5 * PG, 4 * PG, PROT_READ), 0);
	/* The pieces stay pieces. */
	igt_assert_eq(mprotect(layout->map + 5 * PG, 4 * PG, PROT_READ | PROT_WRITE), 0);
}

static void mprotect_none_head(struct layout *layout)
{
	igt_assert_eq(mprotect(layout->map, 3 * PG, PROT_NONE), 0);
	lose(layout, 0, 3);
}

static void madvise_middle(struct layout *layout, int advice)
{
	igt_assert_eq(madvise(layout->map + 5 * PG, 4 * PG, advice), 0);
}

static void dontfork_middle(struct layout *layout)
{
	madvise_middle(layout, MADV_DONTFORK);
}

static void random_middle(struct layout *layout)
{
	madvise_middle(layout, MADV_RANDOM);
}

static void sequential_middle(struct layout *layout)
{
	madvise_middle(layout, MADV_SEQUENTIAL);
}

static void dontdump_middle(struct layout *layout)
{
	madvise_middle(layout, MADV_DONTDUMP);
}

/* Moves pages to a place of their own, which is found first. */
static void move(struct layout *layout, size_t first, size_t count)
{
	uint8_t *place = mmap(NULL, count * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	igt_assert(place != MAP_FAILED);
	igt_assert(mremap(layout->at[first], count * PG, count * PG,
			  MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
	for (size_t i = 0; i < count; i++)
		layout->at[first + i] = place + i * PG;
	layout->moved = place;
}

static void mremap_move(struct layout *layout)
{
	move(layout, 0, PAGES);
}

static void mremap_part(struct layout *layout)
{
	move(layout, 4, 4);
}

static void mremap_shrink(struct layout *layout)
{
	igt_assert(mremap(layout->map, PAGES * PG, 5 * PG, 0) == layout->map);
	lose(layout, 5, PAGES - 5);
}

static void mremap_move_shrink(struct layout *layout)
{
	uint8_t *place = mmap(NULL, 3 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	igt_assert(place != MAP_FAILED);
	igt_assert(mremap(layout->map + 6 * PG, 10 * PG, 3 * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
			  place) == place);
	lose(layout, 6, PAGES - 6);
	for (size_t i = 0; i < 3; i++)
		layout->at[6 + i] = place + i * PG;
	layout->moved = place;
}

static void overmap_middle(struct layout *layout)
{
	igt_assert(mmap(layout->map + 5 * PG, 4 * PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
			MAP_FIXED, -1, 0) != MAP_FAILED);
	lose(layout, 5, 4);
}

static void munmap_then_move(struct layout *layout)
{
	cut_out(layout, 0, 3);
	move(layout, 7, 5);
	cut_out(layout, 3, 1);
}

static const struct {
	const char *name;
	void (*fn)(struct layout *layout);
	const char *description;
} cuts[] = {
	{ "munmap-head", munmap_head, "The first pages are unmapped." },
	{ "munmap-middle", munmap_middle, "Pages in the middle are unmapped." },
	{ "munmap-tail", munmap_tail, "The last pages are unmapped." },
	{ "munmap-combed", munmap_combed, "Every other page is unmapped." },
	{ "mprotect-middle", mprotect_middle, "Protection of the middle changes and comes back." },
	{ "mprotect-none-head", mprotect_none_head, "The first pages become inaccessible." },
	{ "dontfork-middle", dontfork_middle, "The middle is not for children." },
	{ "random-middle", random_middle, "The middle is to be read at random." },
	{ "sequential-middle", sequential_middle, "The middle is to be read in sequence." },
	{ "dontdump-middle", dontdump_middle, "The middle is not for core dumps." },
	{ "mremap-move", mremap_move, "The mapping moves." },
	{ "mremap-part", mremap_part, "A part of the mapping moves." },
	{ "mremap-shrink", mremap_shrink, "The mapping shrinks." },
	{ "mremap-move-shrink", mremap_move_shrink, "A part moves and shrinks." },
	{ "overmap-middle", overmap_middle, "Something else is mapped over the middle." },
	{ "munmap-then-move", munmap_then_move, "Several cuts follow one another." },
};

static void check_page(uint8_t *page, const uint8_t *witness, size_t index, bool filled)
{
	if (filled)
		pgem_check(page, index, 1);
	else
		igt_assert(pgem_is_zero(witness, PG));
	/* For a page that nobody touched, this is the first access of all. */
	pgem_mark(page, 1000 + index);
	igt_assert_f(pgem_marked(witness, 1000 + index), "page %zu went elsewhere\n", index);
}

static void cut_and_check(int fd, void (*cut)(struct layout *layout), bool filled)
{
	struct pgem_buf buf;
	struct layout layout = {};

	pgem_buf_init(&buf, fd, PAGES);
	layout.map = pgem_map(fd, buf.handle, buf.size);
	for (size_t i = 0; i < PAGES; i++)
		layout.at[i] = layout.map + i * PG;
	if (filled)
		pgem_fill(layout.map, 0, PAGES);

	cut(&layout);
	for (size_t i = 0; i < PAGES; i++) {
		if (layout.at[i])
			check_page(layout.at[i], buf.map + i * PG, i, filled);
		else if (filled)
			pgem_check(buf.map + i * PG, i, 1);
	}

	munmap(layout.map, buf.size);
	if (layout.moved)
		munmap(layout.moved, buf.size);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);
}

/* Pages that exist come in by their own fault, and then as neighbours of others. */
static void test_cut(int fd, void (*cut)(struct layout *layout), bool filled)
{
	if (filled) {
		pgem_window(1);
		cut_and_check(fd, cut, filled);
		pgem_restore();
		pgem_window(PAGES);
	}
	cut_and_check(fd, cut, filled);
}

/* P5: VM_DONTEXPAND. A grown mapping would end behind the object. */
static void mremap_grow(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert(mremap(buf.map, buf.size, buf.size + PG, MREMAP_MAYMOVE) == MAP_FAILED);
	igt_assert_eq(errno, EFAULT);
	pgem_unmap(buf.map + 8 * PG, 8 * PG);
	igt_assert(mremap(buf.map, 8 * PG, 9 * PG, 0) == MAP_FAILED);
	igt_assert_eq(errno, EFAULT);
	pgem_buf_fini(&buf);
}

/* An old size of zero asks for a second mapping, which is growth as well. */
static void mremap_duplicate(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert(mremap(buf.map, 0, buf.size, MREMAP_MAYMOVE) == MAP_FAILED);
	igt_assert_eq(errno, EFAULT);
	pgem_buf_fini(&buf);
}

static void mremap_dontunmap(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert(mremap(buf.map, buf.size, buf.size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP) ==
		   MAP_FAILED);
	igt_assert_eq(errno, EINVAL);
	pgem_buf_fini(&buf);
}

/* P7: a split that fails half-way, for lack of mappings, must not touch references. */
static void no_more_mappings(int fd)
{
	struct pgem_buf buf;
	int failures = 0;

	pgem_buf_init(&buf, fd, 1024);
	pgem_set("/proc/sys/vm/max_map_count", "200");
	for (size_t i = 1; i < buf.pages; i += 2) {
		if (!mprotect(buf.map + i * PG, PG, PROT_READ))
			continue;
		igt_assert_eq(errno, ENOMEM);
		failures++;
	}
	pgem_restore();
	igt_assert_lt(100, failures);
	igt_assert_eq(mprotect(buf.map, buf.size, PROT_READ | PROT_WRITE), 0);
	pgem_fill(buf.map, 0, buf.pages);
	pgem_check(buf.map, 0, buf.pages);
	pgem_close(fd, buf.handle);
	pgem_check(buf.map, 0, buf.pages);
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "split-mremap-grow", mremap_grow, "A mapping cannot grow." },
	{ "split-mremap-duplicate", mremap_duplicate, "mremap() makes no second mapping." },
	{ "split-mremap-dontunmap", mremap_dontunmap, "mremap() leaves no empty mapping behind." },
	{ "split-no-more-mappings", no_more_mappings, "Splits that fail change nothing." },
};

void pgem_split_subtests(void)
{
	for (volatile size_t i = 0; i < 2 * ARRAY_SIZE(cuts); i++) {
		bool filled = i % 2 == 0;

		igt_describe(cuts[i / 2].description);
		igt_subtest_f("split-%s%s", cuts[i / 2].name, filled ? "" : "-untouched") {
			test_cut(pgem_begin(PGEM_RENDER), cuts[i / 2].fn, i % 2 == 0);
			pgem_end();
		}
	}
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
