// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_v4l2
 *
 * vivid, a V4L2 driver: its camera writes into buffers of pgem and its screen shows
 * them, in the kernel, by pgem's vmap. A frame does not end with a page.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_peer.h"
#include "pgem_video.h"

IGT_TEST_DESCRIPTION("Check objects in the hands of a V4L2 driver.");

#define SIZE (PGEM_VIDEO_WIDTH * PGEM_VIDEO_HEIGHT * 2)
#define PAGES ((SIZE + PG - 1) / PG)
#define FRAMES 30	/* until when the camera must have seen what the screen shows */

/* An object of pgem, mapped, and its dma-buf */
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
}

static void init(struct pgem_video *video, enum pgem_video_way way)
{
	pgem_video_init(video, 0, way, PGEM_VIDEO_WIDTH, PGEM_VIDEO_HEIGHT);
	igt_assert_eq(video->size, SIZE);
}

static void fill_random(uint8_t *frame, unsigned int seed)
{
	for (size_t i = 0; i < SIZE; i += sizeof(int)) {
		int word = rand_r(&seed);

		memcpy(frame + i, &word, sizeof(word));
	}
}

/* What a camera writes into memory of its own; it has some colours. */
static uint8_t *picture_of(struct pgem_video *camera)
{
	uint8_t *map, *picture = malloc(camera->size);

	igt_assert(picture);
	pgem_video_connect(camera, false);
	map = pgem_video_own_buffer(camera);
	pgem_video_queue(camera, 0, -1);
	pgem_video_on(camera);
	pgem_video_dequeue(camera);
	memcpy(picture, map, camera->size);
	igt_assert(memcmp(picture, picture + camera->width, 4));
	pgem_unmap(map, camera->size);
	pgem_video_fini(camera);
	return picture;
}

static uint8_t *test_picture(void)
{
	struct pgem_video camera;

	init(&camera, PGEM_VIDEO_CAPTURE);
	return picture_of(&camera);
}

static bool seen(const uint8_t *map, const uint8_t *picture)
{
	return !memcmp(map, picture, SIZE);
}

/* No page is there before; what is behind the frame is not the camera's. */
static void capture(int fd)
{
	uint8_t *picture = test_picture();
	struct pgem_video camera;
	struct shared shared;

	shared_init(&shared, fd);
	memset(shared.buf.map + SIZE, 0x5a, shared.buf.size - SIZE);
	igt_assert_eq_u64(pgem_resident(fd, shared.buf.handle), PG);
	init(&camera, PGEM_VIDEO_CAPTURE);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, shared.dmabuf);
	igt_assert_eq_u64(pgem_resident(fd, shared.buf.handle), PAGES * PG);
	pgem_video_on(&camera);
	pgem_video_dequeue(&camera);
	igt_assert(seen(shared.buf.map, picture));
	pgem_video_fini(&camera);
	igt_assert(seen(shared.buf.map, picture));
	for (size_t i = SIZE; i < shared.buf.size; i++)
		igt_assert_eq(shared.buf.map[i], 0x5a);
	shared_fini(&shared);
	free(picture);
}

static void capture_ring(int fd)
{
	uint8_t *picture = test_picture();
	struct pgem_video camera;
	struct shared ring[3];

	init(&camera, PGEM_VIDEO_CAPTURE);
	pgem_video_dmabufs(&camera, ARRAY_SIZE(ring));
	for (size_t i = 0; i < ARRAY_SIZE(ring); i++) {
		shared_init(&ring[i], fd);
		pgem_video_queue(&camera, i, ring[i].dmabuf);
	}
	pgem_video_on(&camera);
	for (int frame = 0; frame < 12; frame++) {
		unsigned int i = pgem_video_dequeue(&camera);

		igt_assert(seen(ring[i].buf.map, picture));
		memset(ring[i].buf.map, 0, SIZE);
		pgem_video_queue(&camera, i, ring[i].dmabuf);
	}
	pgem_video_fini(&camera);
	for (size_t i = 0; i < ARRAY_SIZE(ring); i++)
		shared_fini(&ring[i]);
	igt_assert_eq(pgem_objects(), 0);
	free(picture);
}

/* Returns whether the camera, which has buffer 0, sees @picture at last. */
static bool comes_in(struct pgem_video *camera, int dmabuf, const uint8_t *map,
		     const uint8_t *picture)
{
	for (int frame = 0; frame < FRAMES; frame++) {
		igt_assert_eq(pgem_video_dequeue(camera), 0);
		if (seen(map, picture))
			return true;
		pgem_video_queue(camera, 0, dmabuf);
	}
	return false;
}

static void screen_on(struct pgem_video *screen, struct shared *shared, unsigned int seed)
{
	init(screen, PGEM_VIDEO_OUTPUT);
	fill_random(shared->buf.map, seed);
	pgem_video_dmabufs(screen, 1);
	pgem_video_queue(screen, 0, shared->dmabuf);
	pgem_video_on(screen);
}

/* Written by the CPU, shown by the screen, seen by the camera: also what comes later. */
static void output(int fd)
{
	struct pgem_video camera, screen;
	struct shared shared;
	uint8_t *map;

	shared_init(&shared, fd);
	screen_on(&screen, &shared, 1);
	init(&camera, PGEM_VIDEO_CAPTURE);
	pgem_video_connect(&camera, true);
	map = pgem_video_own_buffer(&camera);
	pgem_video_queue(&camera, 0, -1);
	pgem_video_on(&camera);
	igt_assert(comes_in(&camera, -1, map, shared.buf.map));
	fill_random(shared.buf.map, 2);
	igt_assert(!seen(map, shared.buf.map));
	pgem_video_queue(&camera, 0, -1);
	igt_assert(comes_in(&camera, -1, map, shared.buf.map));
	pgem_unmap(map, SIZE);
	pgem_video_connect(&camera, false);
	pgem_video_fini(&camera);
	pgem_video_fini(&screen);
	shared_fini(&shared);
	igt_assert_eq(pgem_objects(), 0);
}

static void output_capture(int fd)
{
	struct pgem_video camera, screen;
	struct shared from, to;

	shared_init(&from, fd);
	shared_init(&to, fd);
	screen_on(&screen, &from, 3);
	init(&camera, PGEM_VIDEO_CAPTURE);
	pgem_video_connect(&camera, true);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, to.dmabuf);
	pgem_video_on(&camera);
	igt_assert(comes_in(&camera, to.dmabuf, to.buf.map, from.buf.map));
	pgem_video_connect(&camera, false);
	pgem_video_fini(&camera);
	pgem_video_fini(&screen);
	shared_fini(&from);
	shared_fini(&to);
	igt_assert_eq(pgem_objects(), 0);
}

/* The camera's own memory, as an object of pgem. */
static void exported_capture(int fd)
{
	uint8_t *picture = test_picture(), *map, *own;
	struct pgem_video camera;
	uint32_t handle;
	int dmabuf;

	init(&camera, PGEM_VIDEO_CAPTURE);
	own = pgem_video_own_buffer(&camera);
	dmabuf = pgem_video_export(&camera);
	handle = pgem_import(fd, dmabuf);
	map = pgem_map(fd, handle, PAGES * PG);
	igt_assert(!seen(map, picture));
	pgem_video_queue(&camera, 0, -1);
	pgem_video_on(&camera);
	pgem_video_dequeue(&camera);
	igt_assert(seen(map, picture));
	pgem_unmap(own, SIZE);
	pgem_video_fini(&camera);
	igt_assert(seen(map, picture));
	pgem_unmap(map, PAGES * PG);
	close(dmabuf);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
	free(picture);
}

static void too_small(int fd)
{
	struct pgem_video camera;
	struct pgem_buf buf;
	int dmabuf;

	init(&camera, PGEM_VIDEO_CAPTURE);
	pgem_video_dmabufs(&camera, 1);
	pgem_buf_init(&buf, fd, PAGES - 1);
	dmabuf = pgem_export(fd, buf.handle);
	for (int i = 0; i < 100; i++)
		igt_assert_eq(__pgem_video_queue(&camera, 0, dmabuf), -EINVAL);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 0);
	pgem_video_fini(&camera);
	close(dmabuf);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);
}

/*
 * vivid's second device maps for DMA, besides, and wants memory in one piece, as a page
 * is. Looked at while it is mapped: vivid writes by the CPU, which a bounce buffer, where
 * there is one, knows nothing of.
 */
static void capture_dma(int fd)
{
	static const uint64_t syncs[] = {
		DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW,
		DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ };
	struct pgem_video camera;
	struct pgem_buf buf;
	uint8_t *picture;
	int dmabuf;

	pgem_video_init(&camera, 1, PGEM_VIDEO_CAPTURE, 64, 32);
	picture = picture_of(&camera);
	pgem_buf_init(&buf, fd, 1);
	dmabuf = pgem_export(fd, buf.handle);
	pgem_video_init(&camera, 1, PGEM_VIDEO_CAPTURE, 64, 32);
	igt_assert_eq(camera.size, PG);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, dmabuf);
	/* While a device has it: brings caches and bounce buffers up to date. */
	for (size_t i = 0; i < ARRAY_SIZE(syncs); i++) {
		struct dma_buf_sync arg = { .flags = syncs[i] };

		igt_assert_eq(pgem_ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
		pgem_mark(buf.map, i);
	}
	igt_assert(pgem_marked(buf.map, ARRAY_SIZE(syncs) - 1));
	pgem_video_on(&camera);
	pgem_video_dequeue(&camera);
	igt_assert_eq(memcmp(buf.map, picture, PG), 0);
	pgem_video_fini(&camera);
	close(dmabuf);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);
	free(picture);
}

/* P25, P15: the camera has a buffer of a device that is gone, and goes on filling it. */
static void unbind(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), refs;
	uint8_t *picture = test_picture();
	struct pgem_video camera;
	struct shared shared;

	(void)fd;
	refs = pgem_refcount() - 1;
	shared_init(&shared, own);
	init(&camera, PGEM_VIDEO_CAPTURE);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, shared.dmabuf);
	pgem_unmap(shared.buf.map, shared.buf.size);
	close(shared.dmabuf);
	close(own);
	pgem_unbind();
	pgem_bind();
	igt_assert_lt(refs, pgem_refcount());
	pgem_video_on(&camera);
	pgem_video_dequeue(&camera);
	pgem_video_fini(&camera);
	igt_assert_eq(pgem_refcount(), refs);
	free(picture);
}

static void capture_and_reclaim(int fd)
{
	uint8_t *picture = test_picture();
	struct pgem_video camera;
	struct shared shared;

	shared_init(&shared, fd);
	init(&camera, PGEM_VIDEO_CAPTURE);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, shared.dmabuf);
	pgem_video_on(&camera);
	pgem_video_dequeue(&camera);
	/* In use, and so not to be had. */
	pgem_group_reclaim();
	igt_assert_eq_u64(pgem_resident(fd, shared.buf.handle), shared.buf.size);
	pgem_video_fini(&camera);
	pgem_group_reclaim();
	igt_assert_lt_u64(pgem_resident(fd, shared.buf.handle), shared.buf.size / 2);
	igt_assert(seen(shared.buf.map, picture));
	shared_fini(&shared);
	free(picture);
}

/* P19: only the kernel has written, and no page table says so. */
static void reclaim(int fd)
{
	pgem_group_with_swap(fd, capture_and_reclaim);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "capture", capture, "The camera fills an object as it does its own memory." },
	{ "capture-ring", capture_ring, "It fills three in turn, again and again." },
	{ "output", output, "What the CPU writes into an object is shown." },
	{ "output-capture", output_capture, "From one object, shown and seen, into another." },
	{ "exported-capture", exported_capture, "pgem's mapping shows the camera's own memory." },
	{ "too-small", too_small, "An object without room for a frame is refused, untouched." },
	{ "capture-dma", capture_dma, "A device that wants DMA fills an object of one page." },
	{ "unbind", unbind, "The camera keeps what it has of a device that is gone." },
	{ "reclaim", reclaim, "What the camera has written goes to swap and comes back." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
