// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Large folios
 *
 * The shmem file that an object's pages are in, small ones or, for objects created
 * with DRM_PGEM_GEM_HUGE, large folios where the object is large enough. What decides
 * that is the mount that the file is made on, so a device has one of its own for these.
 *
 * A large folio is allocated and zeroed at once, by the first touch of any of its
 * pages. That makes touching all of an object cheaper, and touching one byte of it
 * dearer, which is why nobody gets them without having asked. Mapped they are like all
 * pages, each by itself, but all of a folio that is touched for a second time, see
 * pgem_fault.c.
 */

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

#include <drm/drm_device.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_shmem.h"

/**
 * pgem_shmem_init() - make the mount for large folios, if the kernel has such
 * @pdev: device, without objects
 *
 * DRM undoes it with the device's last reference.
 *
 * Return: 0, or -ENOMEM. That there are no large folios is no error.
 */
int pgem_shmem_init(struct pgem_device *pdev)
{
	struct vfsmount *mnt = pgem_compat_huge_mnt(&pdev->drm);

	if (mnt == ERR_PTR(-ENOMEM))
		return -ENOMEM;
	if (!IS_ERR(mnt))
		pdev->huge_mnt = mnt;

	return 0;
}

/**
 * pgem_shmem_create_flags() - the flags of GEM_CREATE that a device knows
 * @pdev: device
 *
 * Return: mask.
 */
u32 pgem_shmem_create_flags(struct pgem_device *pdev)
{
	return pdev->huge_mnt ? DRM_PGEM_GEM_HUGE : 0;
}

/**
 * pgem_shmem_create_file() - give an object a shmem file, without a page in it
 * @bo: object with its size and flags
 *
 * Return: 0; -EOPNOTSUPP for large folios that are not to be had; -ENOMEM; -ENOSPC
 * without an inode.
 */
int pgem_shmem_create_file(struct pgem_bo *bo)
{
	const vma_flags_t flags = mk_vma_flags(VMA_NORESERVE_BIT);
	struct vfsmount *mnt = to_pgem_device(bo->base.dev)->huge_mnt;
	struct file *filp;

	if (bo->flags & DRM_PGEM_GEM_HUGE) {
		if (!mnt)
			return -EOPNOTSUPP;
		filp = shmem_file_setup_with_mnt(mnt, "pgem", bo->base.size, flags);
	} else {
		/* Not by drm_gem_object_init(), which would take that mount for all. */
		filp = shmem_file_setup("pgem", bo->base.size, flags);
	}
	if (IS_ERR(filp))
		return PTR_ERR(filp);

	/*
	 * Not movable: migration looks for a page's mappings in the shmem
	 * inode, where those made by vm_insert_page() are not to be found.
	 */
	mapping_set_gfp_mask(filp->f_mapping, GFP_HIGHUSER);
	bo->base.filp = filp;

	return 0;
}
