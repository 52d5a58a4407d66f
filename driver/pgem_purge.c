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
 * An object is on a list while it is DONTNEED, longest first: a list_lru, one of which
 * there is for each memory cgroup and node. Reclaim in a cgroup therefore purges what
 * its clients created; pages are charged to the process that touches them first, mostly
 * the same. Reclaim can be called from below any lock of pgem's, so only trylocks are
 * used, but for bos.lock when the last reference to an object goes here. Emptying a file
 * can wait for others, see pgem_shmem.c: so kswapd leaves it to a worker.
 */

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list_lru.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/shrinker.h>
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

/* Objects that an estimate is made by */
#define PGEM_PURGE_SAMPLE	16

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

	return true;
}

/* Pages that a purge frees: those that exist, and not sizes, and those in swap. */
static unsigned long pgem_purge_pages(const struct pgem_bo *bo)
{
	struct file *filp = bo->base.filp;

	/* A moment's figure, like the other. */
	return pgem_shmem_pages(filp) + data_race(READ_ONCE(SHMEM_I(file_inode(filp))->swapped));
}

/* Returns how many pages are free that were not before. */
VISIBLE_IF_KUNIT unsigned long pgem_purge_try(struct pgem_bo *bo)
{
	unsigned long resident = pgem_shmem_pages(bo->base.filp);
	unsigned long pages = pgem_purge_pages(bo);
	bool is_purged;

	if (!dma_resv_trylock(bo->base.resv))
		return 0;
	is_purged = pgem_purge_try_locked(bo);
	dma_resv_unlock(bo->base.resv);
	if (!is_purged)
		return 0;

	/* Reclaim would not know: it counts what leaves its own lists. */
	mm_account_reclaimed_pages(resident);

	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_purge_try);

/* One that is on the list already keeps its place. */
static void pgem_purge_add(struct pgem_bo *bo)
{
	list_lru_add_obj(&to_pgem_device(bo->base.dev)->purge.lru, &bo->purge);
}

/**
 * pgem_purge_del() - take an object off the list of those that can be purged
 * @bo: object, which need not be on it
 *
 * A scan that works on the object just now may put it back, which the next one mends;
 * where there are no references left there is no such scan.
 */
void pgem_purge_del(struct pgem_bo *bo)
{
	if (!list_empty_careful(&bo->purge))
		list_lru_del_obj(&to_pgem_device(bo->base.dev)->purge.lru, &bo->purge);
}

/* Called with the list's spinlock held, for the first object of a list. */
static enum lru_status pgem_purge_take(struct list_head *item, struct list_lru_one *list,
				       void *arg)
{
	struct pgem_bo *bo = container_of(item, struct pgem_bo, purge);

	/* Being freed: it leaves the list by itself. */
	if (!kref_get_unless_zero(&bo->base.refcount))
		return LRU_ROTATE;

	list_lru_isolate(list, item);
	*(struct pgem_bo **)arg = bo;

	return LRU_REMOVED;
}

/*
 * Looks at each object once, of the cgroup and node that @sc says, or of all without, until
 * @wanted pages are free or, with @sc, so many were looked at. @found gets how many.
 */
static unsigned long pgem_purge_scan_list(struct pgem_purge_list *list, struct shrink_control *sc,
					  unsigned long wanted, unsigned long *found)
{
	unsigned long items = sc ? list_lru_shrink_count(&list->lru, sc) :
				   list_lru_count(&list->lru);
	unsigned long freed = 0;

	while (items-- && (sc ? *found : freed) < wanted) {
		struct pgem_bo *bo = NULL;
		unsigned long one = 1;

		cond_resched();
		if (sc)
			list_lru_walk_one(&list->lru, sc->nid, sc->memcg, pgem_purge_take, &bo,
					  &one);
		else
			list_lru_walk(&list->lru, pgem_purge_take, &bo, one);
		if (!bo)
			continue;

		*found += max(pgem_purge_pages(bo), 1UL);
		freed += pgem_purge_try(bo);
		/* Not now, but once nobody else has it. */
		if (READ_ONCE(bo->advice) == DRM_PGEM_MADV_DONTNEED)
			pgem_purge_add(bo);
		drm_gem_object_put(&bo->base);
	}

	return freed;
}

/* Some objects of a list, and their pages */
struct pgem_purge_sample {
	unsigned long objects, pages;
};

/* Called with the list's spinlock held. */
static enum lru_status pgem_purge_look(struct list_head *item, struct list_lru_one *list,
				       void *arg)
{
	struct pgem_purge_sample *sample = arg;

	sample->objects++;
	sample->pages += pgem_purge_pages(container_of(item, struct pgem_bo, purge));

	return LRU_SKIP;
}

/* An estimate, that costs the same for any number of objects: by those that go first. */
static unsigned long pgem_purge_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct pgem_purge_list *list = shrinker->private_data;
	unsigned long items = list_lru_shrink_count(&list->lru, sc), walk = PGEM_PURGE_SAMPLE;
	struct pgem_purge_sample sample = { };

	/* Means that there is no need to ask again before the list has a first object. */
	if (!items)
		return SHRINK_EMPTY;

	list_lru_walk_one(&list->lru, sc->nid, sc->memcg, pgem_purge_look, &sample, &walk);

	return items * max(sample.pages / max(sample.objects, 1UL), 1UL);
}

static void pgem_purge_work(struct work_struct *work)
{
	struct pgem_purge_list *list = container_of(work, struct pgem_purge_list, work);
	unsigned long found = 0;

	pgem_purge_scan_list(list, NULL, atomic_long_xchg(&list->wanted, 0), &found);
}

static unsigned long pgem_purge_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct pgem_purge_list *list = shrinker->private_data;
	unsigned long freed, found = 0;

	/* Truncation waits for folios, whose holders may have to get at a file system. */
	if (!(sc->gfp_mask & __GFP_FS) || !(sc->gfp_mask & __GFP_IO))
		return SHRINK_STOP;

	if (current_is_kswapd()) {
		atomic_long_add(sc->nr_to_scan, &list->wanted);
		queue_work(system_dfl_wq, &list->work);
		return 0;
	}

	freed = pgem_purge_scan_list(list, sc, sc->nr_to_scan, &found);

	/* Objects come whole, so these can be more than were asked for. */
	sc->nr_scanned = max(sc->nr_to_scan, found);

	return found ? freed : SHRINK_STOP;
}

/**
 * pgem_purge_scan_all() - purge as reclaim does, objects of all cgroups
 * @pdev: device
 * @pages: how many pages to free at the least, if there are as many
 *
 * For tests, by debugfs. What is in another client's hands can keep it from reaching the
 * lists of other cgroups.
 *
 * Return: the number of pages that are free by now, those in swap included.
 */
u64 pgem_purge_scan_all(struct pgem_device *pdev, u64 pages)
{
	unsigned long found = 0;

	return pgem_purge_scan_list(&pdev->purge, NULL, min_t(u64, pages, ULONG_MAX), &found);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_purge_scan_all);

static void pgem_purge_fini(struct drm_device *drm, void *data)
{
	struct pgem_device *pdev = to_pgem_device(drm);

	shrinker_free(pdev->purge.shrinker);
	/* No one is left to queue it. */
	cancel_work_sync(&pdev->purge.work);
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
	struct shrinker *shrinker;
	int ret;

	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE | SHRINKER_MEMCG_AWARE, "drm-pgem");
	if (!shrinker)
		return -ENOMEM;

	ret = list_lru_init_memcg(&pdev->purge.lru, shrinker);
	if (ret) {
		shrinker_free(shrinker);
		return ret;
	}

	INIT_WORK(&pdev->purge.work, pgem_purge_work);
	shrinker->count_objects = pgem_purge_count;
	shrinker->scan_objects = pgem_purge_scan;
	shrinker->private_data = &pdev->purge;
	pdev->purge.shrinker = shrinker;
	shrinker_register(shrinker);

	return drmm_add_action_or_reset(&pdev->drm, pgem_purge_fini, NULL);
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
