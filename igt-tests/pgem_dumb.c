// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_dumb
 *
 * Dumb buffers: the way that programs without knowledge of pgem create objects, on
 * the primary node.
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

#include "drm_mode.h"

IGT_TEST_DESCRIPTION("Check dumb buffers.");

static int __create(int fd, struct drm_mode_create_dumb *arg)
{
	return pgem_ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, arg);
}

static struct drm_mode_create_dumb create(int fd, uint32_t width, uint32_t height, uint32_t bpp)
{
	struct drm_mode_create_dumb arg = { .width = width, .height = height, .bpp = bpp };

	igt_assert_eq(__create(fd, &arg), 0);
	return arg;
}

static int destroy(int fd, uint32_t handle)
{
	struct drm_mode_destroy_dumb arg = { .handle = handle };

	return pgem_ioctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &arg);
}

static int map_offset(int fd, uint32_t handle, uint64_t *offset)
{
	struct drm_mode_map_dumb arg = { .handle = handle };
	int ret = pgem_ioctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &arg);

	*offset = arg.offset;
	return ret;
}

static void sizes(int fd)
{
	static const uint32_t bpps[] = { 1, 2, 4, 8, 10, 12, 15, 16, 24, 30, 32, 64 };
	static const uint32_t sides[] = { 1, 3, 64, 1023, 1024, 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(bpps) * ARRAY_SIZE(sides); i++) {
		uint64_t bpp = bpps[i / ARRAY_SIZE(sides)], side = sides[i % ARRAY_SIZE(sides)];
		struct drm_mode_create_dumb arg = create(fd, side, side, bpp);

		igt_assert_lte_u64(side * bpp, arg.pitch * 8ull);
		igt_assert_lte_u64(arg.pitch * side, arg.size);
		igt_assert_eq_u64(arg.size % PG, 0);
		igt_assert_neq_u32(arg.handle, 0);
		igt_assert_eq(destroy(fd, arg.handle), 0);
	}
}

/* Of every depth that the core knows, on every kernel the same */
static void pitches(int fd)
{
	static const struct {
		uint32_t bpp, pitch;
	} depths[] = {
		{ 1, 128 }, { 2, 256 }, { 4, 512 }, { 8, 1023 }, { 10, 2046 }, { 12, 2046 },
		{ 15, 2046 }, { 16, 2046 }, { 24, 3069 }, { 30, 4092 }, { 32, 4092 }, { 64, 8184 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		struct drm_mode_create_dumb arg = create(fd, 1023, 77, depths[i].bpp);

		igt_assert_eq_u32(arg.pitch, depths[i].pitch);
		igt_assert_eq_u64(arg.size, (depths[i].pitch * 77 + PG - 1) / PG * PG);
		igt_assert_eq(destroy(fd, arg.handle), 0);
	}
}

/* The pitch that everybody expects of a buffer without any hardware's wishes. */
static void plain_pitch(int fd)
{
	struct drm_mode_create_dumb arg = create(fd, 1024, 768, 32);

	igt_assert_eq_u32(arg.pitch, 4096);
	igt_assert_eq_u64(arg.size, 4096 * 768);
	igt_assert_eq(destroy(fd, arg.handle), 0);
}

/* P16: close to 4 GiB, where 32-bit arithmetic ends. Nothing of it is allocated. */
static void large(int fd)
{
	struct drm_mode_create_dumb arg = create(fd, 32767, 32767, 32);
	uint64_t offset;
	uint8_t *map;

	igt_assert_lte_u64(32767ull * 32767 * 4, arg.size);
	igt_assert_eq(map_offset(fd, arg.handle, &offset), 0);
	map = pgem_map_fd(fd, offset, arg.size);
	pgem_mark(map + arg.size - PG, 1);
	pgem_mark(map, 2);
	igt_assert(pgem_marked(map + arg.size - PG, 1));
	igt_assert(pgem_marked(map, 2));
	pgem_unmap(map, arg.size);
	igt_assert_eq_u64(pgem_resident(fd, arg.handle), 2 * PG);
	igt_assert_eq(destroy(fd, arg.handle), 0);
}

static void draw(int fd)
{
	struct drm_mode_create_dumb arg = create(fd, 64, 64, 32);
	uint64_t offset;
	uint8_t *map;

	igt_assert_eq(map_offset(fd, arg.handle, &offset), 0);
	map = pgem_map_fd(fd, offset, arg.size);
	igt_assert(pgem_is_zero(map, arg.size));
	pgem_fill(map, 0, arg.size / PG);
	pgem_unmap(map, arg.size);
	map = pgem_map_fd(fd, offset, arg.size);
	pgem_check(map, 0, arg.size / PG);
	pgem_unmap(map, arg.size);
	igt_assert_eq(destroy(fd, arg.handle), 0);
}

static void is_object(int fd)
{
	struct drm_mode_create_dumb arg = create(fd, 64, 64, 32);
	struct drm_pgem_gem_info info;
	uint64_t offset;
	int dmabuf;

	igt_assert_eq(__pgem_info(fd, arg.handle, &info), 0);
	igt_assert_eq_u64(info.size, arg.size);
	igt_assert_eq_u32(info.flags, 0);
	igt_assert_eq(map_offset(fd, arg.handle, &offset), 0);
	igt_assert_eq_u64(pgem_offset(fd, arg.handle), offset);
	dmabuf = pgem_export(fd, arg.handle);
	igt_assert_eq_u32(pgem_import(fd, dmabuf), arg.handle);
	close(dmabuf);
	pgem_close(fd, arg.handle);
	igt_assert_eq(pgem_objects(), 0);
}

static void object_is_dumb(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	uint64_t offset;

	igt_assert_eq(map_offset(fd, handle, &offset), 0);
	igt_assert_eq_u64(pgem_offset(fd, handle), offset);
	igt_assert_eq(destroy(fd, handle), 0);
	igt_assert_eq(pgem_objects(), 0);
}

/* The device's limit holds here, too. */
static void limit(int fd)
{
	struct drm_mode_create_dumb arg = { .width = 1024, .height = 257, .bpp = 32 };

	pgem_set(PGEM_LIMIT, "1");
	igt_assert_eq(__create(fd, &arg), -E2BIG);
	arg = create(fd, 1024, 256, 32);
	igt_assert_eq(destroy(fd, arg.handle), 0);
}

static void expect_refused(int fd, uint32_t width, uint32_t height, uint32_t bpp)
{
	struct drm_mode_create_dumb arg = { .width = width, .height = height, .bpp = bpp };

	igt_assert_eq(__create(fd, &arg), -EINVAL);
	igt_assert_eq_u32(arg.handle, 0);
	igt_assert_eq(pgem_objects(), 0);
}

static void bad_width(int fd)
{
	expect_refused(fd, 0, 1, 32);
}

static void bad_height(int fd)
{
	expect_refused(fd, 1, 0, 32);
}

static void bad_bpp(int fd)
{
	expect_refused(fd, 1, 1, 0);
}

/* P16 */
static void bad_overflow(int fd)
{
	static const uint32_t values[][3] = {
		{ UINT_MAX, UINT_MAX, UINT_MAX }, { UINT_MAX, 1, 32 }, { 1, UINT_MAX, 32 },
		{ 1, 1, UINT_MAX }, { 65536, 65536, 32 }, { 65536, 65536, 8 },
		{ 0x40000000, 1, 32 }, { 0x40000001, 1, 32 }, { 0x80000000, 2, 8 },
		{ 32768, 32768, 32 }, { 1, 0x40000000, 32 }, { 46341, 46341, 16 },
		{ 65537, 65535, 16 }, { 4096, UINT_MAX, 8 }, { 1, UINT_MAX, 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		expect_refused(fd, values[i][0], values[i][1], values[i][2]);
}

/* P26 */
static void bad_handle(int fd)
{
	static const uint32_t handles[] = { 0, 1, INT_MAX, INT_MAX + 1u, UINT_MAX };
	uint64_t offset;

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++) {
		igt_assert_eq(map_offset(fd, handles[i], &offset), -ENOENT);
		igt_assert_eq(destroy(fd, handles[i]), -EINVAL);
	}
}

static void render_node(int fd)
{
	int render = pgem_open(PGEM_RENDER, O_RDWR);
	struct drm_mode_create_dumb arg = { .width = 1, .height = 1, .bpp = 32 };
	uint64_t offset;

	(void)fd;
	igt_assert_eq(__create(render, &arg), -EACCES);
	igt_assert_eq(map_offset(render, 1, &offset), -EACCES);
	igt_assert_eq(destroy(render, 1), -EACCES);
	close(render);
}

/* DRM says no for every device without a display, whether its dumb buffers work or not. */
static void capability(int fd)
{
	struct drm_get_cap arg = { .capability = DRM_CAP_DUMB_BUFFER };

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_GET_CAP, &arg), -EOPNOTSUPP);
	igt_assert_eq(destroy(fd, create(fd, 64, 64, 32).handle), 0);
}

/* A second file of the primary node is neither master nor authenticated. */
static void not_master(int fd)
{
	int second = pgem_open(PGEM_PRIMARY, O_RDWR);
	struct drm_mode_create_dumb arg = create(second, 64, 64, 32);
	uint64_t offset;
	uint32_t handle;
	uint8_t *map;

	(void)fd;
	igt_assert_eq(map_offset(second, arg.handle, &offset), 0);
	map = pgem_map_fd(second, offset, arg.size);
	pgem_fill(map, 0, arg.size / PG);
	pgem_check(map, 0, arg.size / PG);
	pgem_unmap(map, arg.size);
	handle = pgem_create(second, PG);
	igt_assert_eq_u64(pgem_resident(second, handle), 0);
	pgem_close(second, handle);
	igt_assert_eq(destroy(second, arg.handle), 0);
	close(second);
}

static void other_client(int fd)
{
	int second = pgem_open(PGEM_PRIMARY, O_RDWR);
	struct drm_mode_create_dumb arg = create(fd, 64, 64, 32);
	uint64_t offset;
	uint8_t *map;

	igt_assert_eq(map_offset(second, arg.handle, &offset), -ENOENT);
	igt_assert_eq(destroy(second, arg.handle), -EINVAL);
	igt_assert_eq(map_offset(fd, arg.handle, &offset), 0);
	igt_assert_eq(__pgem_map(second, offset, PG, PROT_READ, MAP_SHARED, &map), -EACCES);
	igt_assert_eq(destroy(fd, arg.handle), 0);
	close(second);
}

/* P13: asking for the offset costs no memory, however often. */
static void map_often(int fd)
{
	struct drm_mode_create_dumb arg = create(fd, 2048, 2048, 32);
	uint64_t first, offset;

	igt_assert_eq(map_offset(fd, arg.handle, &first), 0);
	for (int i = 0; i < 1000; i++) {
		igt_assert_eq(map_offset(fd, arg.handle, &offset), 0);
		igt_assert_eq_u64(offset, first);
	}
	igt_assert_eq_u64(pgem_resident(fd, arg.handle), 0);
	igt_assert_eq(destroy(fd, arg.handle), 0);
}

static const struct pgem_test tests[] = {
	{ "sizes", sizes, "Pitch and size hold the picture, in whole pages." },
	{ "pitches", pitches, "Pitches are the same on all kernels." },
	{ "plain-pitch", plain_pitch, "A pitch of 4096 for 1024 pixels of 32 bits." },
	{ "large", large, "A buffer of almost 4 GiB has a first and a last page." },
	{ "draw", draw, "A buffer starts as zeros and keeps what is drawn." },
	{ "is-object", is_object, "A dumb buffer is an object like others." },
	{ "object-is-dumb", object_is_dumb, "Any object can be used as a dumb buffer." },
	{ "limit", limit, "A dumb buffer above the device's limit is refused." },
	{ "bad-width", bad_width, "A width of zero is refused." },
	{ "bad-height", bad_height, "A height of zero is refused." },
	{ "bad-bpp", bad_bpp, "A depth of zero is refused." },
	{ "bad-overflow", bad_overflow, "Sizes that do not fit 32 bits are refused, none wraps." },
	{ "bad-handle", bad_handle, "Unknown handles have no offset and cannot be destroyed." },
	{ "render-node", render_node, "There are no dumb buffers on the render node." },
	{ "capability", capability, "They work, though DRM denies the capability." },
	{ "not-master", not_master, "One need not be master to have buffers." },
	{ "other-client", other_client, "Another client's buffer is out of reach." },
	{ "map-often", map_often, "Asking for the offset allocates and pins nothing." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_PRIMARY);
}
