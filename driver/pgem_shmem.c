// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Shmem files
 *
 * The shmem file that an object's pages are in, small ones or, for objects created
 * with DRM_PGEM_GEM_HUGE, large folios where the object is large enough. What decides
 * that is the mount that the file is made on, so a device has one of its own for these.
 * The others are made on the kernel's mount for such files, where the administrator
 * decides, by /sys/kernel/mm/transparent_hugepage/shmem_enabled.
 *
 * A large folio is allocated and zeroed at once, by the first touch of any of its
 * pages. That makes touching all of an object cheaper, and touching one byte of it
 * dearer, which is why nobody gets them without having asked. Mapped they are like all
 * pages, each by itself, but all of a folio that is touched for a second time, see
 * pgem_fault.c.
 *
 * And how a file is emptied, for good, while reclaim goes on and clients fault. Faults
 * take no lock of the object. One that finds a page in the file holds its folio's lock
 * until the page is mapped; truncation takes the same lock, and unmaps the page. One that
 * finds none has shmem_get_folio() insert a folio, and compare the file's size afterwards.
 * The size is set to 0 under the lock of the page cache's xarray: if the folio came
 * first, truncation finds it; if not, shmem_get_folio() sees the size and takes the folio
 * away again.
 *
 * Truncation waits for locked folios, and reclaim can be called by a task that has locked
 * some: migration allocates between two of them. So each folio's lock is tried first, one
 * by one, and if one is taken, the file stays as it is. Then no task waits for itself. Nor do
 * tasks wait in a circle: all lock their folios before they walk, and wait after it. If A
 * waits for a folio of B, then A walked over it before B locked it, hence before B walked.
 * In a circle each walk would come before itself. Tasks that allocate also wait for
 * kswapd, which therefore must not wait here.
 */

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/xarray.h>

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
	 * Not movable: drm_gem_get_pages() pins pages where they are, for as long as a
	 * device likes, and there they would keep memory from being taken offline.
	 */
	mapping_set_gfp_mask(filp->f_mapping, GFP_HIGHUSER);
	bo->base.filp = filp;

	return 0;
}

/* Tries each folio's lock, for a moment. */
static bool pgem_shmem_can_lock(struct address_space *mapping)
{
	struct folio_batch batch;
	pgoff_t next = 0;
	bool can = true;

	folio_batch_init(&batch);
	while (can && filemap_get_folios(mapping, &next, -1, &batch)) {
		for (unsigned int i = 0; i < folio_batch_count(&batch); i++) {
			/* Elsewhere a folio's flags are read without ado. */
			can = can && data_race(folio_trylock(batch.folios[i]));
			if (can)
				folio_unlock(batch.folios[i]);
			folio_put(batch.folios[i]);
		}
		folio_batch_reinit(&batch);
		cond_resched();
	}

	return can;
}

/**
 * pgem_shmem_try_lock() - see to it that a file can be emptied
 * @filp: shmem file of an object
 *
 * Takes the lock that the file's size is under. Only root can have it, who reaches the
 * file by /proc/PID/map_files.
 *
 * Return: true if pgem_shmem_empty() may follow, and has to. False if somebody has
 * locked the file or one of its folios.
 */
bool pgem_shmem_try_lock(struct file *filp)
{
	struct inode *inode = file_inode(filp);

	if (!inode_trylock(inode))
		return false;

	if (!pgem_shmem_can_lock(inode->i_mapping)) {
		inode_unlock(inode);
		return false;
	}

	return true;
}

/**
 * pgem_shmem_empty() - take all pages of a file away, for good, also from page tables
 * @filp: shmem file of an object, after pgem_shmem_try_lock()
 *
 * May wait for folios, for as long as others take to fault. Not for kswapd.
 */
void pgem_shmem_empty(struct file *filp)
{
	struct inode *inode = file_inode(filp);
	struct address_space *mapping = inode->i_mapping;

	xa_lock_irq(&mapping->i_pages);
	i_size_write(inode, 0);
	xa_unlock_irq(&mapping->i_pages);

	/* Truncation would unmap as well, but page by page: all is to go at once. */
	unmap_mapping_range(mapping, 0, 0, 1);
	shmem_truncate_range(inode, 0, (loff_t)-1);
	inode_unlock(inode);
}
