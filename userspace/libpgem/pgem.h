/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef PGEM_H
#define PGEM_H

#include <stdint.h>

#include <pgem_drm.h>

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * DOC: libpgem
 *
 * A thin layer over the ioctls of pgem_drm.h: it finds the device and keeps the
 * four values that belong to a buffer together. It holds no state of its own,
 * prints nothing and starts no threads; calls on different buffers may run at the
 * same time.
 *
 * Every function returns 0 or a file descriptor on success and a negative errno
 * value on failure. Output arguments are written on success only. Sizes are in
 * bytes. File descriptors given out have the close-on-exec flag.
 *
 * Besides the errors listed, every call that takes an open device may return
 * -ENODEV (the device has been unbound).
 */

/**
 * struct pgem_bo - a buffer: a GEM object as one open device file sees it
 *
 * Its memory belongs to the caller, what it refers to belongs to the buffer until
 * pgem_bo_close(). A structure of zeros is a closed buffer. The layout is part of
 * the ABI and stays as it is.
 */
struct pgem_bo {
	/** @fd: the open device; borrowed, must stay open as long as the buffer */
	int fd;

	/** @handle: the GEM handle in @fd, 0 for a closed buffer */
	uint32_t handle;

	/** @size: bytes, whole pages */
	uint64_t size;

	/** @map: first byte of the mapping, NULL if not mapped */
	void *map;
};

/**
 * pgem_open() - open a pgem device
 * @node: path of a card or render node, or NULL for the first pgem render node
 *
 * Return: a file descriptor that the caller closes, or
 *
 * - -ENODEV: @node is NULL and no render node is pgem's
 * - -EACCES: @node may not be opened; with NULL: no pgem among the nodes that
 *   may be opened, and at least one may not
 * - -ENOTTY: @node belongs to another driver or is no DRM node
 * - -ENOMEM
 * - whatever open() says, such as -ENOENT
 */
int pgem_open(const char *node);

/**
 * pgem_get_param() - ask for a property of the device
 * @fd: an open device
 * @param: one of &enum drm_pgem_param
 * @value: out: the property's value, in the unit that pgem_drm.h gives
 *
 * Return: 0, or -EINVAL if the driver does not know @param.
 */
int pgem_get_param(int fd, uint32_t param, uint64_t *value);

/**
 * pgem_bo_create() - create a buffer
 * @fd: an open device
 * @size: bytes wanted, rounded up to whole pages
 * @bo: out: the new buffer, not mapped
 *
 * No page of the buffer is allocated before it is touched. Untouched pages read
 * as zeros, and reading one allocates it too.
 *
 * Return: 0, or -EINVAL for a @size of zero, -E2BIG for one above
 * ``DRM_PGEM_PARAM_MAX_BO_SIZE``, -ENOMEM, or -ENOSPC if the device's mmap offsets
 * are used up or no inode is to be had.
 */
int pgem_bo_create(int fd, uint64_t size, struct pgem_bo *bo);

/**
 * pgem_bo_import() - make a buffer from a dma-buf
 * @fd: an open device
 * @dmabuf: file descriptor of the dma-buf; stays the caller's, may be closed
 * @bo: out: the buffer, not mapped
 *
 * If @fd has a handle to the same object already, @bo gets that handle. The kernel
 * does not count how often: closing either buffer closes both.
 *
 * Return: 0, or -EBADF if @dmabuf is not open, -EINVAL if it is not a dma-buf or
 * cannot be imported, -ENOMEM, or whatever the dma-buf's exporter says.
 */
int pgem_bo_import(int fd, int dmabuf, struct pgem_bo *bo);

/**
 * pgem_bo_export() - make a dma-buf from a buffer
 * @bo: the buffer
 *
 * The dma-buf can be mapped for reading and writing. It keeps the object's
 * contents alive after the buffer is closed.
 *
 * Return: a file descriptor that the caller closes, or -ENOENT for a closed
 * buffer, -EMFILE, -ENFILE or -ENOMEM.
 */
int pgem_bo_export(const struct pgem_bo *bo);

/**
 * pgem_bo_map() - map a buffer for reading and writing
 * @bo: the buffer; its map is set
 *
 * Costs no memory: pages come one at a time, when they are touched. A touch may
 * raise SIGBUS if the device has been unbound. Does nothing if @bo is mapped.
 *
 * Return: 0, or -ENOENT for a closed buffer, -ENOMEM if the address space has no
 * room of that size.
 */
int pgem_bo_map(struct pgem_bo *bo);

/**
 * pgem_bo_unmap() - remove the mapping that pgem_bo_map() made
 * @bo: the buffer; its map becomes NULL
 *
 * The contents stay. Does nothing if @bo is not mapped.
 *
 * Return: 0, or what munmap() says, in which case @bo is as it was.
 */
int pgem_bo_unmap(struct pgem_bo *bo);

/**
 * pgem_bo_resident() - ask how much memory a buffer occupies now
 * @bo: the buffer
 * @resident: out: bytes; pages never touched and pages in swap do not count
 *
 * Return: 0, or -ENOENT for a closed buffer.
 */
int pgem_bo_resident(const struct pgem_bo *bo, uint64_t *resident);

/**
 * pgem_bo_close() - unmap a buffer and give its handle back
 * @bo: the buffer; becomes a structure of zeros, whatever is returned
 *
 * The object's memory is freed when the last handle, mapping and dma-buf is gone.
 * Does nothing if @bo is closed, so that error paths need not ask.
 *
 * Return: 0, or the first error of munmap() and ``DRM_IOCTL_GEM_CLOSE``, neither
 * of which can be acted upon.
 */
int pgem_bo_close(struct pgem_bo *bo);

#if defined(__cplusplus)
}
#endif

#endif /* PGEM_H */
