// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_stats
 *
 * What the kernel tells about memory: fdinfo of the device file, GEM_INFO, smaps and
 * debugfs. Resident are pages that exist, whatever the size, and all four agree.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_sync.h"
#include "pgem_video.h"

IGT_TEST_DESCRIPTION("Check what is told about memory.");

#define PAGES 32

#define TOTAL		"drm-total-memory"
#define SHARED		"drm-shared-memory"
#define RESIDENT	"drm-resident-memory"
#define PURGEABLE	"drm-purgeable-memory"
#define ACTIVE		"drm-active-memory"

static void names(int fd)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	igt_assert(pgem_read_file(path, text, sizeof(text)) > 0);
	igt_assert(strstr(text, "drm-driver:\t" PGEM_NAME "\n"));
	igt_assert(strstr(text, "drm-client-id:\t"));
}

/* Sizes, with or without pages; of this file's objects alone. */
static void total(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR);
	uint32_t theirs = pgem_create(other, PG);
	struct pgem_buf one, two;

	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), 0);
	pgem_buf_init(&one, fd, 3);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), 3 * PG);
	pgem_buf_init(&two, fd, PAGES);
	pgem_fill(two.map, 0, 1);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), (PAGES + 3) * PG);
	pgem_buf_fini(&one);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), PAGES * PG);
	pgem_buf_fini(&two);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), 0);
	pgem_close(other, theirs);
	close(other);
}

/* All that tell of resident memory say so many pages; mapped are as many. */
static void expect_pages(struct pgem_buf *buf, size_t pages)
{
	igt_assert_eq_u64(pgem_fdinfo(buf->fd, RESIDENT), pages * PG);
	igt_assert_eq_u64(pgem_resident(buf->fd, buf->handle), pages * PG);
	igt_assert_eq_u64(pgem_line_of(buf->fd, buf->handle).resident, pages * PG);
	igt_assert_eq_u64(pgem_line_of(buf->fd, buf->handle).mapped, pages * PG);
	igt_assert_eq_u64(pgem_map_rss(buf->map), pages * PG);
}

static void resident(int fd)
{
	size_t before = pgem_rss_shmem();
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	expect_pages(&buf, 0);
	pgem_mark(buf.map + 9 * PG, 9);
	expect_pages(&buf, 1);
	pgem_fill(buf.map, 0, 7);
	expect_pages(&buf, 8);
	pgem_fill(buf.map, 0, PAGES);
	expect_pages(&buf, PAGES);
	igt_assert_eq_u64(pgem_rss_shmem() - before, buf.size);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), buf.size);
	pgem_buf_fini(&buf);
	igt_assert_eq_u64(pgem_fdinfo(fd, RESIDENT), 0);
}

/* A sum: no object counts by its size, and none twice. */
static void resident_sum(int fd)
{
	struct pgem_buf bufs[8];

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
		pgem_buf_init(&bufs[i], fd, PAGES);
		pgem_fill(bufs[i].map, 0, i);
	}
	igt_assert_eq_u64(pgem_fdinfo(fd, RESIDENT), 28 * PG);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), ARRAY_SIZE(bufs) * PAGES * PG);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

static void purged(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	pgem_dontneed(fd, buf.handle);
	pgem_shrink(PGEM_SHRINK_ALL);
	expect_pages(&buf, 0);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), buf.size);
	igt_assert_eq_u64(pgem_fdinfo(fd, PURGEABLE), 0);
	pgem_buf_fini(&buf);
}

/* Pages that exist and may go; not those that are in use, nor those needed again. */
static void purgeable(int fd)
{
	struct pgem_buf buf;
	uint32_t fence;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, 5);
	igt_assert_eq_u64(pgem_fdinfo(fd, PURGEABLE), 0);
	pgem_dontneed(fd, buf.handle);
	igt_assert_eq_u64(pgem_fdinfo(fd, PURGEABLE), 5 * PG);
	igt_assert_eq_u64(pgem_fdinfo(fd, RESIDENT), 5 * PG);
	fence = pgem_fence_attach(fd, buf.handle, 0);
	igt_assert_eq_u64(pgem_fdinfo(fd, PURGEABLE), 0);
	pgem_fence_signal(fd, fence);
	igt_assert_eq_u64(pgem_fdinfo(fd, PURGEABLE), 5 * PG);
	pgem_willneed(fd, buf.handle);
	igt_assert_eq_u64(pgem_fdinfo(fd, PURGEABLE), 0);
	igt_assert_eq_u64(pgem_fdinfo(fd, RESIDENT), 5 * PG);
	pgem_buf_fini(&buf);
}

static void active(int fd)
{
	struct pgem_buf buf;
	uint32_t fence;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, 5);
	for (uint32_t flags = 0; flags <= DRM_PGEM_FENCE_WRITE; flags++) {
		igt_assert_eq_u64(pgem_fdinfo(fd, ACTIVE), 0);
		fence = pgem_fence_attach(fd, buf.handle, flags);
		igt_assert_eq_u64(pgem_fdinfo(fd, ACTIVE), 5 * PG);
		pgem_fence_signal(fd, fence);
	}
	igt_assert_eq_u64(pgem_fdinfo(fd, ACTIVE), 0);
	pgem_buf_fini(&buf);
}

/* For each file the whole size, since either could be the one who keeps it. */
static void shared(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	struct pgem_buf buf, own;
	uint32_t theirs;

	pgem_buf_init(&own, fd, 3);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, 5);
	igt_assert_eq_u64(pgem_fdinfo(fd, SHARED), 0);
	dmabuf = pgem_export(fd, buf.handle);
	igt_assert_eq_u64(pgem_fdinfo(fd, SHARED), buf.size);
	theirs = pgem_import(other, dmabuf);
	close(dmabuf);
	igt_assert_eq_u64(pgem_fdinfo(other, TOTAL), buf.size);
	igt_assert_eq_u64(pgem_fdinfo(other, SHARED), buf.size);
	igt_assert_eq_u64(pgem_fdinfo(other, RESIDENT), 5 * PG);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), buf.size + own.size);
	pgem_close(other, theirs);
	close(other);
	pgem_buf_fini(&buf);
	igt_assert_eq_u64(pgem_fdinfo(fd, SHARED), 0);
	pgem_buf_fini(&own);
}

/* The memory is another driver's, which counts it itself. */
static void imported(int fd)
{
	int dmabuf = pgem_udmabuf(PAGES);
	uint32_t handle = pgem_import(fd, dmabuf);
	uint8_t *map = pgem_map(fd, handle, PAGES * PG);

	pgem_fill(map, 0, PAGES);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), PAGES * PG);
	igt_assert_eq_u64(pgem_fdinfo(fd, SHARED), PAGES * PG);
	igt_assert_eq_u64(pgem_fdinfo(fd, RESIDENT), 0);
	igt_assert_eq_u64(pgem_fdinfo(fd, PURGEABLE), 0);
	igt_assert_eq_u64(pgem_resident(fd, handle), 0);
	igt_assert_eq_u64(pgem_line_of(fd, handle).mapped, 0);
	pgem_unmap(map, PAGES * PG);
	close(dmabuf);
	pgem_close(fd, handle);
}

static void two_handles(int fd)
{
	int dmabuf;
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, 5);
	dmabuf = pgem_export(fd, buf.handle);
	/* The same handle comes back: still one object. */
	igt_assert_eq_u32(pgem_import(fd, dmabuf), buf.handle);
	close(dmabuf);
	igt_assert_eq_u64(pgem_fdinfo(fd, TOTAL), buf.size);
	igt_assert_eq_u64(pgem_fdinfo(fd, RESIDENT), 5 * PG);
	pgem_buf_fini(&buf);
}

/* Of pages, not of mappings: a page that is mapped twice counts once. */
static void mapped(int fd)
{
	struct pgem_buf buf;
	uint8_t *again;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, 5);
	again = pgem_map(fd, buf.handle, buf.size);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 5 * PG);
	pgem_fill(again, 0, 8);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 8 * PG);
	pgem_unmap(again, buf.size);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 5 * PG);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).resident, 8 * PG);
	igt_assert_eq(madvise(buf.map, 2 * PG, MADV_DONTNEED), 0);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 3 * PG);
	igt_assert_eq_u64(pgem_map_rss(buf.map), 3 * PG);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_DONTNEED), 0);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 0);
	igt_assert_eq_u64(pgem_fdinfo(fd, RESIDENT), 8 * PG);
	pgem_buf_fini(&buf);
}

static void mapped_elsewhere(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_fork(child, 1) {
		pgem_fill(buf.map, 0, 5);
		igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 5 * PG);
	}
	igt_waitchildren();
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).mapped, 0);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).resident, 5 * PG);
	pgem_buf_fini(&buf);
}

static void pins(int fd)
{
	const size_t pages = (PGEM_VIDEO_WIDTH * PGEM_VIDEO_HEIGHT * 2 + PG - 1) / PG;
	uint32_t handle = pgem_create(fd, pages * PG);
	int dmabuf = pgem_export(fd, handle);
	struct pgem_video camera;

	igt_assert_eq(pgem_line_of(fd, handle).pins, 0);
	pgem_video_init(&camera, 0, PGEM_VIDEO_CAPTURE, PGEM_VIDEO_WIDTH, PGEM_VIDEO_HEIGHT);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, dmabuf);
	igt_assert_lt(0, pgem_line_of(fd, handle).pins);
	/* Pages that the kernel has are not mapped into a process. */
	igt_assert_eq_u64(pgem_line_of(fd, handle).mapped, 0);
	igt_assert_eq_u64(pgem_fdinfo(fd, RESIDENT), pages * PG);
	pgem_video_fini(&camera);
	igt_assert_eq(pgem_line_of(fd, handle).pins, 0);
	close(dmabuf);
	pgem_close(fd, handle);
}

static void expect_advice(int fd, uint32_t handle, const char *advice)
{
	struct pgem_line line = pgem_line_of(fd, handle);

	igt_assert_f(!strcmp(line.advice, advice), "%s is not %s\n", line.advice, advice);
}

static void advice(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, 1);
	expect_advice(fd, buf.handle, "needed");
	pgem_dontneed(fd, buf.handle);
	expect_advice(fd, buf.handle, "dontneed");
	pgem_willneed(fd, buf.handle);
	expect_advice(fd, buf.handle, "needed");
	pgem_dontneed(fd, buf.handle);
	pgem_shrink(PGEM_SHRINK_ALL);
	expect_advice(fd, buf.handle, "purged");
	pgem_willneed(fd, buf.handle);
	expect_advice(fd, buf.handle, "purged");
	pgem_buf_fini(&buf);
}

static const struct pgem_test tests[] = {
	{ "names", names, "fdinfo names the driver and the client." },
	{ "total", total, "Total are the sizes of the file's objects." },
	{ "resident", resident, "Resident are pages that exist, for all who tell." },
	{ "resident-sum", resident_sum, "Resident is the sum over the objects." },
	{ "purged", purged, "Nothing of a purged object is resident." },
	{ "purgeable", purgeable, "Purgeable is what nobody needs or uses." },
	{ "active", active, "Active is what has a fence." },
	{ "shared", shared, "Shared is what has a dma-buf or a second handle." },
	{ "imported", imported, "Another driver's memory is not resident here." },
	{ "same-handle", two_handles, "An object that comes back counts once." },
	{ "mapped", mapped, "debugfs counts mapped pages, each once." },
	{ "mapped-elsewhere", mapped_elsewhere, "Those of other processes, too." },
	{ "pins", pins, "debugfs counts who keeps the pages." },
	{ "advice", advice, "debugfs shows the advice." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
