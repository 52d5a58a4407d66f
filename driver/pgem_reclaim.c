// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Memory that gives way
 *
 * What happens when memory runs short. Untouched, the kernel could swap pgem's pages
 * as those of any shmem file, but for one thing: it cannot take them out of page
 * tables. It looks for mappings in the shmem inode, and those made by vm_insert_page()
 * are in the DRM device's. So a shrinker does that part:
 *
 * - objects that their owner called DONTNEED are purged: unmapped and truncated;
 * - from others the entries in page tables are taken away, with the pages left alone.
 *   The kernel can swap them from then on, one by one. A touch brings back the one
 *   page that it needs, by a fault like any other.
 *
 * Objects are on a list of the kernel's, a list_lru, one of which there is for each
 * memory cgroup. Reclaim in a cgroup therefore takes the objects that its clients
 * created; pages are charged to who touches them first, mostly the same. An object gets
 * on the list with its first fault and off it when it is unmapped. Those with a fault
 * since the last look get a second chance, which is the cheap way to find those that
 * have not been touched for long: a fault writes a flag, and no list.
 *
 * Left alone is what is pinned (mapped for a device or for the kernel) or busy (a fence
 * in its reservation). Reclaim may have been called from below any lock of pgem's, so
 * only trylocks are used.
 */

#include <kunit/visibility.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/shmem_fs.h>
#include <linux/shrinker.h>
#include <linux/swap.h>

#include <drm/drm_device.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_mmap.h"
#include "pgem_purge.h"
#include "pgem_reclaim.h"
#include "pgem_shmem.h"
#include "pgem_trace.h"

/**
 * struct pgem_reclaim_walk - one look through a list of objects
 */
struct pgem_reclaim_walk {
	/** @taken: &struct pgem_reclaim_bo.taken of objects to be worked on, each referenced */
	struct list_head taken;

	/** @wanted: pages that are still to be found */
	unsigned long wanted;

	/** @found: pages that were found */
	unsigned long found;

	/** @seen: pages of objects that were found, or given a second chance */
	unsigned long seen;

	/** @items: objects that are still to be looked at; the walk counts it down */
	unsigned long items;

	/** @purge: only what may be purged */
	bool purge;
};

/* Pages that exist, and not sizes: most of an object may never have been touched. */
static unsigned long pgem_reclaim_pages(struct pgem_bo *bo, bool purge)
{
	unsigned long pages = pgem_shmem_pages(bo->base.filp);

	/* A purge frees what is in swap, too. */
	if (purge)
		pages += READ_ONCE(SHMEM_I(file_inode(bo->base.filp))->swapped);

	return pages;
}

/* Returns how many pages are free, or free to go, that were not before. */
static unsigned long pgem_reclaim_bo_locked(struct pgem_bo *bo, bool purge)
{
	struct drm_gem_object *obj = &bo->base;
	unsigned long pages = pgem_reclaim_pages(bo, purge);
	unsigned long resident = pgem_reclaim_pages(bo, false);

	dma_resv_assert_held(obj->resv);

	if (bo->pins || !dma_resv_test_signaled(obj->resv, DMA_RESV_USAGE_BOOKKEEP))
		return 0;

	if (purge) {
		if (!pgem_purge_try_locked(bo))
			return 0;
		/* Reclaim would not know: it counts what leaves its own lists. */
		mm_account_reclaimed_pages(resident);
		return pages;
	}

	/* First, and seen so, see pgem_reclaim_add_faulted(). */
	test_and_clear_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state);
	pgem_mmap_unmap(bo);
	trace_pgem_bo_unmap(bo);

	return pages;
}

/* Looked at again under the reservation lock, where that matters. */
static bool pgem_reclaim_is_wanted(struct pgem_bo *bo, bool purge)
{
	if (READ_ONCE(bo->pins))
		return false;

	return purge ? pgem_purge_is_wanted(bo) :
		       test_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state);
}

/*
 * Called with the list's spinlock held. An object that a fault puts on the list again
 * while it is being worked on is not taken twice.
 */
static enum lru_status pgem_reclaim_take(struct list_head *item, struct list_lru_one *list,
					 void *arg)
{
	struct pgem_bo *bo = container_of(item, struct pgem_bo, reclaim.lru);
	struct pgem_reclaim_walk *walk = arg;
	unsigned long pages = pgem_reclaim_pages(bo, walk->purge);

	/* Not LRU_STOP: since 6.13 that is for those who have dropped the list's lock. */
	if (walk->found >= walk->wanted) {
		walk->items = 0;
		return LRU_SKIP;
	}
	if (!pgem_reclaim_is_wanted(bo, walk->purge))
		return LRU_SKIP;
	if (!walk->purge && test_and_clear_bit(PGEM_RECLAIM_FAULTED, &bo->reclaim.state)) {
		walk->seen += pages;
		return LRU_ROTATE;
	}
	/* Set under the list's lock only. */
	if (test_bit_acquire(PGEM_RECLAIM_TAKEN, &bo->reclaim.state))
		return LRU_SKIP;
	/* Being freed: it leaves the list by itself. */
	if (!kref_get_unless_zero(&bo->base.refcount))
		return LRU_SKIP;
	set_bit(PGEM_RECLAIM_TAKEN, &bo->reclaim.state);

	walk->found += pages;
	walk->seen += pages;
	list_lru_isolate(list, item);
	list_add_tail(&bo->reclaim.taken, &walk->taken);

	return LRU_REMOVED;
}

/*
 * Off the list first, out of page tables then: a fault that comes in between puts the
 * object back on the list, as it looks there after it has inserted its page.
 */
static unsigned long pgem_reclaim_taken(struct pgem_reclaim_walk *walk)
{
	struct pgem_bo *bo, *next;
	unsigned long freed = 0;

	list_for_each_entry_safe(bo, next, &walk->taken, reclaim.taken) {
		unsigned long pages = 0;

		if (dma_resv_trylock(bo->base.resv)) {
			pages = pgem_reclaim_bo_locked(bo, walk->purge);
			dma_resv_unlock(bo->base.resv);
		}
		freed += pages;

		list_del(&bo->reclaim.taken);
		clear_bit_unlock(PGEM_RECLAIM_TAKEN, &bo->reclaim.state);
		/* To be purged, once nobody else has it. */
		if (!pgem_purge_is_done(bo) &&
		    (!pages || READ_ONCE(bo->advice) == DRM_PGEM_MADV_DONTNEED))
			pgem_reclaim_add(bo);
		drm_gem_object_put(&bo->base);
	}

	return freed;
}

static enum lru_status pgem_reclaim_count_one(struct list_head *item,
					      struct list_lru_one *list, void *arg)
{
	struct pgem_bo *bo = container_of(item, struct pgem_bo, reclaim.lru);
	struct pgem_reclaim_walk *walk = arg;

	if (pgem_reclaim_is_wanted(bo, true))
		walk->found += pgem_reclaim_pages(bo, true);
	else if (!walk->purge && pgem_reclaim_is_wanted(bo, false))
		walk->found += pgem_reclaim_pages(bo, false);

	return LRU_SKIP;
}

/* Taking pages out of page tables helps only if there is somewhere to swap them. */
static bool pgem_reclaim_can_swap(void)
{
	return get_nr_swap_pages() > 0;
}

/* Walks the list, a look at each object: to keep a figure would cost each fault. */
static unsigned long pgem_reclaim_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct pgem_device *pdev = shrinker->private_data;
	struct pgem_reclaim_walk walk = { .purge = !pgem_reclaim_can_swap() };
	unsigned long items = list_lru_shrink_count(&pdev->reclaim.lru, sc);

	/* Means that there is no need to ask again before the list has a first object. */
	if (!items)
		return SHRINK_EMPTY;

	list_lru_walk_one(&pdev->reclaim.lru, sc->nid, sc->memcg,
			  pgem_reclaim_count_one, &walk, &items);

	return walk.found;
}

static unsigned long pgem_reclaim_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct pgem_device *pdev = shrinker->private_data;
	unsigned long freed = 0, seen = 0;

	/* Truncating waits for writeback, that the caller may have to bring to an end. */
	if (!(sc->gfp_mask & __GFP_FS) || !(sc->gfp_mask & __GFP_IO))
		return SHRINK_STOP;

	for (int purge = 1; purge >= !pgem_reclaim_can_swap(); purge--) {
		struct pgem_reclaim_walk walk = {
			.taken = LIST_HEAD_INIT(walk.taken),
			.wanted = sc->nr_to_scan - min(sc->nr_to_scan, freed),
			.purge = purge,
			/* Each once: what is rotated comes by again. */
			.items = list_lru_shrink_count(&pdev->reclaim.lru, sc),
		};

		if (!walk.wanted)
			break;

		list_lru_walk_one(&pdev->reclaim.lru, sc->nid, sc->memcg, pgem_reclaim_take,
				  &walk, &walk.items);
		freed += pgem_reclaim_taken(&walk);
		seen += walk.seen;
	}

	/*
	 * Objects come whole, so these can be more than were asked for. Told so, the
	 * caller stops in time, and a second chance lasts until its next turn.
	 */
	sc->nr_scanned = max(sc->nr_to_scan, seen);

	return freed;
}

/**
 * pgem_reclaim_scan_all() - do as reclaim does, for the objects of all cgroups
 * @pdev: device
 * @pages: how many pages to free at the least, if there are as many
 *
 * For tests, by debugfs. Unlike reclaim it does not ask whether there is swap space.
 *
 * Return: the number of pages that are free, or free to be swapped, by now.
 */
u64 pgem_reclaim_scan_all(struct pgem_device *pdev, u64 pages)
{
	u64 freed = 0;

	/* A walk does not come back to the last object that it rotates. */
	for (int pass = 0; pass < 3 && freed < pages; pass++) {
		struct pgem_reclaim_walk walk = {
			.taken = LIST_HEAD_INIT(walk.taken),
			.wanted = min(pages - freed, (u64)ULONG_MAX),
			.purge = !pass,
		};

		list_lru_walk(&pdev->reclaim.lru, pgem_reclaim_take, &walk, ULONG_MAX);
		freed += pgem_reclaim_taken(&walk);
	}

	return freed;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_reclaim_scan_all);

/**
 * pgem_reclaim_add() - note that an object has pages that reclaim could have
 * @bo: object, not imported
 */
void pgem_reclaim_add(struct pgem_bo *bo)
{
	list_lru_add_obj(&to_pgem_device(bo->base.dev)->reclaim.lru, &bo->reclaim.lru);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_reclaim_add);

/**
 * pgem_reclaim_add_faulted() - note that there was a fault
 * @bo: object, not imported
 *
 * Called by each fault, after it has inserted its page: a barrier and three loads if
 * nothing is new.
 */
void pgem_reclaim_add_faulted(struct pgem_bo *bo)
{
	/*
	 * Pairs with test_and_clear_bit() of MAPPED: either the unmapping finds the
	 * page, or this finds the bit cleared and the object off the list.
	 */
	smp_mb();
	if (!test_bit(PGEM_RECLAIM_FAULTED, &bo->reclaim.state))
		set_bit(PGEM_RECLAIM_FAULTED, &bo->reclaim.state);
	if (!test_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state))
		set_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state);
	if (list_empty(&bo->reclaim.lru))
		pgem_reclaim_add(bo);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_reclaim_add_faulted);

/**
 * pgem_reclaim_del() - forget an object that is being freed
 * @bo: object, with no reference left
 */
void pgem_reclaim_del(struct pgem_bo *bo)
{
	struct pgem_device *pdev = to_pgem_device(bo->base.dev);

	/* Never on it if never touched; nobody else has the object to put it there. */
	if (!list_empty(&bo->reclaim.lru))
		list_lru_del_obj(&pdev->reclaim.lru, &bo->reclaim.lru);
}

static void pgem_reclaim_fini(struct drm_device *drm, void *data)
{
	struct pgem_device *pdev = to_pgem_device(drm);

	shrinker_free(pdev->reclaim.shrinker);
	list_lru_destroy(&pdev->reclaim.lru);
}

/**
 * pgem_reclaim_init() - set up the list of objects and the shrinker
 * @pdev: device, without objects
 *
 * DRM undoes it with the device's last reference.
 *
 * Return: 0, or -ENOMEM.
 */
int pgem_reclaim_init(struct pgem_device *pdev)
{
	struct shrinker *shrinker;
	int ret;

	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE | SHRINKER_MEMCG_AWARE, "drm-pgem");
	if (!shrinker)
		return -ENOMEM;

	ret = list_lru_init_memcg(&pdev->reclaim.lru, shrinker);
	if (ret) {
		shrinker_free(shrinker);
		return ret;
	}

	shrinker->count_objects = pgem_reclaim_count;
	shrinker->scan_objects = pgem_reclaim_scan;
	shrinker->private_data = pdev;
	/*
	 * Half of what there is, each time: a page that is taken out of page tables
	 * costs a minor fault and no I/O, and the kernel takes what it finds mapped
	 * for active. With the default it came here last, found no inactive page
	 * afterwards, and killed a client of a cgroup with swap to spare.
	 */
	shrinker->seeks = 0;
	pdev->reclaim.shrinker = shrinker;
	shrinker_register(shrinker);

	return drmm_add_action_or_reset(&pdev->drm, pgem_reclaim_fini, NULL);
}
