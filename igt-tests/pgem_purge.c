// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_purge
 *
 * GEM_MADVISE, and what becomes of objects that nobody needs: all pages go, for good,
 * and a mapping has SIGBUS where they were. Reclaim is asked for by debugfs; see
 * pgem_memcg.c for memory that is really short.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_purge.h"
#include "pgem_sync.h"

IGT_TEST_DESCRIPTION("Check GEM_MADVISE and purging.");

#define PAGES 32

static void unneeded(struct pgem_buf *buf, int fd)
{
	pgem_buf_init(buf, fd, PAGES);
	pgem_fill(buf->map, 0, PAGES);
	igt_assert(pgem_dontneed(fd, buf->handle));
}

static void expect_purged(struct pgem_buf *buf)
{
	igt_assert_eq_u64(pgem_resident(buf->fd, buf->handle), 0);
	igt_assert(!pgem_willneed(buf->fd, buf->handle));
	for (size_t i = 0; i < buf->pages; i++)
		igt_assert_eq(pgem_read_signal(buf->map + i * PG), SIGBUS);
	igt_assert_eq(pgem_write_signal(buf->map), SIGBUS);
	igt_assert_eq_u64(pgem_resident(buf->fd, buf->handle), 0);
}

/* Whether it is needed is not asked, so that it can be called again. */
static void expect_kept(struct pgem_buf *buf)
{
	igt_assert_eq_u64(pgem_resident(buf->fd, buf->handle), buf->size);
	igt_assert_eq(strcmp(pgem_line_of(buf->fd, buf->handle).advice, "dontneed"), 0);
	pgem_check(buf->map, 0, buf->pages);
}

/* A request with one thing wrong, and nothing comes back. */
static void expect_error(int fd, struct drm_pgem_gem_madvise arg, int error)
{
	struct drm_pgem_gem_madvise before = arg;

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_MADVISE, &arg), error);
	igt_assert(!memcmp(&arg, &before, sizeof(arg)));
}

static void bad_advice(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	/* The third is what the driver calls a purged object, and no client may. */
	static const uint32_t bad[] = { 2, 3, 0x80000000, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_error(fd, (struct drm_pgem_gem_madvise){ handle, bad[i], 0, 0 }, -EINVAL);
	igt_assert(pgem_willneed(fd, handle));
	pgem_close(fd, handle);
}

static void bad_retained(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (uint32_t bit = 1; bit; bit <<= 1)
		expect_error(fd, (struct drm_pgem_gem_madvise){ handle, 0, bit, 0 }, -EINVAL);
	pgem_close(fd, handle);
}

static void bad_pad(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (uint32_t bit = 1; bit; bit <<= 1)
		expect_error(fd, (struct drm_pgem_gem_madvise){ handle, 0, 0, bit }, -EINVAL);
	pgem_close(fd, handle);
}

/* P26 */
static void bad_handle(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR);
	const uint32_t bad[] = { 0, pgem_create(other, PG), INT32_MAX, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_error(fd, (struct drm_pgem_gem_madvise){ .handle = bad[i] }, -ENOENT);
	close(other);
}

static void bad_import(int fd)
{
	int dmabuf = pgem_udmabuf(PAGES);
	uint32_t handle = pgem_import(fd, dmabuf);

	close(dmabuf);
	for (uint32_t advice = 0; advice <= DRM_PGEM_MADV_DONTNEED; advice++)
		expect_error(fd, (struct drm_pgem_gem_madvise){ handle, advice, 0, 0 }, -EINVAL);
	pgem_close(fd, handle);
}

static void retained(int fd)
{
	struct pgem_buf buf;

	unneeded(&buf, fd);
	for (int i = 0; i < 3; i++) {
		igt_assert(pgem_dontneed(fd, buf.handle));
		igt_assert(pgem_dontneed(fd, buf.handle));
		igt_assert(pgem_willneed(fd, buf.handle));
		igt_assert(pgem_willneed(fd, buf.handle));
	}
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

/* P11: the pages are free, and nothing stays mapped. */
static void purge(int fd)
{
	size_t before = pgem_rss_shmem();
	struct pgem_buf buf;

	unneeded(&buf, fd);
	igt_assert_eq_u64(pgem_shrink(PAGES), PAGES);
	igt_assert_eq_u64(pgem_rss_shmem(), before);
	igt_assert_eq(pgem_mapped(buf.map, PAGES), 0);
	expect_purged(&buf);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);
}

static void purge_needed(int fd)
{
	struct pgem_buf never, again;

	pgem_buf_init(&never, fd, PAGES);
	pgem_fill(never.map, 0, PAGES);
	unneeded(&again, fd);
	igt_assert(pgem_willneed(fd, again.handle));
	pgem_shrink(PGEM_SHRINK_ALL);
	igt_assert_eq_u64(pgem_resident(fd, never.handle), never.size);
	igt_assert_eq_u64(pgem_resident(fd, again.handle), again.size);
	igt_assert(pgem_willneed(fd, again.handle));
	pgem_check(never.map, 0, PAGES);
	pgem_check(again.map, 0, PAGES);
	pgem_buf_fini(&never);
	pgem_buf_fini(&again);
}

/* What is gone stays gone: neither advice nor a mapping brings pages back. */
static void stays_purged(int fd)
{
	struct pgem_buf buf;
	uint8_t *again;

	unneeded(&buf, fd);
	pgem_shrink(PGEM_SHRINK_ALL);
	for (int i = 0; i < 3; i++) {
		igt_assert(!pgem_dontneed(fd, buf.handle));
		igt_assert(!pgem_willneed(fd, buf.handle));
	}
	again = pgem_map(fd, buf.handle, buf.size);
	igt_assert_eq(pgem_read_signal(again), SIGBUS);
	pgem_unmap(again, buf.size);
	pgem_shrink(PGEM_SHRINK_ALL);
	expect_purged(&buf);
	pgem_buf_fini(&buf);
}

/* Nor is it given to a device, that would see zeros for what was there. */
static void not_exported(int fd)
{
	struct pgem_buf buf;
	int dmabuf;

	unneeded(&buf, fd);
	pgem_shrink(PGEM_SHRINK_ALL);
	igt_assert_eq(__pgem_export(fd, buf.handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf), -EFAULT);
	igt_assert_eq(pgem_line_of(fd, buf.handle).dmabuf, 0);
	expect_purged(&buf);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);
}

/* Never stale or foreign data: pages that went come to the next as zeros. */
static void fresh(int fd)
{
	for (int round = 0; round < 4; round++) {
		struct pgem_buf buf, next;

		unneeded(&buf, fd);
		pgem_shrink(PGEM_SHRINK_ALL);
		pgem_buf_init(&next, fd, PAGES);
		igt_assert(pgem_is_zero(next.map, next.size));
		pgem_fill(next.map, 100, PAGES);
		igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
		pgem_buf_fini(&buf);
		pgem_check(next.map, 100, PAGES);
		pgem_buf_fini(&next);
	}
}

/* As much as is asked for, and whole objects. */
static void enough(int fd)
{
	struct pgem_buf bufs[4];
	size_t gone = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		unneeded(&bufs[i], fd);
	igt_assert_eq_u64(pgem_shrink(0), 0);
	igt_assert_eq_u64(pgem_shrink(PAGES + 1), 2 * PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		gone += !pgem_resident(fd, bufs[i].handle);
	igt_assert_eq(gone, 2);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

/* Pages, and not sizes */
static void counts_pages(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 1024);
	pgem_fill(buf.map, 0, 3);
	pgem_dontneed(fd, buf.handle);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 3);
	expect_purged(&buf);
	pgem_buf_fini(&buf);
}

/* Pages that came otherwise than by a fault: the kernel's writing does it, too. */
static void unmapped(int fd)
{
	struct pgem_buf buf;

	unneeded(&buf, fd);
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
	buf.map = pgem_map(fd, buf.handle, buf.size);
	expect_purged(&buf);
	pgem_buf_fini(&buf);
}

/* The others have not said that they do not need it. */
static void shared_handle(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	struct pgem_buf buf;
	uint32_t theirs;

	unneeded(&buf, fd);
	dmabuf = pgem_export(fd, buf.handle);
	theirs = pgem_import(other, dmabuf);
	close(dmabuf);
	pgem_shrink(PGEM_SHRINK_ALL);
	expect_kept(&buf);
	igt_assert(pgem_willneed(other, theirs));
	close(other);
	pgem_buf_fini(&buf);
}

/* A name can be on its way to somebody. */
static void shared_name(int fd)
{
	int primary = pgem_open(PGEM_PRIMARY, O_RDWR);
	struct drm_gem_flink name;
	struct pgem_buf buf;

	(void)fd;
	unneeded(&buf, primary);
	name = (struct drm_gem_flink){ .handle = buf.handle };
	igt_assert_eq(pgem_ioctl(primary, DRM_IOCTL_GEM_FLINK, &name), 0);
	pgem_shrink(PGEM_SHRINK_ALL);
	expect_kept(&buf);
	pgem_buf_fini(&buf);
	close(primary);
}

static void shared_dmabuf(int fd)
{
	struct pgem_buf buf;
	int dmabuf;

	unneeded(&buf, fd);
	dmabuf = pgem_export(fd, buf.handle);
	pgem_shrink(PGEM_SHRINK_ALL);
	expect_kept(&buf);
	/* It could still be a client's in flight, who has no handle yet. */
	close(dmabuf);
	pgem_buf_fini(&buf);
}

/* Left alone while it was somebody else's, and to be purged when it no longer is. */
static void shared_no_more(int fd)
{
	struct pgem_buf buf;
	int dmabuf;

	unneeded(&buf, fd);
	dmabuf = pgem_export(fd, buf.handle);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
	igt_assert_eq(pgem_mapped(buf.map, PAGES), PAGES);
	/* Its last handle gone, it is what is mapped. */
	pgem_close(fd, buf.handle);
	close(dmabuf);
	pgem_shrink(PGEM_SHRINK_ALL);
	igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq(pgem_objects(), 0);
}

static void busy(int fd)
{
	for (uint32_t flags = 0; flags <= DRM_PGEM_FENCE_WRITE; flags++) {
		struct pgem_buf buf;
		uint32_t fence;

		unneeded(&buf, fd);
		fence = pgem_fence_attach(fd, buf.handle, flags);
		igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 0);
		expect_kept(&buf);
		igt_assert_eq(pgem_mapped(buf.map, PAGES), PAGES);
		pgem_fence_signal(fd, fence);
		igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), PAGES);
		expect_purged(&buf);
		pgem_buf_fini(&buf);
	}
}

static const struct pgem_test tests[] = {
	{ "bad-advice", bad_advice, "Unknown advice is refused." },
	{ "bad-retained", bad_retained, "A set retained is refused." },
	{ "bad-pad", bad_pad, "A set pad is refused." },
	{ "bad-handle", bad_handle, "No advice about others' objects." },
	{ "bad-import", bad_import, "Nor about another driver's memory." },
	{ "retained", retained, "As long as memory lasts, all is retained." },
	{ "purge", purge, "What nobody needs goes, and its mapping has SIGBUS." },
	{ "needed", purge_needed, "What is needed, or is so again, stays." },
	{ "stays-purged", stays_purged,
	  "What is gone does not come back by advice or a new mapping." },
	{ "not-exported", not_exported, "Nor is it to be had for a device." },
	{ "fresh", fresh, "Pages that went come to others as zeros." },
	{ "enough", enough, "No more objects go than have to." },
	{ "counts-pages", counts_pages, "What is freed is counted in pages that existed." },
	{ "unmapped", unmapped, "An object without a mapping goes, too." },
	{ "shared-handle", shared_handle, "An object with a second handle stays." },
	{ "shared-name", shared_name, "One that has a name stays." },
	{ "shared-dmabuf", shared_dmabuf, "One with a dma-buf stays." },
	{ "shared-no-more", shared_no_more, "It goes once nobody else has it." },
	{ "busy", busy, "One with a fence stays, and stays mapped, until it is signalled." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_purge_race_subtests();
}
