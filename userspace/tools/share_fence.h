/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_FENCE_H
#define SHARE_FENCE_H

#include <stdint.h>

#include <pgem.h>

/**
 * struct share_fence - work on a buffer that has begun
 */
struct share_fence {
	/** @number: for pgem_fence_signal() */
	uint32_t number;

	/** @sync_file: the same for others to wait for; the owner's to close */
	int sync_file;
};

/**
 * share_fence_attach() - say that work on a buffer has begun
 * @bo: the buffer
 * @dmabuf: its dma-buf
 * @flags: ``DRM_PGEM_FENCE_WRITE`` or 0, as for pgem_fence_attach()
 * @fence: out: the fence, both for who works and for who waits
 *
 * Return: 0 or a negative errno value as pgem_fence_attach() and
 * pgem_sync_file_export() have them; then there is no fence.
 */
int share_fence_attach(const struct pgem_bo *bo, int dmabuf, uint32_t flags,
		       struct share_fence *fence);

/**
 * share_fence_wait() - wait until another's work is done
 * @sync_file: its fence
 *
 * Return: 0 or a negative errno value: -ECANCELED if the other has closed the device
 * first, -ETIME if it took more than 10 seconds, -ETIMEDOUT if the fence does not even
 * end then.
 */
int share_fence_wait(int sync_file);

/**
 * share_fence_error() - say how a fence ended
 * @peer: whose it is: "producer" or "consumer"
 * @work: what it stands for: "drawing" or "reading"
 * @frame: number of the frame
 * @err: what share_fence_wait() returned
 */
void share_fence_error(const char *peer, const char *work, uint64_t frame, int err);

#endif /* SHARE_FENCE_H */
