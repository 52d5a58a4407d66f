// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_huge
 *
 * Objects of large folios: what the first touch allocates, that each page is still mapped
 * by itself, and that nobody gets them without having asked.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_video.h"
#include "pgem_window.h"

IGT_TEST_DESCRIPTION("Check objects of large folios.");

#define FOLIO (2 << 20)
#define FOLIO_PAGES (FOLIO / PG)
#define THP "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

static uint32_t huge_create(int fd, uint64_t size)
{
	struct drm_pgem_gem_create arg = { .size = size, .flags = DRM_PGEM_GEM_HUGE };

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &arg), 0);
	igt_assert_eq_u64(arg.size, size);
	igt_assert_eq_u32(arg.flags, DRM_PGEM_GEM_HUGE);
	return arg.handle;
}

/* The kernel needs free memory in one piece, so that it can give any. */
static void huge_init(struct pgem_buf *buf, int fd, size_t pages)
{
	*buf = (struct pgem_buf){ .fd = fd, .pages = pages, .size = pages * PG };
	buf->handle = huge_create(fd, buf->size);
	buf->map = pgem_map(fd, buf->handle, buf->size);
	pgem_write_file("/proc/sys/vm/compact_memory", "1");
}

static void known(int fd)
{
	igt_assert(pgem_get_param(fd, DRM_PGEM_PARAM_CREATE_FLAGS) & DRM_PGEM_GEM_HUGE);
}

static uint32_t info_flags(int fd, uint32_t handle)
{
	struct drm_pgem_gem_info info;

	igt_assert_eq(__pgem_info(fd, handle, &info), 0);
	return info.flags;
}

static void info(int fd)
{
	uint32_t huge = huge_create(fd, FOLIO), plain = pgem_create(fd, FOLIO);

	igt_assert_eq_u32(info_flags(fd, huge), DRM_PGEM_GEM_HUGE);
	igt_assert_eq_u32(info_flags(fd, plain), 0);
	igt_assert_eq_u64(pgem_resident(fd, huge), 0);
	pgem_close(fd, huge);
	pgem_close(fd, plain);
}

/* All that exists is told, and what is mapped is not more than what was touched. */
static void first_touch(int fd)
{
	struct pgem_buf buf;

	huge_init(&buf, fd, 2 * FOLIO_PAGES);
	buf.map[FOLIO + 5 * PG] = 1;
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), FOLIO);
	igt_assert_eq_u64(pgem_fdinfo(fd, "drm-resident-memory"), FOLIO);
	igt_assert_eq(pgem_mapped(buf.map, buf.pages), 1);
	igt_assert_eq_u64(pgem_map_rss(buf.map), PG);
	igt_assert(pgem_is_zero(buf.map, FOLIO + 5 * PG));
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 2 * FOLIO);
	pgem_buf_fini(&buf);
}

static void each_page(int fd)
{
	struct pgem_buf buf;

	pgem_window(1);
	huge_init(&buf, fd, FOLIO_PAGES);
	for (size_t i = 0; i < buf.pages; i++) {
		size_t page = i * 97 % buf.pages;

		pgem_mark(buf.map + page * PG, page);
		igt_assert_eq_u64(pgem_map_rss(buf.map), (i + 1) * PG);
	}
	pgem_check(buf.map, 0, buf.pages);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), FOLIO);
	pgem_buf_fini(&buf);
}

static void asked_for(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 2 * FOLIO_PAGES);
	buf.map[FOLIO] = 1;
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), PG);
	pgem_buf_fini(&buf);
}

static void one_page(int fd)
{
	struct pgem_buf buf;

	huge_init(&buf, fd, 1);
	pgem_mark(buf.map, 1);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), PG);
	pgem_buf_fini(&buf);
}

/* No folio reaches beyond the object, whose end is between two. */
static void odd_end(int fd)
{
	struct pgem_buf buf;

	huge_init(&buf, fd, FOLIO_PAGES + 3);
	pgem_fill(buf.map, 0, buf.pages);
	pgem_check(buf.map, 0, buf.pages);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	igt_assert_eq(pgem_read_signal(buf.map), 0);
	pgem_buf_fini(&buf);
}

/* An administrator can do without. */
static void denied(int fd)
{
	struct pgem_buf buf;

	pgem_set(THP, "deny");
	huge_init(&buf, fd, FOLIO_PAGES);
	pgem_mark(buf.map + 7 * PG, 7);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), PG);
	pgem_check(buf.map + 7 * PG, 7, 1);
	pgem_buf_fini(&buf);
	pgem_restore();
	huge_init(&buf, fd, FOLIO_PAGES);
	pgem_mark(buf.map + 7 * PG, 7);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), FOLIO);
	pgem_buf_fini(&buf);
}

/*
 * The administrator's setting for tests of the kernel's: the largest folios everywhere,
 * beyond the end of what they are for.
 */
static void forced(int fd)
{
	const size_t sizes[] = { 1, 3, FOLIO_PAGES + 1 };
	struct pgem_line line;
	struct pgem_buf buf;

	pgem_set(THP, "force");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		pgem_write_file("/proc/sys/vm/compact_memory", "1");
		pgem_buf_init(&buf, fd, sizes[i]);
		pgem_fill(buf.map, 0, buf.pages);
		igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
		igt_assert_eq_u64(pgem_fdinfo(fd, "drm-resident-memory"), buf.size);
		line = pgem_line_of(fd, buf.handle);
		igt_assert_eq_u64(line.resident, buf.size);
		igt_assert_eq_u64(line.mapped, buf.size);
		pgem_check(buf.map, 0, buf.pages);
		pgem_buf_fini(&buf);
	}
	pgem_restore();
}

/* P3 */
static void split(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;

	huge_init(&buf, fd, 2 * FOLIO_PAGES);
	pgem_fill(buf.map, 0, buf.pages);
	pgem_unmap(buf.map, buf.size);
	map = pgem_map(fd, buf.handle, buf.size);
	pgem_unmap(map, 100 * PG);
	pgem_unmap(map + 300 * PG, 400 * PG);
	pgem_check(map + 100 * PG, 100, 200);
	pgem_check(map + 700 * PG, 700, buf.pages - 700);
	pgem_unmap(map + 100 * PG, 200 * PG);
	pgem_unmap(map + 700 * PG, (buf.pages - 700) * PG);
	pgem_close(fd, buf.handle);
}

static void dmabuf(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;
	int dmabuf;

	huge_init(&buf, fd, FOLIO_PAGES);
	pgem_fill(buf.map, 0, buf.pages);
	dmabuf = pgem_export(fd, buf.handle);
	map = pgem_map_fd(dmabuf, 37 * PG, 40 * PG);
	pgem_check(map, 37, 40);
	pgem_unmap(map, 40 * PG);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

/* A frame that another driver writes by the kernel's mapping */
static void captured(int fd)
{
	struct pgem_video camera;
	struct pgem_buf buf;
	int dmabuf;

	huge_init(&buf, fd, FOLIO_PAGES);
	dmabuf = pgem_export(fd, buf.handle);
	pgem_video_init(&camera, 0, PGEM_VIDEO_CAPTURE, PGEM_VIDEO_WIDTH, PGEM_VIDEO_HEIGHT);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, dmabuf);
	pgem_video_on(&camera);
	igt_assert_eq(pgem_video_dequeue(&camera), 0);
	for (size_t i = 0; i < camera.size / PG; i++)
		igt_assert(!pgem_is_zero(buf.map + i * PG, PG));
	igt_assert(pgem_is_zero(buf.map + (camera.size / PG + 1) * PG, PG));
	pgem_video_fini(&camera);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

static void gup(int fd)
{
	struct iovec local, remote;
	struct pgem_buf buf;
	uint8_t *copy;

	huge_init(&buf, fd, FOLIO_PAGES);
	pgem_fill(buf.map, 0, buf.pages);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_DONTNEED), 0);
	copy = malloc(buf.size);
	igt_assert(copy);
	local = (struct iovec){ copy, buf.size };
	remote = (struct iovec){ buf.map, buf.size };
	igt_assert_eq(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), buf.size);
	pgem_check(copy, 0, buf.pages);
	free(copy);
	pgem_buf_fini(&buf);
}

static void purge(int fd)
{
	struct pgem_buf buf;

	huge_init(&buf, fd, FOLIO_PAGES);
	pgem_mark(buf.map + PG, 1);
	igt_assert(pgem_dontneed(fd, buf.handle));
	igt_assert_eq_u64(pgem_fdinfo(fd, "drm-purgeable-memory"), FOLIO);
	igt_assert_eq_u64(pgem_shrink(1), FOLIO_PAGES);
	igt_assert(!pgem_willneed(fd, buf.handle));
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 0);
	igt_assert_eq(pgem_read_signal(buf.map + PG), SIGBUS);
	pgem_buf_fini(&buf);
}

/* For that the kernel may have to cut a folio that lies in page tables here and there. */
static void fill_and_swap(int fd)
{
	struct pgem_buf buf;

	huge_init(&buf, fd, 4 * FOLIO_PAGES);
	for (size_t i = 0; i < buf.pages; i++)
		pgem_mark(buf.map + i * PG, i);
	pgem_group_reclaim_mapped();
	igt_assert_lt_u64(pgem_resident(fd, buf.handle), buf.size / 2);
	pgem_check(buf.map, 0, buf.pages);
	pgem_buf_fini(&buf);
}

static void swap(int fd)
{
	pgem_group_with_swap(fd, fill_and_swap);
}

static const struct pgem_test tests[] = {
	{ "known", known, "The device says that it takes the flag." },
	{ "info", info, "GEM_INFO tells which objects have it." },
	{ "first-touch", first_touch, "A touch allocates a folio, and maps a page." },
	{ "each-page", each_page, "With a window of one page each is mapped by its own touch." },
	{ "asked-for", asked_for, "Without the flag a touch allocates a page." },
	{ "one-page", one_page, "An object of one page has one." },
	{ "odd-end", odd_end, "What is left beyond the last folio is in smaller ones." },
	{ "denied", denied, "Where large folios are off there are small pages." },
	{ "forced", forced, "No more is told to exist than there is of the object." },
	{ "split", split, "Pieces of a mapping show the right pages." },
	{ "dmabuf", dmabuf, "So does the dma-buf at an offset." },
	{ "captured", captured, "Another driver writes by the kernel's mapping." },
	{ "gup", gup, "get_user_pages() takes pages out of the middle." },
	{ "purge", purge, "Purged, the whole folio is free." },
	{ "swap", swap, "Contents go to swap and come back." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
