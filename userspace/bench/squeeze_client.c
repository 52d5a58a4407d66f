// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-squeeze: the client. On pgem it says what it needs no more; vgem has no call for
 * that, so there nothing is lost, and nothing given back.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm_mode.h>
#include <xf86drm.h>

#include "bench_tool.h"
#include "squeeze_client.h"

#define CANVAS	(64 * BENCH_MIB)
#define DRAWN	(CANVAS / 4)
#define CACHE	(32 * BENCH_MIB)

void squeeze_check(int ret, const char *what)
{
	if (ret < 0) {
		errno = -ret;
		bench_die("%s", what);
	}
}

static void vgem_create(int fd, uint64_t size, struct pgem_bo *bo)
{
	struct drm_mode_create_dumb create = { .width = 4096, .height = size / 4096, .bpp = 8 };
	struct drm_mode_map_dumb map = { };

	if (drmIoctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create))
		bench_die("create");
	map.handle = create.handle;
	if (drmIoctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &map))
		bench_die("map");
	*bo = (struct pgem_bo){ .fd = fd, .handle = create.handle, .size = size };
	bo->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, map.offset);
	if (bo->map == MAP_FAILED)
		bench_die("mmap");
}

static void create(struct squeeze_client *client, uint64_t size, const char *label,
		   struct pgem_bo *bo)
{
	if (!client->is_pgem) {
		vgem_create(client->fd, size, bo);
		return;
	}
	squeeze_check(pgem_bo_create(client->fd, size, bo), "create");
	squeeze_check(pgem_bo_label(bo, label), "label");
	squeeze_check(pgem_bo_map(bo), "map");
}

static uint64_t mark(uint64_t at)
{
	return at * 0x9e3779b97f4a7c15ull + 1;
}

static void fill(struct pgem_bo *bo, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += 4096) {
		*(uint64_t *)((char *)bo->map + at) = mark(at);
		if (at % (size / SQUEEZE_PARTS) == 0)
			usleep(SQUEEZE_TICK_MS * 1000);
	}
}

static void expect(const struct pgem_bo *bo, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += 4096) {
		if (*(volatile uint64_t *)((char *)bo->map + at) != mark(at)) {
			fprintf(stderr, "pgem-squeeze: byte %llu is wrong\n",
				(unsigned long long)at);
			exit(1);
		}
		if (at % (size / SQUEEZE_PARTS) == 0)
			usleep(SQUEEZE_TICK_MS * 1000);
	}
}

void squeeze_map_all(struct squeeze_client *client)
{
	create(client, CANVAS, "canvas", &client->canvas);
	create(client, CACHE, "cache", &client->cache);
}

void squeeze_draw(struct squeeze_client *client)
{
	fill(&client->canvas, DRAWN);
}

void squeeze_fill_cache(struct squeeze_client *client)
{
	fill(&client->cache, CACHE);
}

/* vgem has no such call: nothing happens, then or later. */
static bool madvise_cache(struct squeeze_client *client, uint32_t advice)
{
	bool retained = true;

	if (client->is_pgem)
		squeeze_check(pgem_bo_madvise(&client->cache, advice, &retained), "madvise");
	return retained;
}

void squeeze_dont_need(struct squeeze_client *client)
{
	madvise_cache(client, DRM_PGEM_MADV_DONTNEED);
}

void squeeze_need_again(struct squeeze_client *client)
{
	if (madvise_cache(client, DRM_PGEM_MADV_WILLNEED))
		return;
	squeeze_check(pgem_bo_close(&client->cache), "close");
	create(client, CACHE, "cache", &client->cache);
	squeeze_fill_cache(client);
}

void squeeze_read_all(struct squeeze_client *client)
{
	expect(&client->canvas, DRAWN);
	expect(&client->cache, CACHE);
}
