// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_dmabuf
 *
 * mmap() of a dma-buf, which may begin at any page of the object (P3) and must end
 * with it (P2), and what outlives what.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check mapping of objects through their dma-buf.");

#define PAGES 16

struct shared {
	struct pgem_buf buf;
	int dmabuf;
};

static void shared_init(struct shared *shared, int fd)
{
	pgem_buf_init(&shared->buf, fd, PAGES);
	shared->dmabuf = pgem_export(fd, shared->buf.handle);
}

static void shared_fini(struct shared *shared)
{
	close(shared->dmabuf);
	pgem_buf_fini(&shared->buf);
	igt_assert_eq(pgem_objects(), 0);
}

static void whole(int fd)
{
	struct shared shared;
	uint8_t *map;

	shared_init(&shared, fd);
	map = pgem_map_fd(shared.dmabuf, 0, PAGES * PG);
	pgem_fill(map, 0, PAGES);
	pgem_check(shared.buf.map, 0, PAGES);
	pgem_fill(shared.buf.map, 20, PAGES);
	pgem_check(map, 20, PAGES);
	pgem_unmap(map, PAGES * PG);
	shared_fini(&shared);
}

/* P3: vgem shows the object's first page here, whatever the offset. */
static void at_offset(int fd)
{
	struct shared shared;

	shared_init(&shared, fd);
	pgem_fill(shared.buf.map, 0, PAGES);
	for (size_t first = 0; first < PAGES; first++) {
		for (size_t count = 1; count <= PAGES - first; count++) {
			uint8_t *map = pgem_map_fd(shared.dmabuf, first * PG, count * PG);

			pgem_check(map, first, count);
			pgem_unmap(map, count * PG);
		}
	}
	shared_fini(&shared);
}

static void at_offset_untouched(int fd)
{
	for (size_t first = 0; first < PAGES; first++) {
		struct shared shared;
		uint8_t *map;

		shared_init(&shared, fd);
		map = pgem_map_fd(shared.dmabuf, first * PG, (PAGES - first) * PG);
		pgem_mark(map + (PAGES - first - 1) * PG, 1);
		igt_assert(pgem_marked(shared.buf.map + (PAGES - 1) * PG, 1));
		pgem_mark(map, 2);
		igt_assert(pgem_marked(shared.buf.map + first * PG, 2));
		igt_assert(pgem_is_zero(shared.buf.map, first * PG));
		pgem_unmap(map, (PAGES - first) * PG);
		shared_fini(&shared);
	}
}

/* P3: the offset for the device file is first asked for when a mapping exists. */
static void before_offset(int fd)
{
	uint32_t handle = pgem_create(fd, PAGES * PG);
	int dmabuf = pgem_export(fd, handle);
	uint8_t *first = pgem_map_fd(dmabuf, 2 * PG, 3 * PG), *map;

	map = pgem_map(fd, handle, PAGES * PG);
	pgem_fill(map, 0, PAGES);
	pgem_check(first, 2, 3);
	pgem_unmap(first, 3 * PG);
	pgem_unmap(map, PAGES * PG);
	close(dmabuf);
	pgem_close(fd, handle);
}

/* P3, P6: an offset and a split together. */
static void at_offset_split(int fd)
{
	struct shared shared;
	uint8_t *map;

	shared_init(&shared, fd);
	pgem_fill(shared.buf.map, 0, PAGES);
	map = pgem_map_fd(shared.dmabuf, 3 * PG, 10 * PG);
	pgem_unmap(map, 2 * PG);
	pgem_unmap(map + 5 * PG, PG);
	pgem_check(map + 2 * PG, 5, 3);
	pgem_check(map + 6 * PG, 9, 4);
	igt_assert(mremap(map + 6 * PG, 4 * PG, 2 * PG, 0) == map + 6 * PG);
	pgem_check(map + 6 * PG, 9, 2);
	pgem_unmap(map, 10 * PG);
	shared_fini(&shared);
}

/* P2 */
static void beyond(int fd)
{
	const int prot = PROT_READ | PROT_WRITE;
	struct shared shared;
	uint64_t offset;

	shared_init(&shared, fd);
	pgem_expect_map(shared.dmabuf, (PAGES - 1) * PG, PG, prot, MAP_SHARED, 0);
	pgem_expect_map(shared.dmabuf, (PAGES - 1) * PG, 2 * PG, prot, MAP_SHARED, -EINVAL);
	pgem_expect_map(shared.dmabuf, PAGES * PG, PG, prot, MAP_SHARED, -EINVAL);
	pgem_expect_map(shared.dmabuf, 0, (PAGES + 1) * PG, prot, MAP_SHARED, -EINVAL);
	pgem_expect_map(shared.dmabuf, 1ull << 40, PG, prot, MAP_SHARED, -EINVAL);
	/* As large as the fake offset that DRM adds. */
	offset = pgem_offset(fd, shared.buf.handle);
	pgem_expect_map(shared.dmabuf, offset, PG, prot, MAP_SHARED, -EINVAL);
	shared_fini(&shared);
}

static void beyond_wrapping(int fd)
{
	static const uint64_t offsets[] = { 0x7ffffffffffff000, 0x8000000000000000,
					    0xfffffffffffff000 };
	struct shared shared;

	shared_init(&shared, fd);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		uint8_t *map;
		int ret = __pgem_map(shared.dmabuf, offsets[i], 2 * PG, PROT_READ, MAP_SHARED,
				     &map);

		igt_assert(ret == -EINVAL || ret == -EOVERFLOW);
	}
	shared_fini(&shared);
}

static void last_page(int fd)
{
	struct shared shared;
	uint8_t *map;

	shared_init(&shared, fd);
	map = pgem_map_fd(shared.dmabuf, (PAGES - 1) * PG, PG);
	pgem_mark(map, 77);
	igt_assert(pgem_marked(shared.buf.map + (PAGES - 1) * PG, 77));
	igt_assert_eq_u64(pgem_resident(fd, shared.buf.handle), PG);
	pgem_unmap(map, PG);
	shared_fini(&shared);
}

/* P4 */
static void private_mapping(int fd)
{
	struct shared shared;

	shared_init(&shared, fd);
	pgem_expect_map(shared.dmabuf, 0, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, -EINVAL);
	pgem_expect_map(shared.dmabuf, 0, PG, PROT_READ, MAP_PRIVATE, -EINVAL);
	shared_fini(&shared);
}

static void read_only_export(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	uint8_t *map;
	int dmabuf;

	igt_assert_eq(__pgem_export(fd, handle, DRM_CLOEXEC, &dmabuf), 0);
	pgem_expect_map(dmabuf, 0, PG, PROT_READ | PROT_WRITE, MAP_SHARED, -EACCES);
	igt_assert_eq(__pgem_map(dmabuf, 0, PG, PROT_READ, MAP_SHARED, &map), 0);
	igt_assert(pgem_is_zero(map, PG));
	igt_assert_eq(pgem_write_signal(map), SIGSEGV);
	igt_assert_eq(mprotect(map, PG, PROT_READ | PROT_WRITE), -1);
	pgem_expect_map(dmabuf, 0, PG, PROT_READ, MAP_PRIVATE, -EINVAL);
	pgem_unmap(map, PG);
	close(dmabuf);
	pgem_close(fd, handle);
}

/* P5, P6: the same kind of mapping as through the device file. */
static void flags(int fd)
{
	struct shared shared;
	uint8_t *map;

	shared_init(&shared, fd);
	map = pgem_map_fd(shared.dmabuf, PG, 4 * PG);
	igt_assert(pgem_map_flag(map, "mm"));
	igt_assert(pgem_map_flag(map, "de"));
	igt_assert(pgem_map_flag(map, "dd"));
	igt_assert(!pgem_map_flag(map, "pf"));
	igt_assert(!pgem_map_flag(map, "io"));
	igt_assert(mremap(map, 4 * PG, 5 * PG, MREMAP_MAYMOVE) == MAP_FAILED);
	igt_assert_eq(errno, EFAULT);
	pgem_unmap(map, 4 * PG);
	shared_fini(&shared);
}

static void size(int fd)
{
	struct shared shared;

	shared_init(&shared, fd);
	igt_assert_eq_u64(lseek(shared.dmabuf, 0, SEEK_END), PAGES * PG);
	igt_assert_eq_u64(lseek(shared.dmabuf, 0, SEEK_SET), 0);
	igt_assert_lt(lseek(shared.dmabuf, PG, SEEK_SET), 0);
	shared_fini(&shared);
}

static void sync_access(int fd)
{
	static const uint64_t directions[] = { DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE,
					       DMA_BUF_SYNC_RW };
	struct dma_buf_sync arg;
	struct shared shared;

	shared_init(&shared, fd);
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		arg.flags = DMA_BUF_SYNC_START | directions[i];
		igt_assert_eq(pgem_ioctl(shared.dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
		pgem_fill(shared.buf.map, i, PAGES);
		arg.flags = DMA_BUF_SYNC_END | directions[i];
		igt_assert_eq(pgem_ioctl(shared.dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
		pgem_check(shared.buf.map, i, PAGES);
	}
	arg.flags = 0;
	igt_assert_eq(pgem_ioctl(shared.dmabuf, DMA_BUF_IOCTL_SYNC, &arg), -EINVAL);
	shared_fini(&shared);
}

static void outlives_handle(int fd)
{
	struct shared shared;
	uint8_t *map;

	shared_init(&shared, fd);
	pgem_fill(shared.buf.map, 0, PAGES);
	pgem_buf_fini(&shared.buf);
	map = pgem_map_fd(shared.dmabuf, 0, PAGES * PG);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, PAGES * PG);
	close(shared.dmabuf);
	igt_assert_eq(pgem_objects(), 0);
}

static void outlives_file(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR);
	struct shared shared;
	uint8_t *map;

	(void)fd;
	shared_init(&shared, own);
	pgem_fill(shared.buf.map, 0, PAGES);
	pgem_buf_fini(&shared.buf);
	close(own);
	map = pgem_map_fd(shared.dmabuf, 2 * PG, PG);
	pgem_check(map, 2, 1);
	pgem_unmap(map, PG);
	close(shared.dmabuf);
	igt_assert_eq(pgem_objects(), 0);
}

/* P6: the mapping's own reference. */
static void mapping_outlives_all(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR);
	struct shared shared;
	uint8_t *map;

	(void)fd;
	shared_init(&shared, own);
	pgem_fill(shared.buf.map, 0, 8);
	map = pgem_map_fd(shared.dmabuf, 4 * PG, 8 * PG);
	close(shared.dmabuf);
	pgem_buf_fini(&shared.buf);
	close(own);
	pgem_check(map, 4, 4);
	igt_assert(pgem_is_zero(map + 4 * PG, 4 * PG));
	pgem_unmap(map, 2 * PG);
	pgem_check(map + 2 * PG, 6, 2);
	igt_assert_eq(pgem_objects(), 1);
	pgem_unmap(map, 8 * PG);
	igt_assert_eq(pgem_objects(), 0);
}

/* P6: of 1000 refused and 1000 good mappings no reference is left over or missing. */
static void map_loop(int fd)
{
	struct shared shared;

	shared_init(&shared, fd);
	pgem_mark(shared.buf.map, 1);
	for (int i = 0; i < 1000; i++) {
		pgem_expect_map(shared.dmabuf, 0, PG, PROT_READ, MAP_PRIVATE, -EINVAL);
		pgem_expect_map(shared.dmabuf, PG, PG, PROT_READ, MAP_SHARED, 0);
	}
	igt_assert(pgem_marked(shared.buf.map, 1));
	shared_fini(&shared);
}

static const struct pgem_test tests[] = {
	{ "whole", whole, "A dma-buf's mapping and the object's show the same memory." },
	{ "at-offset", at_offset, "Any range of pages can be mapped and shows these pages." },
	{ "at-offset-untouched", at_offset_untouched, "The same where no page was there before." },
	{ "before-offset", before_offset, "Asking for the offset moves no earlier mapping." },
	{ "at-offset-split", at_offset_split, "A mapping at an offset survives splits." },
	{ "beyond", beyond, "The last page can be mapped, what is behind it cannot." },
	{ "beyond-wrapping", beyond_wrapping, "Offsets that wrap are refused." },
	{ "last-page", last_page, "A first touch through the last page reaches the last page." },
	{ "private-mapping", private_mapping, "A private mapping is refused." },
	{ "read-only-export", read_only_export, "A dma-buf exported for reading gives no more." },
	{ "flags", flags, "The mapping has the flags that the device file's has." },
	{ "size", size, "Seeking to the end tells the size." },
	{ "sync-access", sync_access, "DMA_BUF_IOCTL_SYNC works in all directions." },
	{ "outlives-handle", outlives_handle, "A dma-buf can be mapped without a handle." },
	{ "outlives-file", outlives_file, "A dma-buf can be mapped without the file." },
	{ "mapping-outlives-all", mapping_outlives_all, "A mapping needs nothing but itself." },
	{ "map-loop", map_loop, "Mappings, good and refused, leave no reference." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
