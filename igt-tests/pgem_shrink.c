// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_shrink
 *
 * What reclaim does to objects that are needed: it takes their pages out of page tables,
 * so that the kernel can swap them. Nobody may notice, but for the time that it takes.
 * Reclaim is asked for by debugfs; objects that are not needed are pgem_purge's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_sync.h"
#include "pgem_video.h"
#include "pgem_window.h"

IGT_TEST_DESCRIPTION("Check how mapped objects give way.");

#define PAGES 32
#define MIB (1024 * 1024)

static void filled(struct pgem_buf *buf, int fd, size_t pages)
{
	pgem_buf_init(buf, fd, pages);
	pgem_fill(buf->map, 0, pages);
}

static void unmap(int fd)
{
	size_t before = pgem_rss_shmem();
	struct pgem_buf buf;

	filled(&buf, fd, PAGES);
	for (int round = 0; round < 4; round++) {
		igt_assert_eq_u64(pgem_rss_shmem() - before, buf.size);
		igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
		igt_assert_eq_u64(pgem_rss_shmem(), before);
		igt_assert_eq(pgem_mapped(buf.map, PAGES), 0);
		igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 0);
		igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
		pgem_check(buf.map, round, PAGES);
		pgem_fill(buf.map, round + 1, PAGES);
	}
	pgem_buf_fini(&buf);
}

/* With a window of one page a touch brings back the page that it needs, and no other. */
static void refault(int fd)
{
	struct pgem_buf buf;

	pgem_window(1);
	filled(&buf, fd, PAGES);
	pgem_shrink(PGEM_SHRINK_ALL);
	pgem_check(buf.map + 7 * PG, 7, 1);
	igt_assert_eq(pgem_mapped(buf.map, PAGES), 1);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, PG);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static void counts_pages(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 4096);
	pgem_fill(buf.map + 5 * PG, 5, 3);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 3);
	pgem_check(buf.map + 5 * PG, 5, 3);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 3 * PG);
	pgem_buf_fini(&buf);
}

/* What has been unmapped is no more to be had, until it is touched. */
static void once(int fd)
{
	struct pgem_buf buf;

	filled(&buf, fd, PAGES);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	pgem_check(buf.map, 0, 1);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	pgem_buf_fini(&buf);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
}

static void untouched(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 0);
	igt_assert(pgem_is_zero(buf.map, buf.size));
	pgem_buf_fini(&buf);
}

static void enough(int fd)
{
	struct pgem_buf bufs[4];
	size_t gone = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		filled(&bufs[i], fd, PAGES);
	igt_assert_eq_u64(pgem_shrink(0), 0);
	igt_assert_eq_u64(pgem_shrink(PAGES + 1), 2 * PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
		gone += !pgem_mapped(bufs[i].map, PAGES);
		pgem_check(bufs[i].map, 0, PAGES);
		pgem_buf_fini(&bufs[i]);
	}
	igt_assert_eq(gone, 2);
}

static void oldest_first(int fd)
{
	struct pgem_buf bufs[4];

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		filled(&bufs[i], fd, PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
		pgem_shrink(1);
		for (size_t j = 0; j < ARRAY_SIZE(bufs); j++)
			igt_assert_eq(pgem_mapped(bufs[j].map, PAGES), j <= i ? 0 : PAGES);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

/* Of two that are mapped, the one with a fault since the last look stays. */
static void idle_first(int fd)
{
	struct pgem_buf first, busy, idle;

	filled(&first, fd, PAGES);
	pgem_buf_init(&busy, fd, PAGES);
	pgem_fill(busy.map, 0, PAGES - 1);
	filled(&idle, fd, PAGES);
	pgem_shrink(1);
	igt_assert_eq(pgem_mapped(first.map, PAGES), 0);
	/* Older than the other, but for its last page. */
	pgem_mark(busy.map + (PAGES - 1) * PG, PAGES - 1);
	pgem_shrink(1);
	igt_assert_eq(pgem_mapped(busy.map, PAGES), PAGES);
	igt_assert_eq(pgem_mapped(idle.map, PAGES), 0);
	pgem_shrink(1);
	igt_assert_eq(pgem_mapped(busy.map, PAGES), 0);
	pgem_check(busy.map, 0, PAGES);
	pgem_buf_fini(&first);
	pgem_buf_fini(&busy);
	pgem_buf_fini(&idle);
}

static void unneeded_first(int fd)
{
	struct pgem_buf needed, unneeded;

	filled(&needed, fd, PAGES);
	filled(&unneeded, fd, PAGES);
	pgem_dontneed(fd, unneeded.handle);
	igt_assert_eq_u64(pgem_shrink(1), PAGES);
	igt_assert_eq(pgem_read_signal(unneeded.map), SIGBUS);
	igt_assert_eq(pgem_mapped(needed.map, PAGES), PAGES);
	pgem_buf_fini(&needed);
	pgem_buf_fini(&unneeded);
}

static void busy(int fd)
{
	struct pgem_buf buf;
	uint32_t fence;

	filled(&buf, fd, PAGES);
	fence = pgem_fence_attach(fd, buf.handle, 0);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	igt_assert_eq(pgem_mapped(buf.map, PAGES), PAGES);
	pgem_fence_signal(fd, fence);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	pgem_buf_fini(&buf);
}

/* The kernel has mapped it, so that its pages could not go to swap, anyway. */
static void pinned(int fd)
{
	const size_t pages = (PGEM_VIDEO_WIDTH * PGEM_VIDEO_HEIGHT * 2 + PG - 1) / PG;
	struct pgem_video camera;
	struct pgem_buf buf;
	int dmabuf;

	filled(&buf, fd, pages);
	dmabuf = pgem_export(fd, buf.handle);
	pgem_video_init(&camera, 0, PGEM_VIDEO_CAPTURE, PGEM_VIDEO_WIDTH, PGEM_VIDEO_HEIGHT);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, dmabuf);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	igt_assert_eq(pgem_mapped(buf.map, pages), pages);
	pgem_video_fini(&camera);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), pages);
	igt_assert_eq(pgem_mapped(buf.map, pages), 0);
	pgem_check(buf.map, 0, pages);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

/* All mappings go, or the kernel could not have the page: P3, also pieces of them. */
static void all_mappings(int fd)
{
	struct pgem_buf buf;
	uint8_t *by_dmabuf, *again;
	int dmabuf;

	filled(&buf, fd, PAGES);
	dmabuf = pgem_export(fd, buf.handle);
	by_dmabuf = pgem_map_fd(dmabuf, 4 * PG, (PAGES - 4) * PG);
	again = pgem_map(fd, buf.handle, buf.size);
	pgem_unmap(again + 2 * PG, 3 * PG);
	igt_assert_eq(mprotect(again + 9 * PG, PG, PROT_READ), 0);
	pgem_check(by_dmabuf, 4, PAGES - 4);
	pgem_check(again, 0, 2);
	pgem_check(again + 5 * PG, 5, PAGES - 5);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 0);
	pgem_check(by_dmabuf, 4, PAGES - 4);
	pgem_check(again, 0, 2);
	pgem_check(again + 5 * PG, 5, PAGES - 5);
	pgem_check(buf.map, 0, PAGES);
	pgem_unmap(again, buf.size);
	pgem_unmap(by_dmabuf, (PAGES - 4) * PG);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

static void other_process(int fd)
{
	struct pgem_buf buf;
	int go[2], ready[2];
	char byte = 0;

	igt_assert_eq(pipe(go), 0);
	igt_assert_eq(pipe(ready), 0);
	pgem_buf_init(&buf, fd, PAGES);
	igt_fork(child, 1) {
		pgem_fill(buf.map, 0, PAGES);
		igt_assert_eq(write(ready[1], &byte, 1), 1);
		igt_assert_eq(read(go[0], &byte, 1), 1);
		igt_assert_eq(pgem_mapped(buf.map, PAGES), 0);
		pgem_check(buf.map, 0, PAGES);
	}
	igt_assert_eq(read(ready[0], &byte, 1), 1);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, buf.size);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 0);
	igt_assert_eq(write(go[1], &byte, 1), 1);
	igt_waitchildren();
	pgem_buf_fini(&buf);
	for (int i = 0; i < 2; i++) {
		close(go[i]);
		close(ready[i]);
	}
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
static void shrink_and_swap(int fd)
{
	struct pgem_buf buf;

	filled(&buf, fd, 8 * MIB / PG);
	for (int round = 0; round < 2; round++) {
		pgem_fill(buf.map, round, buf.pages);
		igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), buf.pages);
		pgem_group_reclaim();
		igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
		pgem_check(buf.map, round, buf.pages);
	}
	pgem_buf_fini(&buf);
}

static void swap(int fd)
{
	pgem_group_with_swap(fd, shrink_and_swap);
}

/* Pages in swap are nobody's to shrink, and free with the object that is purged. */
static void purge_swapped(int fd)
{
	for (int round = 0; round < 4; round++) {
		struct pgem_buf buf;

		filled(&buf, fd, 8 * MIB / PG);
		pgem_shrink(PGEM_SHRINK_ALL);
		pgem_group_reclaim();
		igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
		pgem_dontneed(fd, buf.handle);
		pgem_shrink(PGEM_SHRINK_ALL);
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
	{ "unmap", unmap, "Pages leave page tables, and nothing else." },
	{ "refault", refault, "A touch brings back one page." },
	{ "counts-pages", counts_pages, "What is unmapped is counted in pages that exist." },
	{ "once", once, "What is unmapped is not counted again." },
	{ "untouched", untouched, "There is nothing to be had of what was never touched." },
	{ "enough", enough, "No more objects are unmapped than have to." },
	{ "oldest-first", oldest_first, "The oldest goes first." },
	{ "idle-first", idle_first, "One with a fault since the last look goes last." },
	{ "unneeded-first", unneeded_first, "What nobody needs goes before what is needed." },
	{ "busy", busy, "An object with a fence stays mapped." },
	{ "pinned", pinned, "One that the kernel has mapped stays mapped." },
	{ "all-mappings", all_mappings, "All mappings of an object go, and come back." },
	{ "other-process", other_process, "Another process's mapping goes, too." },
	{ "imported", imported, "Another driver's memory stays mapped." },
	{ "bad-number", bad_number, "The file in debugfs takes numbers." },
	{ "swap", swap, "What was unmapped goes to swap and comes back." },
	{ "swap-purged", swap_purged, "What is in swap can be purged, and frees it." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
