// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_prime
 *
 * Objects as dma-bufs, and the way back to a handle, among the files of one device.
 * pgem_dmabuf is about mapping dma-bufs, pgem_import and pgem_export about other
 * drivers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check sharing of objects between files.");

#define PAGES 8

static void bad_export_flags(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	int dmabuf;

	for (int bit = 0; bit < 32; bit++) {
		uint32_t flag = 1u << bit;

		if (!(flag & (DRM_CLOEXEC | DRM_RDWR)))
			igt_assert_eq(__pgem_export(fd, handle, flag, &dmabuf), -EINVAL);
	}
	pgem_close(fd, handle);
}

/* P26 */
static void bad_export_handle(int fd)
{
	static const uint32_t handles[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	int dmabuf;

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		igt_assert_eq(__pgem_export(fd, handles[i], DRM_CLOEXEC, &dmabuf), -ENOENT);
}

static void bad_import_fd(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint32_t handle;

	igt_assert_eq(__pgem_import(fd, -1, &handle), -EBADF);
	igt_assert_eq(__pgem_import(fd, 1000, &handle), -EBADF);
	igt_assert_eq(__pgem_import(fd, null, &handle), -EINVAL);
	igt_assert_eq(__pgem_import(fd, fd, &handle), -EINVAL);
	close(null);
}

static void import_same_file(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	int dmabuf = pgem_export(fd, handle);

	igt_assert_eq_u32(pgem_import(fd, dmabuf), handle);
	igt_assert_eq_u32(pgem_import(fd, dmabuf), handle);
	igt_assert_eq(pgem_objects(), 1);
	close(dmabuf);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
}

static void import_other_file(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	struct pgem_buf buf;
	uint8_t *map;
	uint32_t handle;

	pgem_close(other, pgem_create(other, PG));
	pgem_create(other, PG);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES / 2);
	dmabuf = pgem_export(fd, buf.handle);
	handle = pgem_import(other, dmabuf);
	igt_assert_neq_u32(handle, buf.handle);
	igt_assert_eq_u64(pgem_offset(other, handle), pgem_offset(fd, buf.handle));

	map = pgem_map(other, handle, buf.size);
	pgem_check(map, 0, PAGES / 2);
	pgem_fill(map, 40, PAGES);
	pgem_check(buf.map, 40, PAGES);
	pgem_unmap(map, buf.size);
	close(dmabuf);
	close(other);
	pgem_buf_fini(&buf);
}

/* P9: the right to map comes and goes with the handle. */
static void import_gives_right(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	uint32_t handle = pgem_create(fd, PG), theirs;
	uint64_t offset = pgem_offset(fd, handle);
	uint8_t *map;

	igt_assert_eq(__pgem_map(other, offset, PG, PROT_READ, MAP_SHARED, &map), -EACCES);
	dmabuf = pgem_export(fd, handle);
	igt_assert_eq(__pgem_map(other, offset, PG, PROT_READ, MAP_SHARED, &map), -EACCES);
	theirs = pgem_import(other, dmabuf);
	igt_assert_eq(__pgem_map(other, offset, PG, PROT_READ, MAP_SHARED, &map), 0);
	pgem_unmap(map, PG);
	pgem_close(other, theirs);
	igt_assert_eq(__pgem_map(other, offset, PG, PROT_READ, MAP_SHARED, &map), -EACCES);
	close(dmabuf);
	close(other);
	pgem_close(fd, handle);
}

static void import_after_close(int fd)
{
	struct pgem_buf buf;
	uint32_t handle;
	uint8_t *map;
	int dmabuf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	dmabuf = pgem_export(fd, buf.handle);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 1);

	handle = pgem_import(fd, dmabuf);
	map = pgem_map(fd, handle, buf.size);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, buf.size);
	pgem_close(fd, handle);
	close(dmabuf);
	igt_assert_eq(pgem_objects(), 0);
}

static void import_after_file(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	struct pgem_buf buf;
	uint32_t handle;
	uint8_t *map;

	pgem_buf_init(&buf, other, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	dmabuf = pgem_export(other, buf.handle);
	pgem_buf_fini(&buf);
	close(other);

	handle = pgem_import(fd, dmabuf);
	close(dmabuf);
	map = pgem_map(fd, handle, buf.size);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, buf.size);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
}

static ino_t inode(int fd)
{
	struct stat st;

	igt_assert_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

static void export_twice(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	int first = pgem_export(fd, handle), second = pgem_export(fd, handle);
	ino_t former = inode(first);

	igt_assert(first != second);
	igt_assert_eq_u64(former, inode(second));
	close(first);
	close(second);
	first = pgem_export(fd, handle);
	close(first);
	pgem_close(fd, handle);
}

/* Only for another driver's memory does the dma-buf's access mode count in pgem. */
static void import_read_only(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	uint32_t handle = pgem_create(fd, PG);
	uint8_t *map;

	igt_assert_eq(__pgem_export(fd, handle, DRM_CLOEXEC, &dmabuf), 0);
	map = pgem_map(other, pgem_import(other, dmabuf), PG);
	pgem_fill(map, 0, 1);
	pgem_unmap(map, PG);
	close(dmabuf);
	close(other);
	pgem_close(fd, handle);
}

/* An object keeps its dma-buf, and with it the access mode, while it has a handle. */
static void export_first_decides(int fd)
{
	uint32_t modes[] = { 0, DRM_RDWR };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		uint32_t handle = pgem_create(fd, PG);
		int first, second;

		igt_assert_eq(__pgem_export(fd, handle, DRM_CLOEXEC | modes[i], &first), 0);
		close(first);
		igt_assert_eq(__pgem_export(fd, handle, DRM_CLOEXEC | modes[!i], &second), 0);
		igt_assert_eq(fcntl(second, F_GETFL) & O_ACCMODE, modes[i] ? O_RDWR : O_RDONLY);
		pgem_expect_map(second, 0, PG, PROT_READ | PROT_WRITE, MAP_SHARED,
				modes[i] ? 0 : -EACCES);
		close(second);
		pgem_close(fd, handle);
	}
}

static void export_close_loop(int fd)
{
	size_t lines = pgem_objects();

	for (int i = 0; i < 1000; i++) {
		uint32_t handle = pgem_create(fd, PG);
		int dmabuf = pgem_export(fd, handle);

		if (i % 2)
			igt_assert_eq_u32(pgem_import(fd, dmabuf), handle);
		pgem_close(fd, handle);
		close(dmabuf);
	}
	igt_assert_eq(pgem_objects(), lines);
}

static void primary_node(int fd)
{
	int primary = pgem_open(PGEM_PRIMARY, O_RDWR), dmabuf;
	struct pgem_buf buf;
	uint32_t handle;
	uint8_t *map;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	dmabuf = pgem_export(fd, buf.handle);
	handle = pgem_import(primary, dmabuf);
	map = pgem_map(primary, handle, buf.size);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, buf.size);
	close(dmabuf);
	close(primary);
	pgem_buf_fini(&buf);
}

/* The older way to share, by a name that anyone may guess: for the primary node only. */
static void flink(int fd)
{
	int first = pgem_open(PGEM_PRIMARY, O_RDWR), second = pgem_open(PGEM_PRIMARY, O_RDWR);
	struct drm_gem_flink name;
	struct drm_gem_open opened;
	struct pgem_buf buf;
	uint8_t *map;

	pgem_buf_init(&buf, first, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	name = (struct drm_gem_flink){ .handle = buf.handle };
	igt_assert_eq(pgem_ioctl(first, DRM_IOCTL_GEM_FLINK, &name), 0);
	opened = (struct drm_gem_open){ .name = name.name };
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_GEM_OPEN, &opened), -EACCES);
	/* The first of them is master and can vouch for the other. */
	igt_assert_eq(pgem_ioctl(second, DRM_IOCTL_GEM_OPEN, &opened), 0);
	igt_assert_eq_u64(opened.size, buf.size);
	map = pgem_map(second, opened.handle, buf.size);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, buf.size);
	pgem_buf_fini(&buf);
	close(second);
	close(first);
}

static const struct pgem_test tests[] = {
	{ "bad-export-flags", bad_export_flags, "Flags that DRM does not know are refused." },
	{ "bad-export-handle", bad_export_handle, "An unknown handle cannot be exported." },
	{ "bad-import-fd", bad_import_fd, "Only a dma-buf can be imported." },
	{ "import-same-file", import_same_file, "A file gets the handle back that it has." },
	{ "import-other-file", import_other_file, "Another file gets a handle to the memory." },
	{ "import-gives-right", import_gives_right,
	  "Importing gives the right to map, closing ends it." },
	{ "import-after-close", import_after_close, "A dma-buf keeps the object alive." },
	{ "import-after-file", import_after_file, "A dma-buf keeps the object without its file." },
	{ "import-read-only", import_read_only,
	  "An object of the device is as writable as ever, however it was exported." },
	{ "export-twice", export_twice, "An object has one dma-buf." },
	{ "export-first-decides", export_first_decides,
	  "The first export of an object decides what its dma-buf allows." },
	{ "export-close-loop", export_close_loop, "A thousand exports leave nothing." },
	{ "primary-node", primary_node, "Objects go from the render to the primary node." },
	{ "flink", flink, "Names work on the primary node, and not on the render node." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
