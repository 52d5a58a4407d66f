/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_DEVICE_H_
#define _PGEM_DEVICE_H_

#include <linux/container_of.h>
#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <drm/drm_device.h>
#include <drm/drm_vma_manager.h>

#include "pgem_purge.h"

struct drm_file;
struct vfsmount;

/*
 * Pages that the mmap offsets of a device cover, from DRM_FILE_PAGE_OFFSET_START. DRM's
 * own range of 1 TiB has room for three of the largest objects, which cost a client
 * nothing. The end of this one is the last offset that a 32-bit program can pass to
 * mmap(), in 32 bits and units of 4 KiB.
 */
#if BITS_PER_LONG == 64
#define PGEM_DEVICE_OFFSETS	((SZ_16T >> PAGE_SHIFT) - DRM_FILE_PAGE_OFFSET_START)
#else
#define PGEM_DEVICE_OFFSETS	DRM_FILE_PAGE_OFFSET_SIZE
#endif

/**
 * struct pgem_device - one virtual device
 */
struct pgem_device {
	/** @drm: the DRM device, which also counts the references */
	struct drm_device drm;

	/** @bos: all objects alive, for debugfs and unbinding */
	struct {
		/**
		 * @bos.lock: protects @bos.list, @bos.last_id and
		 * &struct pgem_bo.label. A mutex, since it is also held where
		 * one sleeps. Taken with no other lock of
		 * pgem held, but below mmap_lock, as munmap() frees objects:
		 * so nothing is copied to or from user space under it. And
		 * nothing is allocated under it, so that memory reclaim may
		 * take it. i_mmap_rwsem of the objects' inodes comes below it,
		 * when unbinding empties their mappings.
		 */
		struct mutex lock;

		/** @bos.list: &struct pgem_bo.link of each object, oldest first */
		struct list_head list;

		/** @bos.last_id: &struct pgem_bo.id that was given last */
		u64 last_id;
	} bos;

	/** @huge_mnt: where files of large folios are made; NULL without such */
	struct vfsmount *huge_mnt;

	/** @purge: objects to be purged when memory runs short */
	struct pgem_purge_list purge;
};

/**
 * to_pgem_device() - from the DRM device to the one it is embedded in
 * @drm: DRM device of this driver
 *
 * Return: the &struct pgem_device around @drm.
 */
static inline struct pgem_device *to_pgem_device(struct drm_device *drm)
{
	return container_of(drm, struct pgem_device, drm);
}

int pgem_device_init(struct pgem_device *pdev);
void pgem_device_unmap(struct pgem_device *pdev);
u64 pgem_device_max_bo_size(void);
int pgem_ioctl_get_param(struct drm_device *drm, void *data, struct drm_file *file);

#if IS_ENABLED(CONFIG_KUNIT)
u64 pgem_device_clamp_bo_size(unsigned int mib);
#endif

#endif /* _PGEM_DEVICE_H_ */
