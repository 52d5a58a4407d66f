// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Purging
 *
 * When memory runs short, the kernel swaps an object's pages one by one, as those of any
 * shmem file: it finds all mappings of a page, see pgem_mmap.c. It does not know that the
 * contents of some objects are not needed. Those that their owner called DONTNEED are
 * purged by a shrinker: emptied, which costs no I/O. Gone stays gone: such an object
 * never has a page again, so nobody sees zeros in place of what was there. That is why
 * it cannot be exported, and why one that others know by a dma-buf, a name or a handle is
 * not purged: a device cannot be sent a signal. Nor is one that is pinned (mapped for a
 * device or for the kernel) or busy (a fence in its reservation). A page that
 * get_user_pages() has pinned leaves the object, and stays with who pinned it.
 *
 * An object is on a list while it is DONTNEED: a list_lru, one of which there is for each
 * memory cgroup and node. Reclaim in a cgroup therefore purges what its clients created;
 * pages are charged to the process that touches them first, mostly the same. Reclaim can be
 * called from below any lock of pgem's, so only trylocks are used, but for bos.lock when the
 * last reference to an object goes here. Emptying a file can wait for others, see
 * pgem_shmem.c: so kswapd, and whoever may hold up a file system, only put objects into a
 * queue, and a worker purges them. That is frozen when the machine goes to sleep: pages that
 * go while it is written to disk would be missing there.
 *
 * A cgroup at its limit has processes killed where reclaim finds nothing, so an object stays
 * on its list until its pages are gone, also while it waits for the worker. The kernel looks
 * at the first of a list, which then goes to the end. If two want to purge an object, its
 * reservation lets one of them; the other waits for a moment, until there are pages.
 */

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>
#include <linux/swap.h>
#include <linux/workqueue.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_purge.h"
#include "pgem_shmem.h"
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
 * Return: true if it was; final. False can become true without its reservation.
 */
bool pgem_purge_is_done(const struct pgem_bo *bo)
{
	return READ_ONCE(bo->advice) == PGEM_PURGED;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_purge_is_done);

/* One that is on the list already keeps its place. */
static void pgem_purge_add(struct pgem_bo *bo)
{
	list_lru_add_obj(&to_pgem_device(bo->base.dev)->purge.lru, &bo->purge);
}

/**
 * pgem_purge_del() - take an object off the list of those that can be purged
 * @bo: object, which need not be on it; with its reservation locked, or without references
 *
 * Nor is it in a queue afterwards: only what is on the list gets there.
 */
void pgem_purge_del(struct pgem_bo *bo)
{
	struct pgem_purge_list *list = &to_pgem_device(bo->base.dev)->purge;

	if (list_empty_careful(&bo->purge))
		return;

	list_lru_del_obj(&list->lru, &bo->purge);
	spin_lock(&list->lock);
	list_del_init(&bo->queued);
	spin_unlock(&list->lock);
}

static bool pgem_purge_try_locked(struct pgem_bo *bo)
{
	dma_resv_assert_held(bo->base.resv);

	if (bo->pins || !dma_resv_test_signaled(bo->base.resv, DMA_RESV_USAGE_BOOKKEEP) ||
	    !pgem_purge_is_wanted(bo) || !pgem_shmem_try_lock(bo->base.filp))
		return false;

	trace_pgem_bo_purge(bo);
	/* First, for faults in a file that root makes longer again. */
	WRITE_ONCE(bo->advice, PGEM_PURGED);
	pgem_shmem_empty(bo->base.filp);
	/* Last: while pages go, others are to see that there are some to come. */
	pgem_purge_del(bo);

	return true;
}

/* Returns how many pages are free that were not before, in memory or in swap. */
VISIBLE_IF_KUNIT unsigned long pgem_purge_try(struct pgem_bo *bo)
{
	struct file *filp = bo->base.filp;
	/* Pages that exist, and not sizes. */
	unsigned long resident = pgem_shmem_pages(filp);
	/* A moment's figure, like the other. */
	unsigned long swapped = data_race(READ_ONCE(SHMEM_I(file_inode(filp))->swapped));
	bool is_purged;

	if (!dma_resv_trylock(bo->base.resv)) {
		/* Who purges a large object takes longer than a cgroup's reclaim goes on trying. */
		schedule_timeout_uninterruptible(1);
		return 0;
	}
	is_purged = pgem_purge_try_locked(bo);
	dma_resv_unlock(bo->base.resv);
	if (!is_purged)
		return 0;

	/* Reclaim would not know: it counts what leaves its own lists. */
	mm_account_reclaimed_pages(resident);

	return resident + swapped;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_purge_try);

/* What a walk along a list does with the objects that it comes to. */
struct pgem_purge_walk {
	struct list_head *queue;	/* where they are put, without a reference */
	enum lru_status status;		/* where they stay on the list */
};

/* Called with the list's spinlock held. Who purges at once takes from the worker's queue. */
static enum lru_status pgem_purge_enqueue(struct list_head *item, struct list_lru_one *items,
					  void *arg)
{
	struct pgem_bo *bo = container_of(item, struct pgem_bo, purge);
	struct pgem_purge_list *list = &to_pgem_device(bo->base.dev)->purge;
	struct pgem_purge_walk *walk = arg;

	spin_lock(&list->lock);
	if (walk->queue != &list->queue || list_empty(&bo->queued))
		list_move_tail(&bo->queued, walk->queue);
	spin_unlock(&list->lock);

	return walk->status;
}

/* Returns the first object of a queue that is not being freed, with a reference. */
static struct pgem_bo *pgem_purge_dequeue(struct pgem_purge_list *list, struct list_head *queue)
{
	struct pgem_bo *bo;

	spin_lock(&list->lock);
	while ((bo = list_first_entry_or_null(queue, struct pgem_bo, queued))) {
		list_del_init(&bo->queued);
		/* Who frees it waits for the lock, to take it out. */
		if (kref_get_unless_zero(&bo->base.refcount))
			break;
	}
	spin_unlock(&list->lock);

	return bo;
}

/* Purges one object of a queue. Returns false if there was none. */
static bool pgem_purge_next(struct pgem_purge_list *list, struct list_head *queue,
			    unsigned long *freed)
{
	struct pgem_bo *bo = pgem_purge_dequeue(list, queue);

	if (!bo)
		return false;

	*freed += pgem_purge_try(bo);
	drm_gem_object_put(&bo->base);
	cond_resched();

	return true;
}

/* One object at a time: who puts the machine to sleep waits for this. */
static void pgem_purge_work(struct work_struct *work)
{
	struct pgem_purge_list *list = container_of(work, struct pgem_purge_list, work);
	unsigned long freed = 0;

	if (pgem_purge_next(list, &list->queue, &freed))
		queue_work(list->wq, work);
}

static unsigned long pgem_purge_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct pgem_purge_list *list = shrinker->private_data;
	unsigned long items = list_lru_shrink_count(&list->lru, sc);

	/* Empty means that there is no need to ask again before the list has a first object. */
	return items ? items * PGEM_PURGE_CHARGE : SHRINK_EMPTY;
}

/* One object, which counts for more than the kernel ever wants at once. */
static unsigned long pgem_purge_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct pgem_purge_list *list = shrinker->private_data;
	/* Truncation waits for folios, whose holders may have to get at a file system. */
	const gfp_t needed = __GFP_FS | __GFP_IO;
	bool may_wait = !current_is_kswapd() && (sc->gfp_mask & needed) == needed;
	LIST_HEAD(queue);
	struct pgem_purge_walk walk = {
		.queue = may_wait ? &queue : &list->queue,
		.status = LRU_ROTATE,
	};
	unsigned long looks = 1, freed = 0;

	list_lru_walk_one(&list->lru, sc->nid, sc->memcg, pgem_purge_enqueue, &walk, &looks);
	if (looks)
		return SHRINK_STOP;

	/* Less than was asked for would have the kernel ask for the rest at once. */
	sc->nr_scanned = max(sc->nr_to_scan, PGEM_PURGE_CHARGE);
	if (may_wait)
		pgem_purge_next(list, &queue, &freed);
	else
		queue_work(list->wq, &list->work);

	return freed;
}

/**
 * pgem_purge_scan_all() - purge as reclaim does, objects of all cgroups
 * @pdev: device
 * @pages: how many pages to free at the least, if there are as many
 *
 * For tests, by debugfs. Looks at all objects of a list with its spinlock held, and takes
 * them out of the worker's queue.
 *
 * Return: the number of pages that are free by now, those in swap included.
 */
u64 pgem_purge_scan_all(struct pgem_device *pdev, u64 pages)
{
	struct pgem_purge_list *list = &pdev->purge;
	LIST_HEAD(queue);
	/* Rotated, a list would come to no end. */
	struct pgem_purge_walk walk = { .queue = &queue, .status = LRU_SKIP };
	unsigned long freed = 0;

	list_lru_walk(&list->lru, pgem_purge_enqueue, &walk, list_lru_count(&list->lru));
	while (freed < pages && pgem_purge_next(list, &queue, &freed))
		;

	spin_lock(&list->lock);
	while (!list_empty(&queue))
		list_del_init(queue.next);
	spin_unlock(&list->lock);

	return freed;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_purge_scan_all);

static void pgem_purge_fini(struct drm_device *drm, void *data)
{
	struct pgem_device *pdev = to_pgem_device(drm);

	shrinker_free(pdev->purge.shrinker);
	destroy_workqueue(pdev->purge.wq);
	list_lru_destroy(&pdev->purge.lru);
}

/**
 * pgem_purge_init() - set up the list of objects and the shrinker
 * @pdev: device, without objects
 *
 * DRM undoes it with the device's last reference.
 *
 * Return: 0, or -ENOMEM.
 */
int pgem_purge_init(struct pgem_device *pdev)
{
	struct pgem_purge_list *list = &pdev->purge;
	struct shrinker *shrinker;
	int ret = -ENOMEM;

	list->wq = alloc_workqueue("pgem-purge", WQ_UNBOUND | WQ_FREEZABLE | WQ_MEM_RECLAIM, 0);
	if (!list->wq)
		return -ENOMEM;

	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE | SHRINKER_MEMCG_AWARE, "drm-pgem");
	if (!shrinker)
		goto err_wq;

	ret = list_lru_init_memcg(&list->lru, shrinker);
	if (ret)
		goto err_shrinker;

	spin_lock_init(&list->lock);
	INIT_LIST_HEAD(&list->queue);
	INIT_WORK(&list->work, pgem_purge_work);
	shrinker->count_objects = pgem_purge_count;
	shrinker->scan_objects = pgem_purge_scan;
	shrinker->private_data = list;
	list->shrinker = shrinker;
	shrinker_register(shrinker);

	return drmm_add_action_or_reset(&pdev->drm, pgem_purge_fini, NULL);

err_shrinker:
	shrinker_free(shrinker);
err_wq:
	destroy_workqueue(list->wq);
	return ret;
}

static int pgem_purge_advise(struct pgem_bo *bo, u32 advice, u32 *retained)
{
	int ret;

	if (drm_gem_is_imported(&bo->base))
		return -EINVAL;

	ret = dma_resv_lock_interruptible(bo->base.resv, NULL);
	if (ret)
		return ret == -EINTR ? -ERESTARTSYS : ret;

	*retained = !pgem_purge_is_done(bo);
	if (*retained) {
		WRITE_ONCE(bo->advice, advice);
		if (advice == DRM_PGEM_MADV_DONTNEED)
			pgem_purge_add(bo);
		else
			pgem_purge_del(bo);
	}
	dma_resv_unlock(bo->base.resv);

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
