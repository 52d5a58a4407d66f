// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_pinner
 *
 * P31: imports from an exporter that pins its buffers for importers, as those of device
 * memory do. The exporter is a module of the project's, modules/pgem_pinner.c, and says
 * what it has been asked for. All else about it is in pgem_import, as for any neighbour.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_peer.h"

IGT_TEST_DESCRIPTION("Check imports from an exporter that pins.");

#define PAGES 8

static long param(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/pgem_pinner/parameters/%s", name);
	return pgem_read_number(path);
}

static uint32_t import(int fd, struct pgem_peer_buf *buf)
{
	pgem_peer_make(buf, pgem_peer("pinner"), PAGES, DRM_RDWR);
	pgem_fill(buf->map, 0, PAGES);
	return pgem_import(fd, buf->dmabuf);
}

/* pgem has no device that would use what is mapped for it. */
static void not_mapped(int fd)
{
	struct pgem_peer_buf buf;
	uint32_t handle;
	long pins, maps;
	uint8_t *map;

	pgem_peer_load(pgem_peer("pinner"));
	pins = param("pins");
	maps = param("maps");
	handle = import(fd, &buf);
	map = pgem_map(fd, handle, buf.size);
	pgem_check(map, 0, PAGES);
	igt_assert_eq(param("pins"), pins);
	igt_assert_eq(param("maps"), maps);
	pgem_unmap(map, buf.size);
	pgem_close(fd, handle);
	igt_assert_eq(param("maps"), maps);
	pgem_peer_free(&buf);
}

static void dma_mask(int fd)
{
	struct pgem_peer_buf buf;
	uint32_t handle = import(fd, &buf);

	igt_assert_eq(param("mask_bits"), 64);
	pgem_close(fd, handle);
	pgem_peer_free(&buf);
}

/*
 * A copy in a bounce buffer, made for the import, would be put back by its end. There is
 * none without memory above 4 GiB: try MEM=5G.
 */
static void writes_stay(int fd)
{
	struct pgem_peer_buf buf;
	uint32_t handle = import(fd, &buf);

	igt_info("the exporter's memory is %s 4 GiB\n", param("high") ? "above" : "below");
	pgem_fill(buf.map, 20, PAGES);
	pgem_close(fd, handle);
	pgem_check(buf.map, 20, PAGES);
	pgem_peer_free(&buf);
}

/* The offset of a mapping in its file, as the kernel has it */
static uint64_t map_offset(const void *map)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long long start, offset = ~0ull;
	char line[512];

	igt_assert(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%llx-%*x %*s %llx", &start, &offset) == 2 &&
		    start == (uintptr_t)map)
			break;
	igt_assert(!feof(maps));
	fclose(maps);
	return offset;
}

/* P34: the exporter sets no operations, and without any the memory would be anonymous. */
static void moved(int fd)
{
	struct pgem_peer_buf buf;
	uint32_t handle = import(fd, &buf);
	uint8_t *map = pgem_map(fd, handle, buf.size), *there;

	igt_assert_eq_u64(map_offset(map), 0);
	there = mmap(NULL, buf.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(there != MAP_FAILED);
	igt_assert(mremap(map, buf.size, buf.size, MREMAP_MAYMOVE | MREMAP_FIXED, there) == there);
	igt_assert_eq_u64(map_offset(there), 0);
	pgem_check(there, 0, PAGES);
	pgem_unmap(there, buf.size);
	pgem_close(fd, handle);
	pgem_peer_free(&buf);
}

static const struct pgem_test tests[] = {
	{ "not-mapped", not_mapped, "An import is neither pinned nor mapped for a device." },
	{ "dma-mask", dma_mask, "pgem's device reaches all of memory." },
	{ "moved", moved, "A mapping that is moved stays one of the same file and pages." },
	{ "writes-stay", writes_stay, "What was written during an import stays after it." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
