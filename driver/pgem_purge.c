// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Purging
 *
 * Objects that their owner called DONTNEED are purged when memory runs short: taken
 * out of page tables, then emptied. In this order, as a page that is truncated while
 * it is mapped is a "Bad page cache" to the kernel. The object's purge_lock keeps
 * faults from coming in between, and after it they find that the contents are gone.
 *
 * Gone stays gone: such an object never has a page again, so nobody sees zeros, or
 * what others left in memory, in place of what was there. That also is why it cannot
 * be exported, and why one that others know by a dma-buf, a name or a handle is not
 * purged: a device cannot be sent a signal. A page that get_user_pages() has pinned
 * leaves the object as others do, and stays with who pinned it.
 */

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/rwsem.h>
#include <linux/shmem_fs.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_mmap.h"
#include "pgem_purge.h"
#include "pgem_reclaim.h"
#include "pgem_trace.h"

/**
 * pgem_purge_is_wanted() - say whether an object may be purged
 * @bo: object
 *
 * What others have, too, is not one client's to give up. Sure only under the
 * reservation lock.
 *
 * Return: true if its client said so, and no one else has it.
 */
bool pgem_purge_is_wanted(const struct pgem_bo *bo)
{
	/* Under locks of DRM's: a handle or name of just now might as well come later. */
	bool is_alone = data_race(bo->base.handle_count <= 1 && !bo->base.name);

	return READ_ONCE(bo->advice) == DRM_PGEM_MADV_DONTNEED && is_alone &&
	       !atomic_read(&bo->exports);
}

/**
 * pgem_purge_is_done() - say whether an object was purged
 * @bo: object
 *
 * Return: true if it was; final. False can become true without its purge_lock or its
 * reservation.
 */
bool pgem_purge_is_done(const struct pgem_bo *bo)
{
	return READ_ONCE(bo->advice) == PGEM_PURGED;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_purge_is_done);

/**
 * pgem_purge_try_locked() - purge an object if it may be
 * @bo: object; its reservation is held, and it is not pinned
 *
 * For reclaim, which can come from a fault of the same object: it waits for no fault.
 *
 * Return: true if the object's pages are free.
 */
bool pgem_purge_try_locked(struct pgem_bo *bo)
{
	struct drm_gem_object *obj = &bo->base;

	dma_resv_assert_held(obj->resv);

	if (!pgem_purge_is_wanted(bo) || !down_write_trylock(&bo->purge_lock))
		return false;

	trace_pgem_bo_purge(bo);
	WRITE_ONCE(bo->advice, PGEM_PURGED);
	pgem_mmap_unmap(bo);
	shmem_truncate_range(file_inode(obj->filp), 0, (loff_t)-1);
	up_write(&bo->purge_lock);

	return true;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_purge_try_locked);

static int pgem_purge_advise(struct pgem_bo *bo, u32 advice, u32 *retained)
{
	int ret;

	if (drm_gem_is_imported(&bo->base))
		return -EINVAL;

	ret = dma_resv_lock_interruptible(bo->base.resv, NULL);
	if (ret)
		return ret == -EINTR ? -ERESTARTSYS : ret;

	*retained = !pgem_purge_is_done(bo);
	if (*retained)
		WRITE_ONCE(bo->advice, advice);
	dma_resv_unlock(bo->base.resv);

	/* Its pages need not have come by a fault. */
	if (*retained && advice == DRM_PGEM_MADV_DONTNEED)
		pgem_reclaim_add(bo);

	return 0;
}

/**
 * pgem_ioctl_gem_madvise() - handler of DRM_IOCTL_PGEM_GEM_MADVISE
 * @drm: device, not used
 * @data: &struct drm_pgem_gem_madvise
 * @file: caller's file
 *
 * Return: 0; -EINVAL for an unknown advice, a set retained or pad, or an imported
 * object; -ENOENT for an unknown handle; -ERESTARTSYS.
 */
int pgem_ioctl_gem_madvise(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_gem_madvise *args = data;
	struct drm_gem_object *obj;
	int ret;

	if (args->advice > DRM_PGEM_MADV_DONTNEED || args->retained || args->pad)
		return -EINVAL;

	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	ret = pgem_purge_advise(to_pgem_bo(obj), args->advice, &args->retained);
	drm_gem_object_put(obj);

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_gem_madvise);
