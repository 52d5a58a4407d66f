// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of the shrinker
 *
 * How the kernel asks for memory: what it is told there is to be had, what it gets, and
 * when it gets nothing. The shrinker is called by hand. As the kernel may call it, too,
 * no test here may mind that; it does so only if memory is short. Which objects go first
 * is in pgem_purge_list_test.c.
 */

#include <kunit/test.h>
#include <linux/array_size.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_purge.h"
#include "pgem_test_device.h"
#include "pgem_test_fence.h"
#include "pgem_test_file.h"
#include "pgem_test_mapping.h"

/* Pages that exist of each object here. */
#define PGEM_SHRINKER_TEST_PAGES	4UL

static struct pgem_bo *pgem_shrinker_test_bo(struct kunit *test, u32 advice)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, 1024 * PAGE_SIZE);

	pgem_test_bo_touch(test, bo, PGEM_SHRINKER_TEST_PAGES);
	KUNIT_ASSERT_EQ(test, 1, pgem_test_file_advise(test, bo, advice));

	return bo;
}

/* Asked for the node that @bo is on; all nodes' lists are empty without one. */
static unsigned long pgem_shrinker_test_count(struct kunit *test, struct pgem_bo *bo)
{
	struct pgem_device *pdev = test->priv;
	struct shrink_control sc = {
		.gfp_mask = GFP_KERNEL,
		.nid = bo ? page_to_nid(virt_to_page(bo)) : first_online_node,
	};

	return pdev->purge.shrinker->count_objects(pdev->purge.shrinker, &sc);
}

/* Sets @seen to how many pages it says to have looked at. */
static unsigned long pgem_shrinker_test_look(struct kunit *test, struct pgem_bo *bo, gfp_t gfp,
					     unsigned long pages, unsigned long *seen)
{
	struct pgem_device *pdev = test->priv;
	struct shrink_control sc = {
		.gfp_mask = gfp,
		.nid = page_to_nid(virt_to_page(bo)),
		.nr_to_scan = pages,
		.nr_scanned = pages,
	};
	unsigned long freed;

	fs_reclaim_acquire(gfp);
	freed = pdev->purge.shrinker->scan_objects(pdev->purge.shrinker, &sc);
	fs_reclaim_release(gfp);
	*seen = sc.nr_scanned;

	return freed;
}

static unsigned long pgem_shrinker_test_scan(struct kunit *test, struct pgem_bo *bo, gfp_t gfp,
					     unsigned long pages)
{
	unsigned long seen;

	return pgem_shrinker_test_look(test, bo, gfp, pages, &seen);
}

/* Said of an empty list alone: after that the kernel does not ask again. */
static void pgem_shrinker_test_empty(struct kunit *test)
{
	struct pgem_bo *bo;

	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, NULL), SHRINK_EMPTY);
	bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_WILLNEED);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), SHRINK_EMPTY);
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
	KUNIT_EXPECT_NE(test, pgem_shrinker_test_count(test, bo), SHRINK_EMPTY);
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_WILLNEED);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), SHRINK_EMPTY);

	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
	pgem_test_bo_put(test, bo);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, NULL), SHRINK_EMPTY);
}

/* By cgroup and node; as much for each, whatever it has: a scan's cost goes by objects. */
static void pgem_shrinker_test_counts(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, 1024 * PAGE_SIZE);
	const unsigned int flags = SHRINKER_REGISTERED | SHRINKER_NUMA_AWARE |
				   SHRINKER_MEMCG_AWARE;
	struct pgem_device *pdev = test->priv;

	KUNIT_EXPECT_EQ(test, pdev->purge.shrinker->flags & flags, flags);
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), PGEM_PURGE_CHARGE);
	pgem_test_bo_put(test, bo);

	bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), PGEM_PURGE_CHARGE);
	pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), 2 * PGEM_PURGE_CHARGE);
}

/* What is needed is no business of this, mapped or not, in use or not. */
static void pgem_shrinker_test_counts_no_others(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *mapped = pgem_test_mapping_bo(test);
	unsigned long address;
	u32 value;

	pgem_test_mapping_number_pages(test, mapped);
	address = pgem_test_mapping_create(test, pgem_test_mapping_open(test, mapped), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 0, &value), 0);
	pgem_shrinker_test_bo(test, DRM_PGEM_MADV_WILLNEED);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), PGEM_PURGE_CHARGE);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1024),
			PGEM_SHRINKER_TEST_PAGES);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(mapped), mapped->base.size);
	pgem_test_mapping_remove(address, PGEM_TEST_MAPPING_PAGES);
}

static void pgem_shrinker_test_purges(struct kunit *test)
{
	struct pgem_bo *first = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *second = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);

	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, first, GFP_KERNEL, 1),
			PGEM_SHRINKER_TEST_PAGES);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(first));
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(second));
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, second, GFP_KERNEL, 1),
			PGEM_SHRINKER_TEST_PAGES);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(second));
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, second), SHRINK_EMPTY);
}

/*
 * The kernel asks for a batch after another until as many pages were looked at as it
 * wants. Told of fewer, it would ask until there is nothing left.
 */
static void pgem_shrinker_test_says_what_it_saw(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *second;
	unsigned long seen;

	/* An object comes whole. */
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_look(test, bo, GFP_KERNEL, 1, &seen),
			PGEM_SHRINKER_TEST_PAGES);
	KUNIT_EXPECT_EQ(test, seen, PGEM_PURGE_CHARGE);
	/* So it does if it stays: who asks for one page is not kept by all that stay. */
	bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	second = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	bo->pins = 1;
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_look(test, bo, GFP_KERNEL, 1, &seen), 0);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(second));
	KUNIT_EXPECT_EQ(test, seen, PGEM_PURGE_CHARGE);
	/* It has gone to the end of the list. */
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_look(test, bo, GFP_KERNEL, 1, &seen),
			PGEM_SHRINKER_TEST_PAGES);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(second));
	bo->pins = 0;
	/* Never less than was asked for, or the kernel would not come to an end. */
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_look(test, bo, GFP_KERNEL,
						      3 * PGEM_PURGE_CHARGE, &seen),
			PGEM_SHRINKER_TEST_PAGES);
	KUNIT_EXPECT_EQ(test, seen, 3 * PGEM_PURGE_CHARGE);
}

/* Each turn looks at it, and it goes when it can be had. */
static void pgem_shrinker_test_stays(struct kunit *test, struct pgem_bo *bo)
{
	unsigned long seen;

	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_look(test, bo, GFP_KERNEL, 1, &seen), 0);
	KUNIT_EXPECT_EQ(test, seen, PGEM_PURGE_CHARGE);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_TRUE(test, pgem_test_bo_is_listed(bo));
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), PGEM_PURGE_CHARGE);
}

static void pgem_shrinker_test_goes(struct kunit *test, struct pgem_bo *bo)
{
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1),
			PGEM_SHRINKER_TEST_PAGES);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(bo));
}

/* A large object that stays does not have the kernel look at all others over and over. */
static void pgem_shrinker_test_large(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, SZ_16M);

	pgem_test_bo_touch(test, bo, SZ_16M / PAGE_SIZE);
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
	bo->pins = 1;
	pgem_shrinker_test_stays(test, bo);
	bo->pins = 0;
}

static void pgem_shrinker_test_pinned(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);

	bo->pins = 1;
	pgem_shrinker_test_stays(test, bo);
	bo->pins = 0;
	pgem_shrinker_test_goes(test, bo);
}

static void pgem_shrinker_test_busy(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct dma_fence *fence = pgem_test_fence_foreign(test, bo, DMA_RESV_USAGE_BOOKKEEP);

	pgem_shrinker_test_stays(test, bo);
	dma_fence_signal(fence);
	pgem_shrinker_test_goes(test, bo);
}

/* Purged, needed again or not there at all: the kernel need not come again now. */
static void pgem_shrinker_test_finds_nothing(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_WILLNEED);

	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1), SHRINK_STOP);
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_WILLNEED);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1), SHRINK_STOP);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
	pgem_shrinker_test_goes(test, bo);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1), SHRINK_STOP);
}

static unsigned long pgem_shrinker_test_kswapd_scan(struct kunit *test, struct pgem_bo *bo)
{
	unsigned long freed;

	current->flags |= PF_KSWAPD;
	freed = pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1);
	current->flags &= ~PF_KSWAPD;

	return freed;
}

/* It has a worker do it: the holder of a folio may wait for kswapd. */
static void pgem_shrinker_test_kswapd(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *second = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *third = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *last = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_device *pdev = test->priv;
	struct pgem_purge_list *list = &pdev->purge;
	/* As if another thread had begun to fault: who waits for that waits for good here. */
	struct folio *folio = filemap_lock_folio(bo->base.filp->f_mapping, 0);

	disable_work_sync(&list->work);
	for (int i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, pgem_shrinker_test_kswapd_scan(test, bo), 0);
	/* One object at a time, since who freezes the worker waits for that. */
	list->work.func(&list->work);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(second));
	enable_work(&list->work);
	list->work.func(&list->work);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(second));
	/* It comes again by itself. */
	drain_workqueue(list->wq);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(third));
	folio_unlock(folio);
	folio_put(folio);
	/* What it was asked for, and no other: that is another cgroup's, or not yet its turn. */
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(last));
	KUNIT_EXPECT_TRUE(test, pgem_test_bo_is_listed(last));
	/* What could not be had is there for the next turn. */
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_TRUE(test, pgem_test_bo_is_listed(bo));
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), 1);
}

/* What waits for the worker is there for a cgroup at its limit, which waits for nobody. */
static void pgem_shrinker_test_queued(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *second = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *third = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_device *pdev = test->priv;
	struct pgem_purge_list *list = &pdev->purge;

	disable_work_sync(&list->work);
	/* More than once: what is in the queue stays in it. */
	for (int i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, pgem_shrinker_test_kswapd_scan(test, bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), 3 * PGEM_PURGE_CHARGE);
	/* Two were looked at twice, so the third is next. */
	pgem_shrinker_test_goes(test, third);
	KUNIT_EXPECT_TRUE(test, list_empty(&third->queued));
	/* Nor does the queue keep what its client gives up or needs again. */
	KUNIT_EXPECT_FALSE(test, list_empty(&bo->queued));
	KUNIT_EXPECT_EQ(test, pgem_test_file_advise(test, bo, DRM_PGEM_MADV_WILLNEED), 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&bo->queued));
	pgem_test_bo_put(test, second);
	KUNIT_EXPECT_TRUE(test, list_empty(&list->queue));
	KUNIT_EXPECT_EQ(test, pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED), 1);
	pgem_shrinker_test_goes(test, bo);
	enable_work(&list->work);
}

/* A direct reclaimer that has found an object keeps it: kswapd does not want it as much. */
static void pgem_shrinker_test_found(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_device *pdev = test->priv;
	LIST_HEAD(queue);

	list_add(&bo->queued, &queue);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_kswapd_scan(test, bo), 0);
	drain_workqueue(pdev->purge.wq);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_PTR_EQ(test, queue.next, &bo->queued);
	list_del_init(&bo->queued);
}

/* Truncating could wait for its caller. Yet a cgroup has processes killed for this, too. */
static void pgem_shrinker_test_defers(struct kunit *test)
{
	static const gfp_t gfps[] = { GFP_NOFS, GFP_NOIO, GFP_KERNEL & ~__GFP_IO };
	struct pgem_device *pdev = test->priv;
	struct pgem_purge_list *list = &pdev->purge;

	for (int i = 0; i < ARRAY_SIZE(gfps); i++) {
		struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);

		disable_work_sync(&list->work);
		KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, gfps[i], 1), 0);
		KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
		KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), PGEM_PURGE_CHARGE);
		enable_work(&list->work);
		KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, gfps[i], 1), 0);
		drain_workqueue(list->wq);
		KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	}
}

static struct kunit_case pgem_shrinker_test_cases[] = {
	KUNIT_CASE(pgem_shrinker_test_empty),
	KUNIT_CASE(pgem_shrinker_test_counts),
	KUNIT_CASE(pgem_shrinker_test_counts_no_others),
	KUNIT_CASE(pgem_shrinker_test_purges),
	KUNIT_CASE(pgem_shrinker_test_says_what_it_saw),
	KUNIT_CASE(pgem_shrinker_test_pinned),
	KUNIT_CASE(pgem_shrinker_test_busy),
	KUNIT_CASE(pgem_shrinker_test_finds_nothing),
	KUNIT_CASE(pgem_shrinker_test_large),
	KUNIT_CASE(pgem_shrinker_test_kswapd),
	KUNIT_CASE(pgem_shrinker_test_queued),
	KUNIT_CASE(pgem_shrinker_test_found),
	KUNIT_CASE(pgem_shrinker_test_defers),
	{ }
};

static struct kunit_suite pgem_shrinker_test_suite = {
	.name = "pgem_shrinker",
	.init = pgem_test_device_init,
	.test_cases = pgem_shrinker_test_cases,
};

kunit_test_suite(pgem_shrinker_test_suite);
