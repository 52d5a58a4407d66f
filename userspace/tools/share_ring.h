/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_RING_H
#define SHARE_RING_H

#include <stdint.h>

#include <pgem.h>

/* Buffers in the largest ring. */
#define SHARE_RING_MAX 64u

/**
 * struct share_buffer - a buffer of the ring
 */
struct share_buffer {
	/** @bo: the buffer, mapped */
	struct pgem_bo bo;

	/** @dmabuf: its dma-buf, owned; where the fences are asked for */
	int dmabuf;
};

/**
 * struct share_ring - the buffers that frames go through, one after another
 */
struct share_ring {
	/** @buffers: the buffers */
	struct share_buffer buffers[SHARE_RING_MAX];

	/** @count: how many there are */
	uint32_t count;
};

/**
 * share_ring_create() - add a new buffer
 * @ring: the ring
 * @fd: the open device; borrowed, as in &struct pgem_bo
 * @size: bytes
 *
 * Return: 0 or a negative errno value, then @ring is as it was.
 */
int share_ring_create(struct share_ring *ring, int fd, uint64_t size);

/**
 * share_ring_import() - add a buffer that another process has made
 * @ring: the ring
 * @fd: the open device; borrowed, as in &struct pgem_bo
 * @dmabuf: the buffer's dma-buf; the ring's, whatever is returned
 *
 * Return: 0 or a negative errno value, then @ring is as it was.
 */
int share_ring_import(struct share_ring *ring, int fd, int dmabuf);

/**
 * share_ring_of() - find the buffer that a frame goes through
 * @ring: the ring
 * @frame: number of the frame
 *
 * Return: the buffer.
 */
static inline struct share_buffer *share_ring_of(struct share_ring *ring, uint64_t frame)
{
	return &ring->buffers[frame % ring->count];
}

/**
 * share_ring_free() - close all buffers
 * @ring: the ring
 */
void share_ring_free(struct share_ring *ring);

#endif /* SHARE_RING_H */
