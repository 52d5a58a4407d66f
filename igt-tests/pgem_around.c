// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_around
 *
 * What a fault maps beside its own page: those that exist, in a window that is aligned by
 * address. It never allocates. Mappings that end within the window are in pgem_around_cut.c,
 * other ways into the fault handler in pgem_around_path.c, what runs against it in
 * pgem_around_race.c and pgem_around_gone.c, the module parameter in pgem_around_param.c.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_around.h"
#include "pgem_group.h"
#include "pgem_window.h"

IGT_TEST_DESCRIPTION("Check what a fault maps around its own page.");

/* By way of a dma-buf, as mappings of the device file begin with the object. */
void around_init_part(struct around *around, int fd, size_t pages, size_t first, size_t count,
		      size_t skew)
{
	struct pgem_buf *buf = &around->buf;
	int dmabuf;

	pgem_buf_init(buf, fd, pages);
	pgem_fill(buf->map, 0, pages);
	dmabuf = pgem_export(fd, buf->handle);
	around->pages = count;
	around->map = pgem_window_map(dmabuf, first * PG, count, skew, PROT_READ | PROT_WRITE);
	close(dmabuf);
	pgem_expect_range(around->map, count, 0, 0);
}

static void map_second(struct around *around, size_t skew)
{
	struct pgem_buf *buf = &around->buf;

	around->pages = buf->pages;
	around->map = pgem_window_map(buf->fd, pgem_offset(buf->fd, buf->handle), buf->pages, skew,
				      PROT_READ | PROT_WRITE);
	pgem_expect_range(around->map, buf->pages, 0, 0);
}

void around_init(struct around *around, int fd, size_t pages, size_t skew)
{
	pgem_buf_init(&around->buf, fd, pages);
	pgem_fill(around->buf.map, 0, pages);
	map_second(around, skew);
}

void around_init_holes(struct around *around, int fd, const char *picture, size_t skew)
{
	struct pgem_buf *buf = &around->buf;
	size_t there = 0;

	pgem_buf_init(buf, fd, strlen(picture));
	for (size_t i = 0; i < buf->pages; i++) {
		if (picture[i] != '#')
			continue;
		pgem_mark(buf->map + i * PG, i);
		there++;
	}
	igt_assert_eq_u64(pgem_resident(fd, buf->handle), there * PG);
	map_second(around, skew);
}

uint8_t *around_map_huge(int fd, size_t folios, size_t skew, uint32_t *handle)
{
	struct drm_pgem_gem_create arg = { .size = folios * FOLIO, .flags = DRM_PGEM_GEM_HUGE };

	pgem_write_file("/proc/sys/vm/compact_memory", "1");
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &arg), 0);
	*handle = arg.handle;
	return pgem_window_map(fd, pgem_offset(fd, arg.handle), folios * FOLIO_PAGES, skew,
			       PROT_READ | PROT_WRITE);
}

void around_fini(struct around *around)
{
	munmap(around->map, around->pages * PG);
	pgem_buf_fini(&around->buf);
	igt_assert_eq(pgem_objects(), 0);
}

void around_touch(const struct around *around, size_t page)
{
	pgem_check(around->map + page * PG, page, 1);
}

void around_forget(const struct around *around)
{
	igt_assert_eq(madvise(around->map, around->pages * PG, MADV_DONTNEED), 0);
	pgem_expect_range(around->map, around->pages, 0, 0);
}

/* Also in an object that begins elsewhere than a window does. */
static void aligned(int fd)
{
	static const size_t sizes[] = { 2, 4, 16, 64, 512 };
	struct around around;

	around_init(&around, fd, 2048, 1);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], first = 2 * size - 1;
		size_t touched[] = { first, first + size / 2, first + size - 1 };

		pgem_window(size);
		for (size_t j = 0; j < ARRAY_SIZE(touched); j++) {
			around_touch(&around, touched[j]);
			pgem_expect_range(around.map, around.pages, first, size);
			igt_assert_eq_u64(pgem_map_rss(around.map), size * PG);
			around_forget(&around);
		}
		pgem_restore();
	}
	around_fini(&around);
}

static void next_window(int fd)
{
	struct around around;

	pgem_window(4);
	around_init(&around, fd, 16, 0);
	around_touch(&around, 3);
	pgem_expect_mapped(around.map, "####............");
	around_touch(&around, 12);
	pgem_expect_mapped(around.map, "####........####");
	around_touch(&around, 4);
	pgem_expect_mapped(around.map, "########....####");
	around_fini(&around);
}

static void one_page(int fd)
{
	struct around around;

	pgem_window(1);
	around_init(&around, fd, 8, 0);
	around_touch(&around, 5);
	pgem_expect_mapped(around.map, ".....#..");
	around_touch(&around, 0);
	pgem_expect_mapped(around.map, "#....#..");
	pgem_mark(around.map + 4 * PG, 4);
	pgem_expect_mapped(around.map, "#...##..");
	around_fini(&around);
}

static void default_window(int fd)
{
	size_t pages = pgem_read_number(PGEM_WINDOW) / PG;
	struct around around;

	igt_assert_lt(1, pages);
	around_init(&around, fd, 3 * pages, 0);
	around_touch(&around, pages);
	pgem_expect_range(around.map, 3 * pages, pages, pages);
	around_fini(&around);
}

static void write_fault(int fd)
{
	struct around around;

	pgem_window(8);
	around_init(&around, fd, 16, 0);
	pgem_mark(around.map + 9 * PG, 9);
	pgem_expect_mapped(around.map, "........########");
	pgem_fill(around.map + 8 * PG, 100, 8);
	pgem_check(around.buf.map + 8 * PG, 100, 8);
	around_fini(&around);
}

/* Whose mark it has, not only that it has one: nothing else is to be faulted in. */
static void contents(int fd)
{
	struct around around;

	pgem_window(64);
	around_init(&around, fd, 256, 3);
	for (size_t i = 100; i < 256; i += 64) {
		around_touch(&around, i);
		igt_assert(pgem_page_mapped(around.map + (i - 20) * PG));
	}
	pgem_expect_range(around.map, 256, 61, 192);
	pgem_check(around.map + 61 * PG, 61, 192);
	around_fini(&around);
}

static void holes(int fd)
{
	struct around around;

	pgem_window(16);
	around_init_holes(&around, fd, "#.##...#.#.....##...", 0);
	around_touch(&around, 3);
	pgem_expect_mapped(around.map, "#.##...#.#.....#....");
	around_touch(&around, 16);
	pgem_expect_mapped(around.map, "#.##...#.#.....##...");
	igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), 7 * PG);
	igt_assert_eq_u64(pgem_map_rss(around.map), 7 * PG);
	around_fini(&around);
}

static void nothing_charged(int fd)
{
	static char picture[2048 + 1];
	const size_t pages = sizeof(picture) - 1;
	struct around around;
	size_t shmem;

	for (size_t i = 0; i < pages; i++)
		picture[i] = i % 2 ? '.' : '#';
	pgem_window(512);
	around_init_holes(&around, fd, picture, 0);
	shmem = pgem_meminfo("Shmem");
	pgem_group_make();
	igt_fork(child, 1) {
		unsigned long before;

		igt_assert_eq(__pgem_group_join(), 0);
		before = pgem_group_charged();
		for (size_t i = 0; i < pages; i += 512)
			around_touch(&around, i);
		pgem_expect_mapped(around.map, picture);
		/* 1024 pages are not there. A page table in a hundred does not matter. */
		igt_assert_lt_u64(pgem_group_charged(), before + 100 * PG);
	}
	igt_waitchildren();
	pgem_group_remove();
	igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), pages / 2 * PG);
	igt_assert_lt_u64(pgem_meminfo("Shmem"), shmem + 100 * PG);
	around_fini(&around);
}

/* It cannot know that the neighbours exist, and most often they do not. */
static void first_touch(int fd)
{
	struct around around;

	pgem_window(16);
	around_init_holes(&around, fd, "####.####.######", 0);
	igt_assert(pgem_is_zero(around.map + 4 * PG, PG));
	pgem_expect_mapped(around.map, "....#...........");
	igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), 15 * PG);
	pgem_mark(around.map + 9 * PG, 9);
	pgem_expect_mapped(around.map, "....#....#......");
	around_touch(&around, 5);
	pgem_expect_range(around.map, 16, 0, 16);
	around_fini(&around);
}

/* -EBUSY: the rest is mapped all the same, in front of it and behind. */
static void mapped_already(int fd)
{
	struct around around;

	around_init(&around, fd, 16, 0);
	pgem_window(1);
	around_touch(&around, 0);
	around_touch(&around, 6);
	around_touch(&around, 15);
	pgem_expect_mapped(around.map, "#.....#........#");
	pgem_restore();
	pgem_window(16);
	around_touch(&around, 7);
	pgem_expect_range(around.map, 16, 0, 16);
	igt_assert_eq_u64(pgem_map_rss(around.map), 16 * PG);
	pgem_check(around.map, 0, 16);
	around_fini(&around);
}

static void forget_some(int fd)
{
	struct around around;

	pgem_window(16);
	around_init(&around, fd, 32, 0);
	around_touch(&around, 0);
	pgem_fill(around.map, 70, 16);
	igt_assert_eq(madvise(around.map + 5 * PG, 4 * PG, MADV_DONTNEED), 0);
	pgem_expect_mapped(around.map, "#####....#######................");
	pgem_check(around.map + 7 * PG, 77, 1);
	pgem_expect_range(around.map, 32, 0, 16);
	pgem_check(around.map, 70, 16);
	around_fini(&around);
}

static const struct pgem_test tests[] = {
	{ "aligned", aligned, "The window is aligned by address, and mapped whole." },
	{ "next-window", next_window, "Each window takes a fault of its own." },
	{ "one-page", one_page, "A window of one page maps no neighbour." },
	{ "default", default_window, "There is one unasked, as wide as the parameter says." },
	{ "write-fault", write_fault, "Writing maps neighbours, too, to be written." },
	{ "contents", contents, "Every neighbour is the object's page that belongs there." },
	{ "holes", holes, "Pages that do not exist are skipped, and not allocated." },
	{ "nothing-charged", nothing_charged, "Nobody is charged for neighbours." },
	{ "first-touch", first_touch, "A fault that allocates its page maps no other." },
	{ "mapped-already", mapped_already, "Pages that are mapped stay as they are." },
	{ "forget-some", forget_some, "Forgotten pages come back with one touch." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	around_cut_subtests();
	around_path_subtests();
	around_race_subtests();
	around_gone_subtests();
	around_param_subtests();
}
