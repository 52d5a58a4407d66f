/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_COMPAT_SHMEM_H_
#define _PGEM_COMPAT_SHMEM_H_

/* Named after the vectors before them in 6.12. */
#ifdef PGEM_HAVE_FOLIO_BATCH
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

/* Not in 6.12: flags of a shmem file as a type of their own. */
#ifndef PGEM_HAVE_SHMEM_VMA_FLAGS
#include <linux/mm.h>

#undef mk_vma_flags
#define vma_flags_t		unsigned long
#define VMA_NORESERVE_BIT	VM_NORESERVE
#define mk_vma_flags(flags)	(flags)
#endif

/* Not in 6.12: addresses for mappings that suit large folios. None: the kernel's own. */
#ifndef PGEM_HAVE_DRM_GEM_GET_UNMAPPED_AREA
#define drm_gem_get_unmapped_area	NULL
#endif

/*
 * Not in 6.12: DRM's own mount for large folios. Not under DRM's names, since it has
 * its place in struct drm_device.
 */
#include <linux/err.h>
#include <linux/mount.h>
#include <drm/drm_gem.h>

#ifdef PGEM_HAVE_DRM_GEM_HUGE_MNT
static inline struct vfsmount *pgem_compat_huge_mnt(struct drm_device *dev)
{
	int ret = drm_gem_huge_mnt_create(dev, "within_size");

	return ret ? ERR_PTR(ret) : drm_gem_get_huge_mnt(dev);
}
#else
#include <linux/fs.h>
#include <drm/drm_managed.h>

static inline void pgem_compat_huge_mnt_free(struct drm_device *dev, void *mnt)
{
	kern_unmount(mnt);
}

static inline struct vfsmount *pgem_compat_huge_mnt(struct drm_device *dev)
{
	struct file_system_type *type = get_fs_type("tmpfs");
	char options[] = "huge=within_size";
	struct vfsmount *mnt;
	int ret;

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) || !type)
		return NULL;

	/* tmpfs is no module: there is no reference to @type to be put. */
	mnt = vfs_kern_mount(type, SB_KERNMOUNT, "pgem", options);
	if (IS_ERR(mnt))
		return mnt;

	ret = drmm_add_action_or_reset(dev, pgem_compat_huge_mnt_free, mnt);

	return ret ? ERR_PTR(ret) : mnt;
}
#endif

#endif /* _PGEM_COMPAT_SHMEM_H_ */
