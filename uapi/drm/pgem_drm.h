/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_DRM_H_
#define _PGEM_DRM_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * DOC: Rules
 *
 * What holds for every ioctl of pgem, so that the interface can grow:
 *
 * - Structures consist of fixed-width integers at their natural alignment, are
 *   a multiple of 8 bytes long and have the same layout for 32-bit and 64-bit
 *   programs.
 * - A field named pad, and every flag bit without a meaning yet, must be zero;
 *   the driver answers anything else with ``EINVAL``.
 * - Fields may be added at the end of a structure. The value zero keeps the
 *   meaning that the field's absence had.
 * - A failed call leaves the structure as it was.
 * - Numbers are never given a second meaning. Whatever is added raises the minor
 *   version that ``DRM_IOCTL_VERSION`` reports.
 * - All ioctls are allowed on the render node.
 *
 * Besides those listed, every call may fail with ``EFAULT`` (the structure cannot
 * be read or written) and ``ENODEV`` (the device has been unbound).
 */

/**
 * enum drm_pgem_ioctl_id - driver-private ioctl numbers, add at the end
 */
enum drm_pgem_ioctl_id {
	/** @DRM_PGEM_GET_PARAM: ask for a property of the device */
	DRM_PGEM_GET_PARAM = 0x00,
	/** @DRM_PGEM_FENCE_ATTACH: say that work on an object has begun */
	DRM_PGEM_FENCE_ATTACH = 0x01,
	/** @DRM_PGEM_FENCE_SIGNAL: say that it is done */
	DRM_PGEM_FENCE_SIGNAL = 0x02,
	/** @DRM_PGEM_GEM_CREATE: create an object */
	DRM_PGEM_GEM_CREATE = 0x03,
	/** @DRM_PGEM_GEM_MMAP_OFFSET: ask where an object can be mapped */
	DRM_PGEM_GEM_MMAP_OFFSET = 0x04,
	/** @DRM_PGEM_GEM_INFO: ask for an object's size and resident memory */
	DRM_PGEM_GEM_INFO = 0x05,
	/** @DRM_PGEM_GEM_WAIT: wait until others are done with an object */
	DRM_PGEM_GEM_WAIT = 0x06,
	/** @DRM_PGEM_GEM_MADVISE: say whether an object's contents are needed */
	DRM_PGEM_GEM_MADVISE = 0x07,
	/** @DRM_PGEM_GEM_LABEL: give an object a name for people */
	DRM_PGEM_GEM_LABEL = 0x08,
};

/**
 * enum drm_pgem_param - what GET_PARAM can be asked for, add at the end
 */
enum drm_pgem_param {
	/**
	 * @DRM_PGEM_PARAM_PAGE_SIZE: bytes in the unit that objects are
	 * allocated and mapped in
	 */
	DRM_PGEM_PARAM_PAGE_SIZE = 0,
	/**
	 * @DRM_PGEM_PARAM_MAX_BO_SIZE: bytes in the largest object that
	 * GEM_CREATE accepts
	 */
	DRM_PGEM_PARAM_MAX_BO_SIZE = 1,
	/**
	 * @DRM_PGEM_PARAM_CREATE_FLAGS: mask of the flags that GEM_CREATE
	 * accepts
	 */
	DRM_PGEM_PARAM_CREATE_FLAGS = 2,
};

/**
 * struct drm_pgem_get_param - ask for a property of the device
 *
 * Errors: ``EINVAL`` for a @param that the driver does not know or a set @pad.
 */
struct drm_pgem_get_param {
	/** @param: in: one of &enum drm_pgem_param */
	__u32 param;

	/** @pad: in: must be zero */
	__u32 pad;

	/** @value: out: the property's value */
	__u64 value;
};

/**
 * struct drm_pgem_gem_create - create an object
 *
 * The object belongs to the open file: its handle lasts until
 * ``DRM_IOCTL_GEM_CLOSE`` or until the file is closed. No page of it is allocated
 * before it is touched; a page reads as zeros until it is written. How much clients
 * can take is bounded by their memory cgroups alone: a page is charged to the one
 * whose process touches it first.
 *
 * Errors: ``EINVAL`` for a @size of zero, an unknown flag or a set @handle;
 * ``E2BIG`` for a @size above ``DRM_PGEM_PARAM_MAX_BO_SIZE``; ``EOPNOTSUPP`` for
 * large folios where the kernel has none; ``ENOMEM``; ``ENOSPC`` if no inode is to be
 * had.
 */
struct drm_pgem_gem_create {
	/** @size: in: bytes wanted; out: bytes given, whole pages */
	__u64 size;

	/** @flags: in: those of &enum drm_pgem_gem_flags below bit 16 */
	__u32 flags;

	/** @handle: in: must be zero; out: the new object's handle */
	__u32 handle;
};

/**
 * struct drm_pgem_gem_mmap_offset - ask where an object can be mapped
 *
 * The answer is an offset for ``mmap()`` of the same device file. It stays valid
 * for as long as the file holds a handle to the object. Mappings start at the
 * object's first byte and must be ``MAP_SHARED``. The mapping of another driver's dma-buf
 * is made by that driver, and fails as that driver says. If the dma-buf was exported for
 * reading, ``mmap()`` for writing fails with ``EACCES``. This holds for objects of other
 * drivers only: an object of the same device that comes back as a dma-buf is itself, and
 * can be mapped for writing however it was exported.
 *
 * An object gets its offset when one asks for the first time; its dma-buf needs none.
 * A device of a 64-bit kernel has offsets for almost 16 TiB, which all clients share.
 * 32-bit programs can pass each of them to mmap(), if they are built with
 * ``_FILE_OFFSET_BITS=64``.
 *
 * Errors: ``ENOENT`` if @handle is not a handle of this file; ``EINVAL`` for a
 * set @flags; ``ENOSPC`` if the device's offsets are used up.
 */
struct drm_pgem_gem_mmap_offset {
	/** @handle: in: the object's handle */
	__u32 handle;

	/** @flags: in: must be zero, no flag has a meaning yet */
	__u32 flags;

	/** @offset: out: bytes, to be passed to mmap() as its offset */
	__u64 offset;
};

/**
 * enum drm_pgem_gem_flags - what GEM_INFO says of an object, add at the end
 *
 * Bits from 16 on say what an object is and cannot be asked for; those below are
 * also the flags of GEM_CREATE.
 */
enum drm_pgem_gem_flags {
	/**
	 * @DRM_PGEM_GEM_HUGE: large folios, of 2 MiB mostly, where the object has
	 * room for one. Touching all of the object costs less, touching one byte of
	 * it allocates and zeroes a whole folio. Only what the kernel has is had: it
	 * may give small pages instead.
	 */
	DRM_PGEM_GEM_HUGE = 1 << 0,
	/**
	 * @DRM_PGEM_GEM_IMPORTED: the memory is another driver's, the object
	 * was made from a dma-buf of its
	 */
	DRM_PGEM_GEM_IMPORTED = 1 << 16,
};

/**
 * struct drm_pgem_gem_info - ask for an object's size and resident memory
 *
 * Errors: ``ENOENT`` if @handle is not a handle of this file; ``EINVAL`` for a
 * set @flags.
 */
struct drm_pgem_gem_info {
	/** @handle: in: the object's handle */
	__u32 handle;

	/**
	 * @flags: in: must be zero; out: the flags that the object was created
	 * with, and of &enum drm_pgem_gem_flags
	 */
	__u32 flags;

	/** @size: out: bytes in the object, whole pages */
	__u64 size;

	/**
	 * @resident: out: bytes of the object that occupy memory now; pages
	 * never touched and pages in swap do not count; 0 for an imported
	 * object, whose memory is not pgem's
	 */
	__u64 resident;
};

/**
 * enum drm_pgem_fence_flags - flags of FENCE_ATTACH, add at the end
 */
enum drm_pgem_fence_flags {
	/** @DRM_PGEM_FENCE_WRITE: the object is written; without: only read */
	DRM_PGEM_FENCE_WRITE = 1 << 0,
};

/**
 * struct drm_pgem_fence_attach - say that work on an object has begun
 *
 * Adds a fence to the object's reservation, where other drivers, poll() of a
 * dma-buf, GEM_WAIT and ``DMA_BUF_IOCTL_EXPORT_SYNC_FILE`` find it. The client
 * says by FENCE_SIGNAL that it is done. A fence that is not signalled within 10
 * seconds signals itself with the error ``ETIME``; closing the file signals
 * what is left with ``ECANCELED``.
 *
 * Number, structure and flags are those of FENCE_ATTACH in vgem_drm.h, and so are the
 * errors except ``EOPNOTSUPP`` and ``ENOSPC``: imported objects get no fence, since it
 * would keep their exporter from moving its memory, and a file has at most 16384 fences
 * that it has not signalled.
 *
 * Errors: ``ENOENT`` if @handle is not a handle of this file; ``EINVAL`` for an
 * unknown flag or a set @pad; ``EBUSY`` if a fence is there that the new one would
 * have to wait for: any to write, one of a writer to read; ``EOPNOTSUPP`` for an
 * imported object; ``ENOSPC`` if the file has too many fences; ``ENOMEM``.
 */
struct drm_pgem_fence_attach {
	/** @handle: in: the object's handle */
	__u32 handle;

	/** @flags: in: of &enum drm_pgem_fence_flags */
	__u32 flags;

	/** @out_fence: out: a number for FENCE_SIGNAL, never 0 */
	__u32 out_fence;

	/** @pad: in: must be zero */
	__u32 pad;
};

/**
 * struct drm_pgem_fence_signal - say that work on an object is done
 *
 * The fence's number is free from then on, also where the answer is ``ETIMEDOUT``.
 *
 * Number, structure, flags and errors are those of FENCE_SIGNAL in vgem_drm.h.
 *
 * Errors: ``ENOENT`` if @fence is not a fence of this file, or has been signalled
 * by it; ``EINVAL`` for set @flags; ``ETIMEDOUT`` if the fence had signalled
 * itself.
 */
struct drm_pgem_fence_signal {
	/** @fence: in: what FENCE_ATTACH gave */
	__u32 fence;

	/** @flags: in: must be zero, no flag has a meaning yet */
	__u32 flags;
};

/**
 * enum drm_pgem_wait_flags - flags of GEM_WAIT, add at the end
 */
enum drm_pgem_wait_flags {
	/**
	 * @DRM_PGEM_WAIT_WRITE: wait for readers and writers, to write oneself;
	 * without: for writers only, to read
	 */
	DRM_PGEM_WAIT_WRITE = 1 << 0,
};

/**
 * struct drm_pgem_gem_wait - wait until others are done with an object
 *
 * Waits for the fences that are in the object's reservation, whosever they are.
 *
 * Errors: ``ENOENT`` if @handle is not a handle of this file; ``EINVAL`` for an
 * unknown flag; ``ETIME`` if @timeout_ns comes first; ``EINTR`` after a signal
 * without ``SA_RESTART``.
 */
struct drm_pgem_gem_wait {
	/** @handle: in: the object's handle */
	__u32 handle;

	/** @flags: in: of &enum drm_pgem_wait_flags */
	__u32 flags;

	/**
	 * @timeout_ns: in: until when, in nanoseconds of the caller's
	 * CLOCK_MONOTONIC, also in a time namespace; a time that has passed,
	 * such as 0, asks without waiting
	 */
	__s64 timeout_ns;
};

/**
 * enum drm_pgem_madvice - what GEM_MADVISE says, add at the end
 */
enum drm_pgem_madvice {
	/** @DRM_PGEM_MADV_WILLNEED: the contents are needed; so it is at first */
	DRM_PGEM_MADV_WILLNEED = 0,
	/**
	 * @DRM_PGEM_MADV_DONTNEED: the contents may be lost, if the kernel runs
	 * short of memory
	 */
	DRM_PGEM_MADV_DONTNEED = 1,
};

/**
 * struct drm_pgem_gem_madvise - say whether an object's contents are needed
 *
 * For caches: an object that is DONTNEED keeps its contents as long as memory lasts.
 * When it does not, the object is purged: its pages are freed, and touching a
 * mapping of it raises ``SIGBUS``. Before its contents are used again, it has to be
 * WILLNEED; with the answer @retained 0 it is lost for good, and to be closed.
 *
 * What others have, too, by a handle, a name or a dma-buf, is not purged, nor is what
 * is busy with a fence. Names and dma-bufs last as long as the object has a handle, closed
 * or not: an object that was exported once is not purged. A purged one cannot be
 * exported (``EFAULT``).
 *
 * Errors: ``ENOENT`` if @handle is not a handle of this file; ``EINVAL`` for an
 * unknown @advice, a set @retained or @pad, or an imported object.
 */
struct drm_pgem_gem_madvise {
	/** @handle: in: the object's handle */
	__u32 handle;

	/** @advice: in: one of &enum drm_pgem_madvice */
	__u32 advice;

	/** @retained: in: must be zero; out: 1 if the contents are there, else 0 */
	__u32 retained;

	/** @pad: in: must be zero */
	__u32 pad;
};

/* Bytes in the longest label, its closing zero included */
#define DRM_PGEM_LABEL_SIZE	64

/**
 * struct drm_pgem_gem_label - give an object a name for people
 *
 * It is shown where objects are listed, as in debugfs, and means nothing to the
 * driver. An object has one label: the last one given, by whoever has a handle.
 *
 * Errors: ``ENOENT`` if @handle is not a handle of this file; ``EINVAL`` for a set
 * @pad; ``E2BIG`` for a label of ``DRM_PGEM_LABEL_SIZE`` bytes or more without its
 * closing zero; ``EFAULT`` if it cannot be read; ``ENOMEM``.
 */
struct drm_pgem_gem_label {
	/** @handle: in: the object's handle */
	__u32 handle;

	/** @pad: in: must be zero */
	__u32 pad;

	/** @label: in: pointer to the label, with a closing zero; 0 for none */
	__u64 label;
};

/**
 * DRM_IOCTL_PGEM() - build an ioctl request number
 * @access: direction of the data seen from user space: R, W or WR
 * @id: one of &enum drm_pgem_ioctl_id without its DRM_PGEM_ prefix
 * @type: suffix of the structure's name
 *
 * Not for direct use: take the ``DRM_IOCTL_PGEM_*`` numbers below.
 */
#define DRM_IOCTL_PGEM(access, id, type) \
	DRM_IO ## access(DRM_COMMAND_BASE + DRM_PGEM_ ## id, struct drm_pgem_ ## type)

#define DRM_IOCTL_PGEM_GET_PARAM \
	DRM_IOCTL_PGEM(WR, GET_PARAM, get_param)
#define DRM_IOCTL_PGEM_FENCE_ATTACH \
	DRM_IOCTL_PGEM(WR, FENCE_ATTACH, fence_attach)
#define DRM_IOCTL_PGEM_FENCE_SIGNAL \
	DRM_IOCTL_PGEM(W, FENCE_SIGNAL, fence_signal)
#define DRM_IOCTL_PGEM_GEM_CREATE \
	DRM_IOCTL_PGEM(WR, GEM_CREATE, gem_create)
#define DRM_IOCTL_PGEM_GEM_MMAP_OFFSET \
	DRM_IOCTL_PGEM(WR, GEM_MMAP_OFFSET, gem_mmap_offset)
#define DRM_IOCTL_PGEM_GEM_INFO \
	DRM_IOCTL_PGEM(WR, GEM_INFO, gem_info)
#define DRM_IOCTL_PGEM_GEM_WAIT \
	DRM_IOCTL_PGEM(W, GEM_WAIT, gem_wait)
#define DRM_IOCTL_PGEM_GEM_MADVISE \
	DRM_IOCTL_PGEM(WR, GEM_MADVISE, gem_madvise)
#define DRM_IOCTL_PGEM_GEM_LABEL \
	DRM_IOCTL_PGEM(W, GEM_LABEL, gem_label)

#if defined(__cplusplus)
}
#endif

#endif /* _PGEM_DRM_H_ */
