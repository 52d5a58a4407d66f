// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_around: where the window is cut
 *
 * P3: mappings that begin and end, or were split, inside of the window. What is beyond
 * their ends stays as it was.
 */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_around.h"
#include "pgem_window.h"

static void start_of_mapping(int fd)
{
	struct around around;

	pgem_window(16);
	around_init_part(&around, fd, 32, 7, 20, 5);
	pgem_check(around.map + 2 * PG, 9, 1);
	pgem_expect_mapped(around.map, "###########.........");
	igt_assert(!pgem_page_mapped(around.map - PG));
	pgem_check(around.map, 7, 20);
	around_fini(&around);
}

static void end_of_mapping(int fd)
{
	struct around around;

	pgem_window(16);
	around_init_part(&around, fd, 64, 30, 20, 0);
	pgem_check(around.map + 19 * PG, 49, 1);
	pgem_expect_mapped(around.map, "................####");
	igt_assert(!pgem_page_mapped(around.map + 20 * PG));
	pgem_check(around.map, 30, 20);
	around_fini(&around);
}

static void inside_window(int fd)
{
	struct around around;

	pgem_window(512);
	around_init_part(&around, fd, 64, 31, 6, 200);
	pgem_check(around.map + 4 * PG, 35, 1);
	pgem_expect_mapped(around.map, "######");
	igt_assert(!pgem_page_mapped(around.map - PG));
	igt_assert(!pgem_page_mapped(around.map + 6 * PG));
	pgem_check(around.map, 31, 6);
	around_fini(&around);
}

/* Side by side in one window: what is of one object, and even continues, is not one mapping. */
static void next_mapping(int fd)
{
	struct around around;
	uint8_t *next;
	int dmabuf;

	pgem_window(16);
	around_init_part(&around, fd, 16, 0, 5, 0);
	dmabuf = pgem_export(fd, around.buf.handle);
	next = mmap(around.map + 5 * PG, 6 * PG, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED_NOREPLACE, dmabuf, 5 * PG);
	igt_assert(next == around.map + 5 * PG);
	close(dmabuf);
	pgem_check(next + 2 * PG, 7, 1);
	pgem_expect_mapped(around.map, ".....######");
	around_touch(&around, 4);
	pgem_expect_mapped(around.map, "###########");
	pgem_check(around.map, 0, 11);
	pgem_unmap(next, 6 * PG);
	around_fini(&around);
}

/* The mapping ends with the object, and before the window does. */
static void end_of_object(int fd)
{
	struct around around;

	pgem_window(16);
	around_init(&around, fd, 21, 0);
	around_touch(&around, 17);
	pgem_expect_mapped(around.map, "................#####");
	around_touch(&around, 0);
	pgem_expect_range(around.map, 21, 0, 21);
	around_fini(&around);
}

static void munmap_hole(int fd)
{
	struct around around;

	pgem_window(16);
	around_init(&around, fd, 16, 0);
	pgem_unmap(around.map + 6 * PG, 3 * PG);
	around_touch(&around, 1);
	pgem_expect_mapped(around.map, "######..........");
	around_touch(&around, 15);
	pgem_expect_mapped(around.map, "######...#######");
	pgem_check(around.map, 0, 6);
	pgem_check(around.map + 9 * PG, 9, 7);
	igt_assert_eq(pgem_read_signal(around.map + 6 * PG), SIGSEGV);
	igt_assert_eq(pgem_read_signal(around.map + 8 * PG), SIGSEGV);
	around_fini(&around);
}

/* Memory of another kind in the hole is none of the driver's business. */
static void hole_in_use(int fd)
{
	struct around around;
	uint8_t *anon;

	pgem_window(16);
	around_init(&around, fd, 16, 0);
	anon = mmap(around.map + 6 * PG, 3 * PG, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	igt_assert(anon == around.map + 6 * PG);
	around_touch(&around, 5);
	around_touch(&around, 9);
	pgem_expect_mapped(around.map, "######...#######");
	igt_assert(pgem_is_zero(anon, 3 * PG));
	around_fini(&around);
}

static void mprotect_middle(int fd)
{
	struct around around;

	pgem_window(16);
	around_init(&around, fd, 16, 0);
	igt_assert_eq(mprotect(around.map + 4 * PG, 4 * PG, PROT_NONE), 0);
	around_touch(&around, 2);
	pgem_expect_mapped(around.map, "####............");
	around_touch(&around, 9);
	pgem_expect_mapped(around.map, "####....########");
	igt_assert_eq(pgem_read_signal(around.map + 4 * PG), SIGSEGV);
	igt_assert_eq(mprotect(around.map + 4 * PG, 4 * PG, PROT_READ), 0);
	around_touch(&around, 5);
	pgem_expect_range(around.map, 16, 0, 16);
	for (size_t i = 4; i < 8; i++)
		igt_assert_eq(pgem_write_signal(around.map + i * PG), SIGSEGV);
	pgem_check(around.map, 0, 16);
	around_fini(&around);
}

/* Moved by a page, a mapping has other windows, and the same pages. */
static void moved(int fd)
{
	struct around around;
	uint8_t *place;

	pgem_window(8);
	around_init(&around, fd, 16, 0);
	place = pgem_window_map(fd, pgem_offset(fd, around.buf.handle), 16, 1, PROT_READ);
	igt_assert(mremap(around.map, 16 * PG, 16 * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
			  place) == place);
	around.map = place;
	around_touch(&around, 8);
	pgem_expect_mapped(around.map, ".......########.");
	pgem_check(around.map, 0, 16);
	around_fini(&around);
}

static const struct pgem_test tests[] = {
	{ "start-of-mapping", start_of_mapping, "Nothing is mapped before a mapping." },
	{ "end-of-mapping", end_of_mapping, "Nothing is mapped behind a mapping." },
	{ "inside-window", inside_window, "A mapping can be smaller than the window." },
	{ "next-mapping", next_mapping, "A second mapping in the window is left alone." },
	{ "end-of-object", end_of_object, "The last window ends with the object." },
	{ "munmap-hole", munmap_hole, "Pages of a hole stay unmapped, on both its sides." },
	{ "hole-in-use", hole_in_use, "So does other memory that was put there." },
	{ "mprotect-middle", mprotect_middle, "Pieces by protection keep to themselves." },
	{ "moved", moved, "A mapping moved by a page has other windows." },
};

void around_cut_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
