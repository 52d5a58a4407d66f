// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Device
 *
 * What one device owns apart from its objects, which is little: the list of
 * them, and the answers to GET_PARAM. The limit on an object's size lives here
 * too, as it is a property of the device that clients can ask for.
 *
 * There is no limit on how much memory a client takes. Pages are charged to the
 * memory cgroup of whoever touches them first, which is the right place for it.
 */

#include <kunit/visibility.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>

#include <drm/drm_gem.h>
#include <drm/drm_managed.h>
#include <drm/drm_vma_manager.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_mmap.h"
#include "pgem_purge.h"
#include "pgem_shmem.h"

/* A small part of PGEM_DEVICE_OFFSETS, so that generous objects leave room for others. */
static unsigned int max_bo_mib = SZ_256K;
module_param(max_bo_mib, uint, 0644);
MODULE_PARM_DESC(max_bo_mib, "Size of the largest object that can be created, in MiB (default 262144, at most what the mmap offsets of the device cover)");

/* Nobody has an offset yet. DRM destroys the manager, whoever has initialised it. */
static void pgem_device_init_offsets(struct pgem_device *pdev)
{
	struct drm_vma_offset_manager *offsets = pdev->drm.vma_offset_manager;

	drm_vma_offset_manager_destroy(offsets);
	drm_vma_offset_manager_init(offsets, DRM_FILE_PAGE_OFFSET_START, PGEM_DEVICE_OFFSETS);
}

/**
 * pgem_device_init() - set up what the device owns
 * @pdev: device, allocated and not yet registered
 *
 * There is no counterpart: DRM undoes it with the device's last reference.
 *
 * Return: 0, or -ENOMEM.
 */
int pgem_device_init(struct pgem_device *pdev)
{
	int ret;

	INIT_LIST_HEAD(&pdev->bos.list);
	pgem_device_init_offsets(pdev);

	ret = drmm_mutex_init(&pdev->drm, &pdev->bos.lock);
	if (ret)
		return ret;

	/* Lockdep is to know of reclaim without one, see @bos.lock. */
	fs_reclaim_acquire(GFP_KERNEL);
	might_lock(&pdev->bos.lock);
	fs_reclaim_release(GFP_KERNEL);

	ret = pgem_shmem_init(pdev);
	if (ret)
		return ret;

	return pgem_purge_init(pdev);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_device_init);

/**
 * pgem_device_unmap() - take the pages of all objects out of all mappings
 * @pdev: device, unplugged: faults are turned away
 *
 * Imported objects are left out. Their mappings are their exporters'.
 */
void pgem_device_unmap(struct pgem_device *pdev)
{
	struct pgem_bo *bo;

	mutex_lock(&pdev->bos.lock);
	list_for_each_entry(bo, &pdev->bos.list, link) {
		if (!drm_gem_is_imported(&bo->base))
			pgem_mmap_unmap(bo);
	}
	mutex_unlock(&pdev->bos.lock);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_device_unmap);

/* Bytes in so many MiB, but no more than a device has mmap offsets for. */
VISIBLE_IF_KUNIT u64 pgem_device_clamp_bo_size(unsigned int mib)
{
	return min3((u64)mib << 20,
		    (u64)PGEM_DEVICE_OFFSETS << PAGE_SHIFT,
		    (u64)SIZE_MAX & PAGE_MASK);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_device_clamp_bo_size);

/**
 * pgem_device_max_bo_size() - the largest size that an object may have
 *
 * Return: the limit in bytes, whole pages; it follows the module parameter.
 */
u64 pgem_device_max_bo_size(void)
{
	return pgem_device_clamp_bo_size(READ_ONCE(max_bo_mib));
}
EXPORT_SYMBOL_IF_KUNIT(pgem_device_max_bo_size);

/**
 * pgem_ioctl_get_param() - handler of DRM_IOCTL_PGEM_GET_PARAM
 * @drm: device
 * @data: &struct drm_pgem_get_param
 * @file: caller's file, not used
 *
 * Return: 0, or -EINVAL for an unknown parameter or a set pad.
 */
int pgem_ioctl_get_param(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_get_param *args = data;

	if (args->pad)
		return -EINVAL;

	switch (args->param) {
	case DRM_PGEM_PARAM_PAGE_SIZE:
		args->value = PAGE_SIZE;
		return 0;
	case DRM_PGEM_PARAM_MAX_BO_SIZE:
		args->value = pgem_device_max_bo_size();
		return 0;
	case DRM_PGEM_PARAM_CREATE_FLAGS:
		args->value = pgem_shmem_create_flags(to_pgem_device(drm));
		return 0;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_get_param);
