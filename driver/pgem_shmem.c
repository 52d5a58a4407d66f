// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Shmem files
 *
 * The shmem file that an object's pages are in: small pages or, for objects created
 * with DRM_PGEM_GEM_HUGE, large folios where the object is large enough. What decides
 * that is the mount that the file is made on, so a device has two of its own. On the
 * kernel's mount for such files /sys/kernel/mm/transparent_hugepage/shmem_enabled would
 * decide for all objects; here only its values "force" and "deny" do.
 *
 * A large folio is allocated and zeroed at once, by the first touch of any of its
 * pages. That makes touching all of an object cheaper, and touching one byte of it
 * dearer, which is why nobody gets them without having asked. Mapped they are like all
 * pages, each by itself, but all of a folio that is touched for a second time, see
 * pgem_fault.c.
 */

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kconfig.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

#include <drm/drm_device.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_shmem.h"

static void pgem_shmem_unmount(struct drm_device *drm, void *mnt)
{
	kern_unmount(mnt);
}

/* Returns a mount of tmpfs that nobody else has, and that has no limit of its own. */
static struct vfsmount *pgem_shmem_mount(struct pgem_device *pdev, char *options)
{
	struct file_system_type *type = get_fs_type("tmpfs");
	struct vfsmount *mnt;
	int ret;

	if (!type)
		return ERR_PTR(-ENODEV);

	/* tmpfs is no module: there is no reference to @type to be put. */
	mnt = vfs_kern_mount(type, SB_KERNMOUNT, "pgem", options);
	if (IS_ERR(mnt))
		return mnt;

	ret = drmm_add_action_or_reset(&pdev->drm, pgem_shmem_unmount, mnt);

	return ret ? ERR_PTR(ret) : mnt;
}

/**
 * pgem_shmem_init() - make the mounts for small pages and, if there are such, large folios
 * @pdev: device, without objects
 *
 * DRM undoes it with the device's last reference.
 *
 * Return: 0, -ENOMEM, or another error of mounting tmpfs. That there are no large folios
 * is no error.
 */
int pgem_shmem_init(struct pgem_device *pdev)
{
	char small[] = "huge=never", huge[] = "huge=within_size";
	struct vfsmount *mnt;

	mnt = pgem_shmem_mount(pdev, small);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	pdev->mnt = mnt;

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
		return 0;

	/* Refused by processors that have no large pages. */
	mnt = pgem_shmem_mount(pdev, huge);
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
	struct pgem_device *pdev = to_pgem_device(bo->base.dev);
	struct vfsmount *mnt = bo->flags & DRM_PGEM_GEM_HUGE ? pdev->huge_mnt : pdev->mnt;
	struct file *filp;

	if (!mnt)
		return -EOPNOTSUPP;

	filp = shmem_file_setup_with_mnt(mnt, "pgem", bo->base.size, flags);
	if (IS_ERR(filp))
		return PTR_ERR(filp);

	/*
	 * Not movable: drm_gem_get_pages() pins pages where they are, for as long as a
	 * device likes, and there they would keep memory from being taken offline.
	 */
	mapping_set_gfp_mask(filp->f_mapping, GFP_HIGHUSER);
	bo->base.filp = filp;

	return 0;
}
