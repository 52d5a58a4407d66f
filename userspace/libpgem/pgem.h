/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef PGEM_H
#define PGEM_H

#include <stdbool.h>
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
 * bytes. File descriptors given out have the close-on-exec flag. A call that waits
 * goes on waiting after a signal handler has run.
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
 * ``DRM_PGEM_PARAM_MAX_BO_SIZE``, -ENOMEM, or -ENOSPC if no inode is to be had.
 */
int pgem_bo_create(int fd, uint64_t size, struct pgem_bo *bo);

/**
 * pgem_bo_create_with_flags() - create a buffer that is out of the ordinary
 * @fd: an open device
 * @size: bytes wanted, rounded up to whole pages
 * @flags: of &enum drm_pgem_gem_flags, those that GEM_CREATE takes; 0 for none.
 * ``DRM_PGEM_PARAM_CREATE_FLAGS`` tells which ones the driver knows
 * @bo: out: the new buffer, not mapped
 *
 * Since version 1.2.
 *
 * Return: as pgem_bo_create(), and -EINVAL for an unknown flag, or what pgem_drm.h says
 * of a flag that cannot be had.
 */
int pgem_bo_create_with_flags(int fd, uint64_t size, uint32_t flags, struct pgem_bo *bo);

/**
 * pgem_bo_import() - make a buffer from a dma-buf
 * @fd: an open device
 * @dmabuf: file descriptor of the dma-buf; stays the caller's, may be closed
 * @bo: out: the buffer, not mapped
 *
 * The dma-buf may be another driver's: pgem_bo_flags() tells. The memory stays
 * where it is and that driver's, so that pgem_bo_resident() says 0, and whether it
 * can be mapped is that driver's affair. One that was exported from @fd's device
 * gives the object that it was made from.
 *
 * If @fd has a handle to the same object already, @bo gets that handle. The kernel
 * does not count how often: closing either buffer closes both.
 *
 * Return: 0, or -EBADF if @dmabuf is not open, -EINVAL if it is not a dma-buf,
 * -ENOMEM, or whatever the dma-buf's exporter says to an importer.
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
 * buffer, -EMFILE, -ENFILE, or -ENOMEM.
 */
int pgem_bo_export(const struct pgem_bo *bo);

/**
 * pgem_bo_map() - map a buffer for reading and writing
 * @bo: the buffer; its map is set
 *
 * Costs no memory: pages come one at a time, when they are touched. A touch may
 * raise SIGBUS if the device has been unbound, or the buffer purged: see
 * pgem_bo_madvise(). Does nothing if @bo is mapped.
 *
 * A buffer imported from another driver is mapped by that driver: what a touch costs
 * and where it may fail is as there.
 *
 * Return: 0, or -ENOENT for a closed buffer, -ENOMEM if the address space has no
 * room of that size, -ENOSPC if the device's mmap offsets are used up; for a buffer of
 * another driver whatever that says, -EINVAL if it maps nothing.
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
 * pgem_bo_flags() - ask what a buffer is
 * @bo: the buffer
 * @flags: out: of &enum drm_pgem_gem_flags; ``DRM_PGEM_GEM_IMPORTED`` is set if the
 * memory is another driver's
 *
 * Since version 1.1.
 *
 * Return: 0, or -ENOENT for a closed buffer.
 */
int pgem_bo_flags(const struct pgem_bo *bo, uint32_t *flags);

/**
 * pgem_bo_madvise() - say whether a buffer's contents are needed
 * @bo: the buffer
 * @advice: one of &enum drm_pgem_madvice: ``DRM_PGEM_MADV_DONTNEED`` if they may be
 * lost, ``DRM_PGEM_MADV_WILLNEED`` before they are used again
 * @retained: out: whether they are still there
 *
 * For caches. What is not needed stays until the kernel runs short of memory; it may
 * then be purged, and a touch raises SIGBUS. A buffer that is needed again and not
 * retained is lost, whatever is said later: close it and make a new one.
 *
 * It is the object that is needed or not, so it is up to all who share it to agree. One
 * that others have by a handle or a dma-buf is not purged, nor is one that is busy.
 *
 * Since version 1.2.
 *
 * Return: 0, or -ENOENT for a closed buffer, -EINVAL for an unknown @advice or a buffer
 * of another driver.
 */
int pgem_bo_madvise(const struct pgem_bo *bo, uint32_t advice, bool *retained);

/**
 * pgem_bo_label() - give a buffer a name for people
 * @bo: the buffer
 * @label: the name, shorter than ``DRM_PGEM_LABEL_SIZE`` bytes, of which the kernel
 * makes a copy; NULL to take it away
 *
 * pgem-info shows it. It belongs to the object: others who share that see, and can
 * change, the same one.
 *
 * Since version 1.2.
 *
 * Return: 0, or -ENOENT for a closed buffer, -E2BIG for a @label that is too long,
 * -EFAULT, -ENOMEM.
 */
int pgem_bo_label(const struct pgem_bo *bo, const char *label);

/**
 * pgem_bo_wait() - wait until others are done with a buffer
 * @bo: the buffer
 * @flags: of &enum drm_pgem_wait_flags: ``DRM_PGEM_WAIT_WRITE`` to write then, 0 to
 * read
 * @timeout_ns: until when, in nanoseconds of CLOCK_MONOTONIC as the caller reads it;
 * 0 asks without waiting
 *
 * Waits for the fences that are on the buffer, whoever attached them, also for the
 * caller's own. Says nothing of how they ended: see pgem_sync_file_export().
 *
 * Since version 1.1.
 *
 * Return: 0, or -ETIME if the time is up first, -ENOENT for a closed buffer, -EINVAL
 * for an unknown flag.
 */
int pgem_bo_wait(const struct pgem_bo *bo, uint32_t flags, int64_t timeout_ns);

/**
 * pgem_fence_attach() - say that work on a buffer has begun
 * @bo: the buffer
 * @flags: of &enum drm_pgem_fence_flags: ``DRM_PGEM_FENCE_WRITE`` to write, 0 to read
 * @fence: out: the fence, a number in @bo's open device, never 0; for
 * pgem_fence_signal()
 *
 * Others wait for the fence. If it is not signalled within 10 seconds it signals
 * itself, with the error ETIME; if the device is closed first, with ECANCELED.
 *
 * Since version 1.1.
 *
 * Return: 0, or -EBUSY if a fence is there that the new one would have to wait for
 * (any to write, one of a writer to read; pgem_bo_wait() waits for it), -EOPNOTSUPP for
 * another driver's buffer, -ENOSPC if @bo's open device has 16384 fences that are not
 * signalled by pgem_fence_signal(), -ENOENT for a closed buffer, -EINVAL for an unknown
 * flag, -ENOMEM.
 */
int pgem_fence_attach(const struct pgem_bo *bo, uint32_t flags, uint32_t *fence);

/**
 * pgem_fence_signal() - say that work on a buffer is done
 * @fd: the open device that the fence is of
 * @fence: what pgem_fence_attach() gave; gone afterwards, whatever is returned
 *
 * The buffer may have been closed before.
 *
 * Since version 1.1.
 *
 * Return: 0, or -ENOENT if @fd has no such fence, -ETIMEDOUT if it had signalled
 * itself, so that others went on before the work was done.
 */
int pgem_fence_signal(int fd, uint32_t fence);

/**
 * pgem_sync_file_export() - get the fences of a dma-buf as a file
 * @dmabuf: file descriptor of the dma-buf, of any driver
 * @flags: ``DMA_BUF_SYNC_READ`` for the fences that a reader waits for,
 * ``DMA_BUF_SYNC_WRITE`` for those that a writer waits for, which are all
 *
 * The sync_file stands for the fences there are now, not for later ones: one without
 * a fence counts as signalled. poll() says POLLIN once all are, and then
 * ``SYNC_IOC_FILE_INFO`` tells whether one ended with an error.
 *
 * Since version 1.1.
 *
 * Return: a file descriptor that the caller closes, or -EINVAL for other flags,
 * -ENOTTY or -EBADF if @dmabuf is not a dma-buf or not open, -EMFILE, -ENFILE,
 * -ENOMEM.
 */
int pgem_sync_file_export(int dmabuf, uint32_t flags);

/**
 * pgem_sync_file_import() - have users of a dma-buf wait for a sync_file
 * @dmabuf: file descriptor of the dma-buf, of any driver
 * @flags: ``DMA_BUF_SYNC_WRITE`` if the sync_file stands for writing,
 * ``DMA_BUF_SYNC_READ`` if it stands for reading
 * @sync_file: the sync_file; stays the caller's, may be closed
 *
 * Since version 1.1.
 *
 * Return: 0, or -EINVAL for other flags or if @sync_file is none, -ENOTTY or -EBADF
 * if @dmabuf is not a dma-buf or not open, -ENOMEM.
 */
int pgem_sync_file_import(int dmabuf, uint32_t flags, int sync_file);

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
