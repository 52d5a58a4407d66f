// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_fdinfo
 *
 * What others' tools make of the fdinfo of a device file: here it is read by libigt's
 * parser, which gputop is built on. What the figures have to be is in pgem_stats.c.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "igt_fdinfo.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_sync.h"

IGT_TEST_DESCRIPTION("Check that IGT's tools understand fdinfo.");

#define PAGES 32

static struct drm_client_fdinfo parse(int fd)
{
	struct drm_client_fdinfo info = {};

	igt_assert(igt_parse_drm_fdinfo(fd, &info, NULL, 0, NULL, 0));
	return info;
}

static void driver(int fd)
{
	struct drm_client_fdinfo info = parse(fd);

	igt_assert_f(!strcmp(info.driver, PGEM_NAME), "it is %s\n", info.driver);
	/* For devices on a PCI bus */
	igt_assert_eq(info.pdev[0], '\0');
	igt_assert_eq(info.num_regions, 1);
	igt_assert_f(!strcmp(info.region_names[0], "memory"), "it is %s\n", info.region_names[0]);
}

/* It is what clients are told apart by. */
static void client_id(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), twin = dup(fd);
	int primary = pgem_open(PGEM_PRIMARY, O_RDWR);

	igt_assert_neq(parse(fd).id, 0);
	igt_assert_neq(parse(fd).id, parse(other).id);
	igt_assert_neq(parse(fd).id, parse(primary).id);
	igt_assert_neq(parse(other).id, parse(primary).id);
	igt_assert_eq(parse(fd).id, parse(twin).id);
	close(primary);
	close(twin);
	close(other);
}

static void memory(int fd)
{
	struct pgem_buf needed, cache;
	struct drm_client_meminfo *region;
	struct drm_client_fdinfo info;
	uint32_t fence;
	int dmabuf;

	pgem_buf_init(&needed, fd, PAGES);
	pgem_fill(needed.map, 0, 5);
	pgem_buf_init(&cache, fd, 2 * PAGES);
	pgem_fill(cache.map, 0, 7);
	pgem_dontneed(fd, cache.handle);
	fence = pgem_fence_attach(fd, needed.handle, 0);
	dmabuf = pgem_export(fd, needed.handle);
	info = parse(fd);
	region = &info.region_mem[0];
	igt_assert_eq_u64(region->total, 3 * PAGES * PG);
	igt_assert_eq_u64(region->shared, PAGES * PG);
	igt_assert_eq_u64(region->resident, 12 * PG);
	igt_assert_eq_u64(region->purgeable, 7 * PG);
	igt_assert_eq_u64(region->active, 5 * PG);
	close(dmabuf);
	pgem_fence_signal(fd, fence);
	pgem_buf_fini(&cache);
	pgem_buf_fini(&needed);
	info = parse(fd);
	igt_assert_eq_u64(info.region_mem[0].total, 0);
	igt_assert_eq_u64(info.region_mem[0].resident, 0);
}

/* Units are those of powers of 1024, and a byte is not lost. */
static void units(int fd)
{
	static const uint64_t sizes[] = { 1, 3, 255, 256, 257, 1 << 18, (1 << 18) + 1, 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t handle = pgem_create(fd, sizes[i] * PG);

		igt_assert_eq_u64(parse(fd).region_mem[0].total, sizes[i] * PG);
		pgem_close(fd, handle);
	}
}

static const struct pgem_test tests[] = {
	{ "driver", driver, "The driver and its kind of memory are named." },
	{ "client-id", client_id, "Each open file is a client, a duplicate is the same." },
	{ "memory", memory, "Each figure arrives under its name." },
	{ "units", units, "Sizes arrive as they are, small and large." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
