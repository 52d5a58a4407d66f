// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-share's buffers
 *
 * Producer and consumer each have a ring of the same buffers: the same memory, with
 * handles and mappings of their own.
 */

#include <errno.h>
#include <unistd.h>

#include "share_ring.h"

static int share_buffer_export(struct share_buffer *buffer)
{
	int ret;

	ret = pgem_bo_map(&buffer->bo);
	if (ret)
		return ret;

	buffer->dmabuf = pgem_bo_export(&buffer->bo);
	return buffer->dmabuf < 0 ? buffer->dmabuf : 0;
}

int share_ring_create(struct share_ring *ring, int fd, uint64_t size)
{
	struct share_buffer buffer;
	int ret;

	if (ring->count == SHARE_RING_MAX)
		return -ENOSPC;

	ret = pgem_bo_create(fd, size, &buffer.bo);
	if (ret)
		return ret;

	ret = share_buffer_export(&buffer);
	if (ret) {
		pgem_bo_close(&buffer.bo);
		return ret;
	}

	ring->buffers[ring->count++] = buffer;
	return 0;
}

static int share_buffer_import(struct share_buffer *buffer, int fd)
{
	int ret;

	ret = pgem_bo_import(fd, buffer->dmabuf, &buffer->bo);
	if (ret)
		return ret;

	ret = pgem_bo_map(&buffer->bo);
	if (ret)
		pgem_bo_close(&buffer->bo);
	return ret;
}

int share_ring_import(struct share_ring *ring, int fd, int dmabuf)
{
	struct share_buffer buffer = { .dmabuf = dmabuf };
	int ret = -ENOSPC;

	if (ring->count < SHARE_RING_MAX)
		ret = share_buffer_import(&buffer, fd);
	if (ret) {
		close(dmabuf);
		return ret;
	}

	ring->buffers[ring->count++] = buffer;
	return 0;
}

void share_ring_free(struct share_ring *ring)
{
	uint32_t i;

	for (i = 0; i < ring->count; i++) {
		close(ring->buffers[i].dmabuf);
		pgem_bo_close(&ring->buffers[i].bo);
	}
	ring->count = 0;
}
