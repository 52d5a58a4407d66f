/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_COMPAT_H_
#define _PGEM_COMPAT_H_

/**
 * DOC: Compatibility
 *
 * The driver is written to the interfaces of Linux 7.2. What older kernels lack
 * is supplied here, under the newer name, and nowhere else. Kbuild includes this
 * file ahead of every source file, so that none has to know about it. A shim asks
 * for the feature rather than for a version: distributions carry features back.
 * It goes away with the last kernel that needs it.
 */

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "pgem needs Linux 6.12 or newer"
#endif

/* Not in 6.12.0, but in later stable releases: allocation by type. */
#include <linux/slab.h>

#ifndef kzalloc_obj
/* Flags, where given, include GFP_KERNEL. */
#define kzalloc_obj(obj, flags...)	kzalloc(sizeof(obj), GFP_KERNEL | (flags + 0))
#endif

/* 6.13: the namespace became a string. */
#include <linux/module.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns)	MODULE_INFO(import_ns, ns)
#endif

/* Not in 6.12: dumb-buffer sizes as the core's business, with a header of its own. */
#ifdef PGEM_HAVE_DRM_DUMB_BUFFERS
#include <drm/drm_dumb_buffers.h>
#else
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_mode.h>

static inline int drm_mode_size_dumb(struct drm_device *dev,
				     struct drm_mode_create_dumb *args,
				     unsigned long hw_pitch_align,
				     unsigned long hw_size_align)
{
	u32 format = drm_driver_color_mode_format(dev, args->bpp);
	u64 pitch;

	/* Depths below 8 have formats with several pixels in a byte. */
	if (format == DRM_FORMAT_INVALID)
		pitch = (u64)args->width * DIV_ROUND_UP(args->bpp, 8);
	else
		pitch = drm_format_info_min_pitch(drm_format_info(format), 0, args->width);

	if (hw_pitch_align)
		pitch = round_up(pitch, hw_pitch_align);
	if (!pitch || pitch > U32_MAX)
		return -EINVAL;

	args->pitch = pitch;
	args->size = round_up(pitch * args->height, hw_size_align ?: PAGE_SIZE);

	return args->size ? 0 : -EINVAL;
}
#endif

/*
 * Not in 6.12: a fence with its lock inside, which on being signalled lets go of its
 * driver's operations. There the lock is the driver's, in the fence's memory, and the
 * operations are from the start the core's, which it has for its stub fence: nothing
 * of the module is called, and the fence goes by the name of "stub".
 */
#include <linux/dma-fence.h>

#ifdef dma_fence_lock_irqsave
static inline spinlock_t *pgem_compat_fence_lock(spinlock_t *lock)
{
	return NULL;
}
#else
static inline spinlock_t *pgem_compat_fence_lock(spinlock_t *lock)
{
	return lock;
}

static inline void pgem_compat_fence_init(struct dma_fence *fence,
					  const struct dma_fence_ops *ops,
					  spinlock_t *lock, u64 context, u64 seqno)
{
	struct dma_fence *stub = dma_fence_get_stub();

	dma_fence_init(fence, stub->ops, lock, context, seqno);
	dma_fence_put(stub);
}

#define dma_fence_init	pgem_compat_fence_init
#endif

#include "pgem_compat_dmabuf.h"
#include "pgem_compat_lru.h"
#include "pgem_compat_shmem.h"

#endif /* _PGEM_COMPAT_H_ */
