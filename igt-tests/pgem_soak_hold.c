// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_soak: who gets hold of pages
 *
 * The kernel, by pins (a pipe, io_uring), vgem by an import, and vivid's camera and screen
 * by a mapping for the kernel. Each deed takes if nothing is held, and else gives back.
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/videodev2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_peer.h"
#include "pgem_soak.h"

#define WIDTH 64
#define HEIGHT 64
#define FRAME (WIDTH * HEIGHT * 2)

static struct slot *shared_slot(struct worker *worker)
{
	struct slot *slot = soak_slot(worker);

	return slot && !slot->unneeded && slot->dmabuf >= 0 ? slot : NULL;
}

static void empty_pipe(struct worker *worker)
{
	static uint8_t copy[HELD * 4096];

	igt_assert_eq(read(worker->pipe[0], copy, worker->piped * PG), worker->piped * PG);
	pgem_check(copy, worker->piped_first, worker->piped);
	worker->piped = 0;
}

bool soak_pipe(struct worker *worker)
{
	struct slot *slot = soak_slot(worker);
	struct iovec io;
	size_t count;

	if (worker->piped) {
		empty_pipe(worker);
		return true;
	}
	if (!slot || slot->unneeded)
		return false;
	count = slot->pages < HELD ? slot->pages : HELD;
	soak_touch(slot, 0, count);
	io = (struct iovec){ slot->map, count * PG };
	igt_assert_eq(vmsplice(worker->pipe[1], &io, 1, 0), count * PG);
	worker->piped = count;
	worker->piped_first = slot->first;
	return true;
}

bool soak_ring(struct worker *worker)
{
	struct slot *slot = soak_slot(worker);
	struct iovec io;
	int what = worker->registered ? IORING_UNREGISTER_BUFFERS : IORING_REGISTER_BUFFERS;

	if (!worker->registered) {
		if (!slot || slot->unneeded)
			return false;
		io = (struct iovec){ slot->map, slot->pages * PG };
	}
	igt_assert_eq(syscall(SYS_io_uring_register, worker->ring, what,
			      worker->registered ? NULL : &io, !worker->registered), 0);
	worker->registered = !worker->registered;
	return true;
}

bool soak_vgem(struct worker *worker)
{
	struct slot *slot = shared_slot(worker);

	if (worker->imported) {
		pgem_close(worker->vgem, worker->imported);
		worker->imported = 0;
		return true;
	}
	if (!slot)
		return false;
	worker->imported = pgem_import(worker->vgem, slot->dmabuf);
	return true;
}

static void release_video(struct worker *worker)
{
	pgem_video_dmabufs(&worker->video, 0);
	worker->queued = false;
}

bool soak_video(struct worker *worker)
{
	struct slot *slot = shared_slot(worker);

	if (!worker->has_video)
		return false;
	if (worker->queued) {
		release_video(worker);
		return true;
	}
	if (!slot || slot->pages * PG < FRAME)
		return false;
	pgem_video_dmabufs(&worker->video, 1);
	/* Maps all of it; nothing is filmed or shown. */
	pgem_video_queue(&worker->video, 0, slot->dmabuf);
	worker->queued = true;
	return true;
}

void soak_hold_init(struct worker *worker)
{
	struct io_uring_params params = {};

	igt_assert_eq(pipe2(worker->pipe, O_CLOEXEC), 0);
	worker->ring = syscall(SYS_io_uring_setup, 1, &params);
	igt_assert(worker->ring >= 0);
	worker->vgem = pgem_peer_open(pgem_peer("vgem"));
	/* There is one of each, and one process can have it. */
	worker->has_video = worker->number < 2;
	if (worker->has_video)
		pgem_video_init(&worker->video, 0,
				worker->number ? PGEM_VIDEO_OUTPUT : PGEM_VIDEO_CAPTURE,
				WIDTH, HEIGHT);
}

void soak_hold_fini(struct worker *worker)
{
	if (worker->piped)
		empty_pipe(worker);
	close(worker->pipe[0]);
	close(worker->pipe[1]);
	close(worker->ring);
	close(worker->vgem);
	if (worker->has_video)
		pgem_video_fini(&worker->video);
}
