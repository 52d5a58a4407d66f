// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_param
 *
 * GET_PARAM, and what the device says about itself through DRM's own calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check what clients can ask the device.");

static void version(int fd)
{
	char name[32] = "", desc[128] = "";
	struct drm_version arg = {
		.name = name, .name_len = sizeof(name) - 1,
		.desc = desc, .desc_len = sizeof(desc) - 1,
	};

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_VERSION, &arg), 0);
	igt_assert(!strcmp(name, PGEM_NAME));
	igt_assert(desc[0]);
	igt_assert_eq(arg.version_major, 1);
	/* The version that GEM_MADVISE and GEM_LABEL came with. */
	igt_assert_lte(2, arg.version_minor);
}

static uint64_t cap(int fd, uint64_t capability)
{
	struct drm_get_cap arg = { .capability = capability };

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_GET_CAP, &arg), 0);
	return arg.value;
}

static void caps(int fd)
{
	igt_assert_eq_u64(cap(fd, DRM_CAP_PRIME), DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT);
	igt_assert_eq_u64(cap(fd, DRM_CAP_SYNCOBJ), 1);
	igt_assert_eq_u64(cap(fd, DRM_CAP_SYNCOBJ_TIMELINE), 1);
}

static void page_size(int fd)
{
	igt_assert_eq_u64(pgem_get_param(fd, DRM_PGEM_PARAM_PAGE_SIZE), PG);
}

static void max_bo_size(int fd)
{
	uint64_t max = pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE);

	igt_assert_lte_u64(PG, max);
	igt_assert_eq_u64(max % PG, 0);
}

static void limit_follows(int fd)
{
	uint32_t old, handle;

	old = pgem_create(fd, 3 << 20);
	pgem_set(PGEM_LIMIT, "1");
	igt_assert_eq_u64(pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE), 1 << 20);
	igt_assert_eq(__pgem_create(fd, (1 << 20) + 1, &handle), -E2BIG);
	handle = pgem_create(fd, 1 << 20);
	igt_assert_eq_u64(pgem_resident(fd, old), 0);
	pgem_close(fd, handle);
	pgem_close(fd, old);
}

static void limit_zero(int fd)
{
	uint32_t handle;

	pgem_set(PGEM_LIMIT, "0");
	igt_assert_eq_u64(pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE), 0);
	igt_assert_eq(__pgem_create(fd, 1, &handle), -E2BIG);
}

/* P16: the limit in bytes must not wrap, whatever the parameter holds. */
static void limit_huge(int fd)
{
	uint64_t max;
	uint32_t handle;

	pgem_set(PGEM_LIMIT, "4294967295");
	max = pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE);
	igt_assert_eq_u64(max % PG, 0);
	igt_assert_lte_u64(1ull << 30, max);
	/* What the mmap offsets of a 64-bit kernel cover */
	igt_assert_lte_u64(max, 1ull << 44);
	igt_assert_eq(__pgem_create(fd, max + 1, &handle), -E2BIG);
}

static void create_flags(int fd)
{
	igt_assert_lte_u64(pgem_get_param(fd, DRM_PGEM_PARAM_CREATE_FLAGS), UINT32_MAX);
}

static void primary_node(int fd)
{
	int primary = pgem_open(PGEM_PRIMARY, O_RDWR);

	for (uint32_t i = DRM_PGEM_PARAM_PAGE_SIZE; i <= DRM_PGEM_PARAM_CREATE_FLAGS; i++)
		igt_assert_eq_u64(pgem_get_param(primary, i), pgem_get_param(fd, i));
	close(primary);
}

static void read_only_file(int fd)
{
	int ro = pgem_open(PGEM_RENDER, O_RDONLY);

	igt_assert_eq_u64(pgem_get_param(ro, DRM_PGEM_PARAM_PAGE_SIZE),
			  pgem_get_param(fd, DRM_PGEM_PARAM_PAGE_SIZE));
	close(ro);
}

static void expect_refused(int fd, struct drm_pgem_get_param arg)
{
	struct drm_pgem_get_param before = arg;

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GET_PARAM, &arg), -EINVAL);
	igt_assert(!memcmp(&arg, &before, sizeof(arg)));
}

/* P26 */
static void bad_param(int fd)
{
	static const uint32_t unknown[] = { 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		expect_refused(fd, (struct drm_pgem_get_param){
			.param = unknown[i], .value = 0x5555aaaa5555aaaa });
}

/* P26 */
static void bad_pad(int fd)
{
	for (int bit = 0; bit < 32; bit++)
		expect_refused(fd, (struct drm_pgem_get_param){
			.param = DRM_PGEM_PARAM_PAGE_SIZE, .pad = 1u << bit,
			.value = 0x5555aaaa5555aaaa });
}

static const struct pgem_test tests[] = {
	{ "version", version, "The driver's name, and major version 1." },
	{ "caps", caps, "PRIME both ways and both kinds of syncobj are there." },
	{ "page-size", page_size, "The page size is the kernel's." },
	{ "max-bo-size", max_bo_size, "The limit is in whole pages, and at least one." },
	{ "limit-follows", limit_follows,
	  "The module parameter moves the limit for new objects and leaves existing ones." },
	{ "limit-zero", limit_zero, "A limit of zero allows no object." },
	{ "limit-huge", limit_huge, "The largest value of the module parameter does not wrap." },
	{ "create-flags", create_flags, "The mask of flags fits the field that takes them." },
	{ "primary-node", primary_node, "The primary node gives the same answers." },
	{ "read-only-file", read_only_file, "A file opened for reading can ask." },
	{ "bad-param", bad_param, "An unknown parameter is refused, the structure unchanged." },
	{ "bad-pad", bad_pad, "Any set bit of pad is refused, the structure unchanged." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
