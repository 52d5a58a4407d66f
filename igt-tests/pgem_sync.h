/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Fences and what carries them, for all tests; see pgem_sync.c
 *
 * Calls come in pairs, as in pgem_lib.h.
 */
#ifndef PGEM_SYNC_H
#define PGEM_SYNC_H

#include <linux/sync_file.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the driver gives an unsignalled fence, and what a slow machine may add */
#define PGEM_FENCE_MS		10000
#define PGEM_FENCE_SLACK_MS	5000

/* ioctls; flags of FENCE_ATTACH and GEM_WAIT as in pgem_drm.h */
int __pgem_fence_attach(int fd, uint32_t handle, uint32_t flags, uint32_t *fence);
uint32_t pgem_fence_attach(int fd, uint32_t handle, uint32_t flags);
int __pgem_fence_signal(int fd, uint32_t fence);
void pgem_fence_signal(int fd, uint32_t fence);
int __pgem_wait(int fd, uint32_t handle, uint32_t flags, int64_t timeout_ns);

/* CLOCK_MONOTONIC, @ms from now: what GEM_WAIT and the syncobj ioctls want */
int64_t pgem_until(int ms);

/* Asks without waiting: has somebody a fence there that GEM_WAIT would wait for? */
bool pgem_busy(int fd, uint32_t handle, uint32_t flags);

/* poll() of a dma-buf (POLLIN: to read, POLLOUT: to write) or a sync_file (POLLIN) */
bool pgem_poll(int fd, short events, int timeout_ms);

/* sync_file of a dma-buf's fences; flags are DMA_BUF_SYNC_READ, _WRITE or both */
int __pgem_export_sync_file(int dmabuf, uint32_t flags, int *sync_file);
int pgem_export_sync_file(int dmabuf, uint32_t flags);
int __pgem_import_sync_file(int dmabuf, uint32_t flags, int sync_file);
void pgem_import_sync_file(int dmabuf, uint32_t flags, int sync_file);

/* The same for an object: a dma-buf is made and closed again on the way */
int pgem_fence_sync_file(int fd, uint32_t handle, uint32_t flags);

/* Of a sync_file: 0 while a fence is pending, 1 when all are done, or an error */
int __pgem_sync_status(int sync_file, int *status);
int pgem_sync_status(int sync_file);
unsigned int pgem_sync_count(int sync_file);	/* of fences */
unsigned int pgem_sync_fences(int sync_file, struct sync_fence_info *fences, unsigned int max);
int pgem_sync_merge(int a, int b);		/* a third one that waits for both */

/* A dma-buf that is not pgem's: a memfd's, by udmabuf */
int pgem_udmabuf(size_t pages);

#endif /* PGEM_SYNC_H */
