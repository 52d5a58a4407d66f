// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_info
 *
 * GEM_INFO: size and resident memory of an object. That pages in swap do not count
 * is in pgem_memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check what an object says about itself.");

#define PAGES 32

static void basic(int fd)
{
	const uint64_t sizes[] = { 1, PG, PG + 1, 1 << 20, (1ull << 32) + 5 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t handle = pgem_create(fd, sizes[i]);
		struct drm_pgem_gem_info info;

		igt_assert_eq(__pgem_info(fd, handle, &info), 0);
		igt_assert_eq_u32(info.handle, handle);
		igt_assert_eq_u32(info.flags, 0);
		igt_assert_eq_u64(info.size, (sizes[i] + PG - 1) / PG * PG);
		igt_assert_eq_u64(info.resident, 0);
		pgem_close(fd, handle);
	}
}

/* Outputs are written, whatever they held before. */
static void overwrites(int fd)
{
	struct drm_pgem_gem_info info = { .size = UINT64_MAX, .resident = UINT64_MAX };

	info.handle = pgem_create(fd, PG);
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, &info), 0);
	igt_assert_eq_u64(info.size, PG);
	igt_assert_eq_u64(info.resident, 0);
	pgem_close(fd, info.handle);
}

static void resident_grows(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	for (size_t i = 0; i < PAGES; i++) {
		volatile uint8_t *page = buf.map + (i * 7 % PAGES) * PG;

		if (i % 2)
			(void)*page;
		else
			*page = 1;
		igt_assert_eq_u64(pgem_resident(fd, buf.handle), (i + 1) * PG);
	}
	pgem_fill(buf.map, 0, PAGES);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_buf_fini(&buf);
}

static void resident_stays(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, 5);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_DONTNEED), 0);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 5 * PG);
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 5 * PG);
	pgem_close(fd, buf.handle);
}

static void refusal_allocates_nothing(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert_eq(__pgem_map(fd, pgem_offset(fd, buf.handle), buf.size, PROT_READ,
				 MAP_PRIVATE | MAP_POPULATE, &map), -EINVAL);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 0);
	pgem_buf_fini(&buf);
}

static void other_file(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	struct drm_pgem_gem_info info;
	struct pgem_buf buf;
	uint32_t handle;

	pgem_buf_init(&buf, fd, PAGES);
	dmabuf = pgem_export(fd, buf.handle);
	handle = pgem_import(other, dmabuf);
	pgem_fill(buf.map, 0, 3);
	igt_assert_eq(__pgem_info(other, handle, &info), 0);
	igt_assert_eq_u64(info.size, buf.size);
	igt_assert_eq_u64(info.resident, 3 * PG);
	close(dmabuf);
	close(other);
	pgem_buf_fini(&buf);
}

static void expect_refused(int fd, struct drm_pgem_gem_info arg, int error)
{
	struct drm_pgem_gem_info before;

	arg.size = 0x1111;
	arg.resident = 0x2222;
	before = arg;
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, &arg), error);
	igt_assert(!memcmp(&arg, &before, sizeof(arg)));
}

/* P26 */
static void bad_handle(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	const uint32_t handles[] = { 0, handle + 1, INT_MAX, INT_MAX + 1u, UINT_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		expect_refused(fd, (struct drm_pgem_gem_info){ .handle = handles[i] }, -ENOENT);
	pgem_close(fd, handle);
	expect_refused(fd, (struct drm_pgem_gem_info){ .handle = handle }, -ENOENT);
}

/* P26 */
static void bad_flags(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (int bit = 0; bit < 32; bit++)
		expect_refused(fd, (struct drm_pgem_gem_info){
			.handle = handle, .flags = 1u << bit }, -EINVAL);
	pgem_close(fd, handle);
}

static const struct pgem_test tests[] = {
	{ "basic", basic, "The size in whole pages, and nothing resident." },
	{ "overwrites", overwrites, "Outputs are written over what was there." },
	{ "resident-grows", resident_grows, "Each first touch, reading or writing, adds a page." },
	{ "resident-stays", resident_stays, "Unmapping gives no memory back." },
	{ "refusal-allocates-nothing", refusal_allocates_nothing,
	  "A refused mapping that was to be populated brings in no page." },
	{ "other-file", other_file, "Another file's handle tells the same." },
	{ "bad-handle", bad_handle, "An unknown handle is refused, the structure unchanged." },
	{ "bad-flags", bad_flags, "Flags on input are refused, the structure unchanged." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
