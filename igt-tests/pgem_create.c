// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_create
 *
 * GEM_CREATE and GEM_CLOSE: sizes, refusals, handles, and what a new object holds.
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

IGT_TEST_DESCRIPTION("Check creation and closing of objects.");

static void sizes(int fd)
{
	const uint64_t wanted[] = { 1, PG - 1, PG, PG + 1, 2 * PG, (2 << 20) - 1, 2 << 20,
				    (2 << 20) + 1, (1ull << 32) - 1, 1ull << 32, (1ull << 32) + 1 };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct drm_pgem_gem_create arg = { .size = wanted[i] };

		igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &arg), 0);
		igt_assert_eq_u64(arg.size, (wanted[i] + PG - 1) / PG * PG);
		igt_assert_neq_u32(arg.handle, 0);
		igt_assert_eq_u32(arg.flags, 0);
		pgem_close(fd, arg.handle);
	}
}

/* P2: an index that is cut to 32 bits would show here. */
static void max_size(int fd)
{
	uint64_t size = pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE);
	uint32_t handle = pgem_create(fd, size);
	uint8_t *map = pgem_map(fd, handle, size);

	pgem_mark(map, 1);
	pgem_mark(map + size - PG, 2);
	pgem_mark(map + size / 2, 3);
	igt_assert(pgem_marked(map, 1));
	igt_assert(pgem_marked(map + size - PG, 2));
	igt_assert(pgem_marked(map + size / 2, 3));
	igt_assert_eq_u64(pgem_resident(fd, handle), 3 * PG);

	pgem_unmap(map, size);
	pgem_close(fd, handle);
}

static void expect_refused(int fd, struct drm_pgem_gem_create arg, int error)
{
	struct drm_pgem_gem_create before = arg;

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &arg), error);
	igt_assert(!memcmp(&arg, &before, sizeof(arg)));
}

static void bad_size_zero(int fd)
{
	expect_refused(fd, (struct drm_pgem_gem_create){ .size = 0 }, -EINVAL);
}

/* P16: rounding up to whole pages must not wrap to something small. */
static void bad_size_large(int fd)
{
	uint64_t max = pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE);
	const uint64_t large[] = { max + 1, max + PG, INT64_MAX, 1ull << 63, INT64_MAX + 2ull,
				   UINT64_MAX, UINT64_MAX - PG + 1, UINT64_MAX - PG + 2,
				   UINT64_MAX - PG };

	for (size_t i = 0; i < ARRAY_SIZE(large); i++)
		expect_refused(fd, (struct drm_pgem_gem_create){ .size = large[i] }, -E2BIG);
}

/* P26 */
static void bad_flags(int fd)
{
	uint64_t mask = pgem_get_param(fd, DRM_PGEM_PARAM_CREATE_FLAGS);

	for (int bit = 0; bit < 32; bit++) {
		if (mask & (1u << bit))
			continue;
		expect_refused(fd, (struct drm_pgem_gem_create){
			.size = PG, .flags = 1u << bit }, -EINVAL);
	}
	expect_refused(fd, (struct drm_pgem_gem_create){
		.size = PG, .flags = UINT32_MAX }, -EINVAL);
}

/* P26 */
static void bad_handle(int fd)
{
	static const uint32_t handles[] = { 1, INT_MAX, INT_MAX + 1u, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		expect_refused(fd, (struct drm_pgem_gem_create){
			.size = PG, .handle = handles[i] }, -EINVAL);
}

/* A refused call must not have made an object on its way. */
static void refused_leaves_nothing(int fd)
{
	size_t before = pgem_objects();

	bad_size_zero(fd);
	bad_size_large(fd);
	bad_flags(fd);
	bad_handle(fd);
	igt_assert_eq(pgem_objects(), before);
}

static void lazy(int fd)
{
	size_t before = pgem_meminfo("Shmem");
	uint32_t handle = pgem_create(fd, 1ull << 32);
	uint8_t *map = pgem_map(fd, handle, 1ull << 32);

	igt_assert_eq_u64(pgem_resident(fd, handle), 0);
	igt_assert_lt_u64(pgem_meminfo("Shmem"), before + (4 << 20));
	pgem_unmap(map, 1ull << 32);
	pgem_close(fd, handle);
}

static void close_twice(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	pgem_close(fd, handle);
	igt_assert_eq(__pgem_close(fd, handle), -EINVAL);
}

/* P26 */
static void close_bad_handle(int fd)
{
	static const uint32_t handles[] = { 0, 1, INT_MAX, INT_MAX + 1u, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		igt_assert_eq(__pgem_close(fd, handles[i]), -EINVAL);
}

static void other_client(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR);
	uint32_t handle = pgem_create(fd, PG);
	struct drm_pgem_gem_info info;
	uint64_t offset;
	int dmabuf;

	igt_assert_eq(__pgem_offset(other, handle, &offset), -ENOENT);
	igt_assert_eq(__pgem_info(other, handle, &info), -ENOENT);
	igt_assert_eq(__pgem_export(other, handle, DRM_CLOEXEC, &dmabuf), -ENOENT);
	igt_assert_eq(__pgem_close(other, handle), -EINVAL);
	igt_assert_eq(__pgem_info(fd, handle, &info), 0);
	pgem_close(fd, handle);
	close(other);
}

/* P26: CVE-2026-23149 was a handle above INT_MAX here. No driver is asked. */
static void change_handle(int fd)
{
	struct { uint32_t handle, new_handle; } arg;
	const uint32_t handles[] = { INT_MAX, INT_MAX + 1u, UINT32_MAX };
	uint32_t handle = pgem_create(fd, PG);

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++) {
		arg.handle = handle;
		arg.new_handle = handles[i];
		pgem_ioctl(fd, DRM_IOWR(0xd2, arg), &arg);
	}
	arg.handle = 0;
	arg.new_handle = INT_MAX + 1u;
	igt_assert_neq(pgem_ioctl(fd, DRM_IOWR(0xd2, arg), &arg), 0);
	igt_assert_eq(pgem_objects(), 1);
}

static void no_overlap(int fd)
{
	struct pgem_buf bufs[16];
	const size_t count = ARRAY_SIZE(bufs);

	for (size_t i = 0; i < count; i++) {
		pgem_buf_init(&bufs[i], fd, i + 1);
		pgem_fill(bufs[i].map, i * 100, bufs[i].pages);
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t offset = pgem_offset(fd, bufs[i].handle);

		pgem_check(bufs[i].map, i * 100, bufs[i].pages);
		for (size_t j = 0; j < i; j++) {
			uint64_t start = pgem_offset(fd, bufs[j].handle);

			igt_assert_neq_u32(bufs[i].handle, bufs[j].handle);
			igt_assert(offset >= start + bufs[j].size ||
				   start >= offset + bufs[i].size);
		}
	}
	for (size_t i = 0; i < count; i++)
		pgem_buf_fini(&bufs[i]);
}

/* What one process leaves behind in memory, no other may see. */
static void zeroed(int fd)
{
	const size_t pages = 512;
	struct pgem_buf buf;

	igt_fork(child, 1) {
		int own = pgem_open(PGEM_RENDER, O_RDWR);

		pgem_buf_init(&buf, own, pages);
		memset(buf.map, 0x5a, buf.size);
	}
	igt_waitchildren();

	for (int round = 0; round < 4; round++) {
		pgem_buf_init(&buf, fd, pages);
		igt_assert(pgem_is_zero(buf.map, buf.size));
		memset(buf.map, 0x5a, buf.size);
		pgem_buf_fini(&buf);
	}
}

/* P13: each object that stayed would show in the list, each page in Shmem. */
static void many_in_turn(int fd)
{
	size_t lines = pgem_objects(), shmem = pgem_meminfo("Shmem");

	for (int i = 0; i < 5000; i++) {
		uint32_t handle = pgem_create(fd, (1 + i % 64) * PG);

		if (i % 8 == 0) {
			uint8_t *map = pgem_map(fd, handle, PG);

			map[0] = 1;
			pgem_unmap(map, PG);
		}
		pgem_close(fd, handle);
	}
	igt_assert_eq(pgem_objects(), lines);
	igt_assert_lt_u64(pgem_meminfo("Shmem"), shmem + (2 << 20));
}

static void many_at_once(int fd)
{
	static uint32_t handles[3000];
	size_t lines = pgem_objects();

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		handles[i] = pgem_create(fd, PG);
	igt_assert_eq(pgem_objects(), lines + ARRAY_SIZE(handles));
	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		pgem_close(fd, handles[i]);
	igt_assert_eq(pgem_objects(), lines);
}

static void fd_close_frees(int fd)
{
	size_t before = pgem_objects();
	int other = pgem_open(PGEM_RENDER, O_RDWR);

	(void)fd;
	for (int i = 0; i < 100; i++)
		pgem_create(other, PG);
	igt_assert_eq(pgem_objects(), before + 100);
	close(other);
	igt_assert_eq(pgem_objects(), before);
}

/* P37. Offsets end where those end that a 32-bit program can pass to mmap(). */
static void offsets_for_others(int fd)
{
	uint64_t size = pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE), offset;
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;

	for (int i = 0; i < 8; i++) {
		offset = pgem_offset(fd, pgem_create(fd, size));
		igt_assert_lte_u64(offset + size, 1ull << 44);
	}
	for (int i = 0; i < 100; i++) {
		uint32_t handle = pgem_create(other, 1 << 30);

		offset = pgem_offset(other, handle);
		igt_assert_lte_u64(offset + (1 << 30), 1ull << 44);
		pgem_expect_map(other, offset, PG, PROT_READ, MAP_SHARED, 0);
		dmabuf = pgem_export(other, handle);
		close(dmabuf);
	}
	close(other);
}

/* Objects of the largest size: some can be mapped at a time, and the others wait. */
static void offsets_used_up(int fd)
{
	uint64_t size = pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE), offset;
	uint32_t handles[80];
	size_t count = 0;
	int ret, dmabuf;

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		handles[i] = pgem_create(fd, size);
	while (!(ret = __pgem_offset(fd, handles[count], &offset)))
		igt_assert(++count < ARRAY_SIZE(handles));
	igt_assert_eq(ret, -ENOSPC);
	igt_assert(count > 0);
	for (int i = 0; i < 100; i++) {
		igt_assert_eq(__pgem_offset(fd, handles[count], &offset), -ENOSPC);
		igt_assert_eq_u64(offset, 0);
		/* A dma-buf needs none. */
		igt_assert_eq(__pgem_export(fd, handles[count], 0, &dmabuf), 0);
		close(dmabuf);
	}
	/* Who has one keeps it. */
	pgem_expect_map(fd, pgem_offset(fd, handles[0]), PG, PROT_READ, MAP_SHARED, 0);

	pgem_close(fd, handles[0]);
	pgem_expect_map(fd, pgem_offset(fd, handles[count]), PG, PROT_READ, MAP_SHARED, 0);
	for (size_t i = 1; i < ARRAY_SIZE(handles); i++)
		pgem_close(fd, handles[i]);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "sizes", sizes, "The size given is the size wanted in whole pages, also above 4 GiB." },
	{ "max-size", max_size, "The first, middle and last page of the largest object differ." },
	{ "bad-size-zero", bad_size_zero, "A size of zero is refused." },
	{ "bad-size-large", bad_size_large, "Sizes above the limit are refused up to 2^64-1." },
	{ "bad-flags", bad_flags, "Each flag outside the mask is refused." },
	{ "bad-handle", bad_handle, "A handle set on input is refused." },
	{ "refused-leaves-nothing", refused_leaves_nothing, "Refused calls make no object." },
	{ "lazy", lazy, "Creating and mapping 4 GiB allocates no page." },
	{ "close-twice", close_twice, "A handle can be closed once." },
	{ "close-bad-handle", close_bad_handle, "Handles that nobody got cannot be closed." },
	{ "other-client", other_client, "Another client's handle means nothing." },
	{ "change-handle", change_handle, "DRM's renaming of handles takes no harm on objects." },
	{ "no-overlap", no_overlap, "Objects share neither offsets nor memory." },
	{ "zeroed", zeroed, "New objects are zero, whatever was in memory before." },
	{ "many-in-turn", many_in_turn, "5000 objects, one after the other, leave nothing." },
	{ "many-at-once", many_at_once, "3000 objects at once, all listed, all freed." },
	{ "fd-close-frees", fd_close_frees, "Closing the file frees its objects." },
	{ "offsets-for-others", offsets_for_others,
	  "Eight of the largest objects leave mmap offsets for other clients." },
	{ "offsets-used-up", offsets_used_up,
	  "Without a free mmap offset there are objects, but ENOSPC for who would map one." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
