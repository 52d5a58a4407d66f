// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_swap: what the kernel and others do with pages
 *
 * P19, P20: data that the kernel writes, by its own mapping of user space's memory or of
 * the object; pins; and attachments. All is held while memory is short, and has then to
 * be what it was.
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_peer.h"
#include "pgem_swap.h"
#include "pgem_video.h"

#define PIPED	16	/* pages of the first buffer */
#define PINNED	64	/* from there on */
#define WIDTH	128
#define HEIGHT	64
#define FRAME_PAGES (WIDTH * HEIGHT * 2 / PG)

struct swap_holds {
	int pipe[2];
	int ring;
	/* Shared with vgem; filmed, or shown, by vivid */
	int vgem;
	struct pgem_buf shared, frame;
	int shared_dmabuf, frame_dmabuf;
	uint32_t imported;
	struct pgem_video video;
	uint8_t picture[WIDTH * HEIGHT * 2];
};

static void fill(struct pgem_buf *buf, uint64_t first)
{
	for (size_t i = 0; i < buf->pages; i++)
		swap_write(buf->map + i * PG, first + i);
}

static void check(const struct pgem_buf *buf, uint64_t first)
{
	for (size_t i = 0; i < buf->pages; i++)
		swap_check(buf->map + i * PG, first + i);
}

/* Numbers that no other page has */
static uint64_t own_number(const struct swap_client *client)
{
	return (uint64_t)(client->number + 1) << 32;
}

void swap_kernel_writes(struct swap_client *client, void *page, uint64_t number, bool direct)
{
	static uint8_t copy[4096] __attribute__((aligned(4096)));
	static int file = -1, disk = -1;
	off_t at = client->number * PG;

	if (file < 0) {
		file = memfd_create("pgem_swap", MFD_CLOEXEC);
		disk = open(PGEM_RAM_DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
		igt_assert(file >= 0 && disk >= 0);
	}
	swap_write(copy, number);
	igt_assert_eq(pwrite(direct ? disk : file, copy, PG, at), PG);
	igt_assert_eq(pread(direct ? disk : file, page, PG, at), PG);
}

static void pin(struct swap_client *client, struct swap_holds *holds)
{
	struct io_uring_params params = {};
	struct iovec io = { client->bufs[0].map, PIPED * PG };

	igt_assert_eq(pipe2(holds->pipe, O_CLOEXEC), 0);
	igt_assert_eq(vmsplice(holds->pipe[1], &io, 1, 0), PIPED * PG);
	holds->ring = syscall(SYS_io_uring_setup, 1, &params);
	igt_assert(holds->ring >= 0);
	io = (struct iovec){ client->bufs[0].map + PIPED * PG, PINNED * PG };
	igt_assert_eq(syscall(SYS_io_uring_register, holds->ring, IORING_REGISTER_BUFFERS, &io,
			      1), 0);
}

/* The pipe has the pages that the mapping has: it sees what is written now. */
static void unpin(struct swap_client *client, struct swap_holds *holds)
{
	static uint8_t copy[PIPED * 4096];

	for (size_t i = 0; i < PIPED; i++)
		swap_write(client->bufs[0].map + i * PG, own_number(client) + i);
	igt_assert_eq(read(holds->pipe[0], copy, sizeof(copy)), PIPED * PG);
	for (size_t i = 0; i < PIPED; i++) {
		swap_check(copy + i * PG, own_number(client) + i);
		swap_write(client->bufs[0].map + i * PG, swap_number(client, 0, i));
	}
	close(holds->pipe[0]);
	close(holds->pipe[1]);
	close(holds->ring);
}

static void attach(struct swap_client *client, struct swap_holds *holds)
{
	pgem_buf_init(&holds->shared, client->fd, PINNED);
	fill(&holds->shared, own_number(client));
	holds->shared_dmabuf = pgem_export(client->fd, holds->shared.handle);
	holds->vgem = pgem_peer_open(pgem_peer("vgem"));
	holds->imported = pgem_import(holds->vgem, holds->shared_dmabuf);
}

static void detach(struct swap_client *client, struct swap_holds *holds)
{
	check(&holds->shared, own_number(client));
	close(holds->vgem);
	close(holds->shared_dmabuf);
	check(&holds->shared, own_number(client));
	pgem_buf_fini(&holds->shared);
}

/*
 * vivid has two cameras and two screens, one for each client. The first device maps for
 * the kernel, the second for DMA, which wants no more than a page. What a camera has
 * filmed is left alone, to be swapped; a screen keeps what it shows.
 */
static void use_video(struct swap_client *client, struct swap_holds *holds)
{
	unsigned int device = client->number / 2;
	bool films = client->number % 2;

	pgem_buf_init(&holds->frame, client->fd, device ? 1 : FRAME_PAGES);
	holds->frame_dmabuf = pgem_export(client->fd, holds->frame.handle);
	pgem_video_init(&holds->video, device, films ? PGEM_VIDEO_CAPTURE : PGEM_VIDEO_OUTPUT,
			device ? 64 : WIDTH, device ? 32 : HEIGHT);
	igt_assert_eq_u64(holds->video.size, holds->frame.size);
	if (!films)
		fill(&holds->frame, own_number(client));
	pgem_video_dmabufs(&holds->video, 1);
	pgem_video_queue(&holds->video, 0, holds->frame_dmabuf);
	pgem_video_on(&holds->video);
	if (films) {
		pgem_video_dequeue(&holds->video);
		pgem_video_fini(&holds->video);
	}
	/* Reading does not make a page dirty: if the kernel's writing did not, it is lost. */
	memcpy(holds->picture, holds->frame.map, holds->frame.size);
}

static void end_video(struct swap_client *client, struct swap_holds *holds)
{
	igt_assert_eq(memcmp(holds->picture, holds->frame.map, holds->frame.size), 0);
	if (client->number % 2 == 0)
		pgem_video_fini(&holds->video);
	close(holds->frame_dmabuf);
	pgem_buf_fini(&holds->frame);
}

struct swap_holds *swap_hold(struct swap_client *client)
{
	struct swap_holds *holds = calloc(1, sizeof(*holds));

	igt_assert(holds);
	pin(client, holds);
	attach(client, holds);
	use_video(client, holds);
	return holds;
}

void swap_let_go(struct swap_client *client, struct swap_holds *holds)
{
	unpin(client, holds);
	detach(client, holds);
	end_video(client, holds);
	free(holds);
}
