// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_shrink
 *
 * Which objects the driver gives up when it is asked for memory, by debugfs, and in which
 * order. What becomes of one that is purged is in pgem_purge.c; that the kernel swaps pages
 * of objects that are needed, without asking the driver, in pgem_pageout.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_sync.h"
#include "pgem_video.h"

IGT_TEST_DESCRIPTION("Check which objects give way.");

#define PAGES 32
#define MIB (1024 * 1024)

static void filled(struct pgem_buf *buf, int fd, size_t pages)
{
	pgem_buf_init(buf, fd, pages);
	pgem_fill(buf->map, 0, pages);
}

static void unneeded(struct pgem_buf *buf, int fd)
{
	filled(buf, fd, PAGES);
	igt_assert(pgem_dontneed(fd, buf->handle));
}

static bool is_purged(const struct pgem_buf *buf)
{
	return !strcmp(pgem_line_of(buf->fd, buf->handle).advice, "purged");
}

/* What is needed stays, and stays mapped: to swap it is the kernel's business. */
static void needed(int fd)
{
	struct pgem_buf buf;

	filled(&buf, fd, PAGES);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	igt_assert_eq(pgem_mapped(buf.map, PAGES), PAGES);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, buf.size);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static void untouched(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert(pgem_dontneed(fd, buf.handle));
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 0);
	pgem_buf_fini(&buf);
}

static void once(int fd)
{
	struct pgem_buf buf;

	unneeded(&buf, fd);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	pgem_buf_fini(&buf);
}

/* By when they were called DONTNEED, and not by when they were made. */
static void oldest_first(int fd)
{
	static const size_t order[] = { 2, 0, 3, 1 };
	struct pgem_buf bufs[4];

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		filled(&bufs[i], fd, PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_dontneed(fd, bufs[order[i]].handle);
	/* To say so again is nothing new. */
	pgem_dontneed(fd, bufs[order[0]].handle);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
		igt_assert_eq_u64(pgem_shrink(1), PAGES);
		for (size_t j = 0; j < ARRAY_SIZE(bufs); j++)
			igt_assert_eq(is_purged(&bufs[order[j]]), j <= i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

/* One that was needed in between has the least reason to go. */
static void needed_last(int fd)
{
	struct pgem_buf bufs[3];

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		unneeded(&bufs[i], fd);
	igt_assert(pgem_willneed(fd, bufs[0].handle));
	igt_assert(pgem_dontneed(fd, bufs[0].handle));
	igt_assert_eq_u64(pgem_shrink(PAGES + 1), 2 * PAGES);
	igt_assert(!is_purged(&bufs[0]));
	igt_assert(is_purged(&bufs[1]));
	igt_assert(is_purged(&bufs[2]));
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

/* What cannot go now does not keep the others, and can go later. */
static void busy(int fd)
{
	struct pgem_buf bufs[3];
	uint32_t fence;

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		unneeded(&bufs[i], fd);
	fence = pgem_fence_attach(fd, bufs[0].handle, 0);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 2 * PAGES);
	igt_assert(!is_purged(&bufs[0]));
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	pgem_fence_signal(fd, fence);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	igt_assert(is_purged(&bufs[0]));
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

/* The kernel has mapped it: it was exported, and is not purged. */
static void pinned(int fd)
{
	const size_t pages = (PGEM_VIDEO_WIDTH * PGEM_VIDEO_HEIGHT * 2 + PG - 1) / PG;
	struct pgem_video camera;
	struct pgem_buf buf;
	int dmabuf;

	filled(&buf, fd, pages);
	pgem_dontneed(fd, buf.handle);
	dmabuf = pgem_export(fd, buf.handle);
	pgem_video_init(&camera, 0, PGEM_VIDEO_CAPTURE, PGEM_VIDEO_WIDTH, PGEM_VIDEO_HEIGHT);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, dmabuf);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	igt_assert_eq(pgem_mapped(buf.map, pages), pages);
	pgem_video_fini(&camera);
	igt_assert(!is_purged(&buf));
	close(dmabuf);
	pgem_buf_fini(&buf);
}

/* All mappings of a purged object are empty, also pieces of them: P3, P11. */
static void all_mappings(int fd)
{
	struct pgem_buf buf;
	uint8_t *again;

	filled(&buf, fd, PAGES);
	again = pgem_map(fd, buf.handle, buf.size);
	pgem_unmap(again + 2 * PG, 3 * PG);
	igt_assert_eq(mprotect(again + 9 * PG, PG, PROT_READ), 0);
	pgem_check(again, 0, 2);
	pgem_check(again + 5 * PG, 5, PAGES - 5);
	pgem_dontneed(fd, buf.handle);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 0);
	igt_assert_eq(pgem_mapped(buf.map, PAGES), 0);
	for (size_t i = 0; i < PAGES; i++) {
		igt_assert_eq(pgem_read_signal(buf.map + i * PG), SIGBUS);
		if (i < 2 || i >= 5)
			igt_assert_eq(pgem_read_signal(again + i * PG), SIGBUS);
	}
	pgem_unmap(again, buf.size);
	pgem_buf_fini(&buf);
}

/* Another driver's memory is its business. */
static void imported(int fd)
{
	int dmabuf = pgem_udmabuf(PAGES);
	uint32_t handle = pgem_import(fd, dmabuf);
	uint8_t *map = pgem_map(fd, handle, PAGES * PG);

	pgem_fill(map, 0, PAGES);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, PAGES * PG);
	close(dmabuf);
	pgem_close(fd, handle);
}

static void bad_number(int fd)
{
	char path[64];

	(void)fd;
	pgem_shrink_path(path, sizeof(path));
	igt_assert_eq(__pgem_write_file(path, "many"), -EINVAL);
	igt_assert_eq(__pgem_write_file(path, "99999999999999999999"), -ERANGE);
}

/* P19: written by way of page tables that are no more when it goes to swap. */
static void fill_and_swap(int fd)
{
	struct pgem_buf buf;

	filled(&buf, fd, 8 * MIB / PG);
	for (int round = 0; round < 2; round++) {
		pgem_fill(buf.map, round, buf.pages);
		pgem_group_reclaim_mapped();
		igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
		pgem_check(buf.map, round, buf.pages);
	}
	pgem_buf_fini(&buf);
}

static void swap(int fd)
{
	pgem_group_with_swap(fd, fill_and_swap);
}

/* Pages in swap are free with the object that is purged, and counted. */
static void purge_swapped(int fd)
{
	for (int round = 0; round < 4; round++) {
		struct pgem_buf buf;

		filled(&buf, fd, 8 * MIB / PG);
		pgem_group_reclaim_mapped();
		igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
		pgem_dontneed(fd, buf.handle);
		igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), buf.pages);
		igt_assert(!pgem_willneed(fd, buf.handle));
		igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
		igt_assert_eq_u64(pgem_resident(fd, buf.handle), 0);
		pgem_buf_fini(&buf);
	}
}

static void swap_purged(int fd)
{
	pgem_group_with_swap(fd, purge_swapped);
}

static const struct pgem_test tests[] = {
	{ "needed", needed, "An object that is needed stays as it is." },
	{ "untouched", untouched, "There is nothing to be had of what was never touched." },
	{ "once", once, "What was purged is not counted again." },
	{ "oldest-first", oldest_first, "What has been DONTNEED for longest goes first." },
	{ "needed-last", needed_last, "What was needed in between goes last." },
	{ "busy", busy, "An object with a fence stays, and does not keep the others." },
	{ "pinned", pinned, "One that the kernel has mapped stays." },
	{ "all-mappings", all_mappings, "All mappings of a purged object are empty." },
	{ "imported", imported, "Another driver's memory stays." },
	{ "bad-number", bad_number, "The file in debugfs takes numbers." },
	{ "swap", swap, "Mapped pages go to swap and come back." },
	{ "swap-purged", swap_purged, "What is in swap can be purged, and frees it." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
