// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of the list of objects that can be purged
 *
 * Which of them go first and how many of them, which stay, and that those are looked at
 * again. A scan is asked for by pgem_purge_scan_all(), as debugfs does it; how the kernel
 * asks is in pgem_shrinker_test.c.
 */

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>

#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_pages.h"
#include "pgem_purge.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_fence.h"
#include "pgem_test_file.h"
#include "pgem_test_thread.h"

/* Pages that exist of each object here, and pages in it. */
#define PGEM_PURGE_LIST_TEST_PAGES	4UL
#define PGEM_PURGE_LIST_TEST_SIZE	(64 * PAGE_SIZE)

static struct pgem_bo *pgem_purge_list_test_needed(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_PURGE_LIST_TEST_SIZE);

	pgem_test_bo_touch(test, bo, PGEM_PURGE_LIST_TEST_PAGES);

	return bo;
}

static struct pgem_bo *pgem_purge_list_test_unneeded(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_needed(test);

	KUNIT_ASSERT_EQ(test, 1, pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED));

	return bo;
}

/* As reclaim is called, so that lockdep sees what is waited for. */
static u64 pgem_purge_list_test_scan(struct kunit *test, u64 pages)
{
	u64 freed;

	fs_reclaim_acquire(GFP_KERNEL);
	freed = pgem_purge_scan_all(test->priv, pages);
	fs_reclaim_release(GFP_KERNEL);

	return freed;
}

/* Expects that so many objects are on the list, and that reclaim is told of all of them. */
static void pgem_purge_list_test_counts(struct kunit *test, unsigned long objects)
{
	struct pgem_device *pdev = test->priv;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	unsigned long told = 0, count;

	for_each_online_node(sc.nid) {
		count = pdev->purge.shrinker->count_objects(pdev->purge.shrinker, &sc);
		told += count == SHRINK_EMPTY ? 0 : count;
	}
	KUNIT_EXPECT_EQ(test, list_lru_count(&pdev->purge.lru), objects);
	KUNIT_EXPECT_EQ(test, told, objects * PGEM_PURGE_CHARGE);
}

static void pgem_purge_list_test_nothing(struct kunit *test)
{
	struct pgem_bo *bo;

	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, U64_MAX), 0);
	bo = pgem_purge_list_test_needed(test);
	KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(bo));
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), PGEM_PURGE_LIST_TEST_PAGES << PAGE_SHIFT);
	bo = pgem_purge_list_test_unneeded(test);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, 0), 0);
	KUNIT_EXPECT_TRUE(test, pgem_test_bo_is_listed(bo));
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
}

/* In numbers: what exists, and not the sizes. */
static void pgem_purge_list_test_counts_pages(struct kunit *test)
{
	pgem_purge_list_test_unneeded(test);
	pgem_purge_list_test_needed(test);
	pgem_purge_list_test_unneeded(test);
	pgem_purge_list_test_counts(test, 2);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, U64_MAX),
			2 * PGEM_PURGE_LIST_TEST_PAGES);
	pgem_purge_list_test_counts(test, 0);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, U64_MAX), 0);
}

/* What came since then goes as well. */
static void pgem_purge_list_test_grown(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);

	pgem_test_bo_touch(test, bo, 3 * PGEM_PURGE_LIST_TEST_PAGES);
	pgem_purge_list_test_counts(test, 1);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, 1),
			3 * PGEM_PURGE_LIST_TEST_PAGES);
	pgem_purge_list_test_counts(test, 0);
}

static void pgem_purge_list_test_longest_first(struct kunit *test)
{
	struct pgem_bo *bos[4];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(bos); i++)
		bos[i] = pgem_purge_list_test_unneeded(test);
	/* One that is there already keeps its place. */
	pgem_test_file_advise(test, bos[0], DRM_PGEM_MADV_DONTNEED);
	for (i = 0; i < ARRAY_SIZE(bos); i++) {
		KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, 1),
				PGEM_PURGE_LIST_TEST_PAGES);
		for (j = 0; j < ARRAY_SIZE(bos); j++) {
			KUNIT_EXPECT_EQ(test, pgem_purge_is_done(bos[j]), j <= i);
			KUNIT_EXPECT_EQ(test, pgem_test_bo_is_listed(bos[j]), j > i);
		}
	}
}

/* What was needed in between has not been unneeded for long. */
static void pgem_purge_list_test_needed_again(struct kunit *test)
{
	struct pgem_bo *again = pgem_purge_list_test_unneeded(test);
	struct pgem_bo *long_ago = pgem_purge_list_test_unneeded(test);

	KUNIT_EXPECT_EQ(test, pgem_test_file_advise(test, again, DRM_PGEM_MADV_WILLNEED), 1);
	KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(again));
	pgem_purge_list_test_counts(test, 1);
	KUNIT_EXPECT_EQ(test, pgem_test_file_advise(test, again, DRM_PGEM_MADV_DONTNEED), 1);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, 1), PGEM_PURGE_LIST_TEST_PAGES);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(long_ago));
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(again));
}

/* No more than has to be, in whole objects. */
static void pgem_purge_list_test_as_many_as_wanted(struct kunit *test)
{
	struct pgem_bo *bos[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(bos); i++)
		bos[i] = pgem_purge_list_test_unneeded(test);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, PGEM_PURGE_LIST_TEST_PAGES + 1),
			2 * PGEM_PURGE_LIST_TEST_PAGES);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bos[2]));
	pgem_purge_list_test_counts(test, 1);
}

/*
 * Expects that an object stays, on the list and as it is, and that the next one is taken in
 * its place.
 */
static void pgem_purge_list_test_left_alone(struct kunit *test, struct pgem_bo *bo)
{
	const unsigned int references = kref_read(&bo->base.refcount);
	struct pgem_bo *next = pgem_purge_list_test_unneeded(test);

	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, 1), PGEM_PURGE_LIST_TEST_PAGES);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(next));
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, U64_MAX), 0);
	KUNIT_EXPECT_TRUE(test, pgem_test_bo_is_listed(bo));
	KUNIT_EXPECT_EQ(test, bo->advice, DRM_PGEM_MADV_DONTNEED);
	KUNIT_EXPECT_GE(test, pgem_bo_resident(bo), PGEM_PURGE_LIST_TEST_PAGES << PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), references);
}

/* Expects that it is found again, once it can be had. */
static void pgem_purge_list_test_goes_now(struct kunit *test, struct pgem_bo *bo,
					  unsigned long pages)
{
	pgem_purge_list_test_counts(test, 1);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, 1), pages);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(bo));
	pgem_purge_list_test_counts(test, 0);
}

static void pgem_purge_list_test_shared(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);

	pgem_purge_list_test_left_alone(test, bo);
	pgem_test_dmabuf_put(test, dmabuf);
	pgem_purge_list_test_goes_now(test, bo, PGEM_PURGE_LIST_TEST_PAGES);
}

/* Whoever has the reservation may be waiting for reclaim, or be it. */
static void pgem_purge_list_test_reserved(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);

	/* Before the lock is taken, as this takes another of its kind. */
	pgem_purge_list_test_unneeded(test);
	dma_resv_lock(bo->base.resv, NULL);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, 1), PGEM_PURGE_LIST_TEST_PAGES);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, U64_MAX), 0);
	dma_resv_unlock(bo->base.resv);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	pgem_purge_list_test_goes_now(test, bo, PGEM_PURGE_LIST_TEST_PAGES);
}

static void pgem_purge_list_test_busy(struct kunit *test)
{
	enum dma_resv_usage usage;

	for (usage = DMA_RESV_USAGE_KERNEL; usage <= DMA_RESV_USAGE_BOOKKEEP; usage++) {
		struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);
		struct dma_fence *fence = pgem_test_fence_foreign(test, bo, usage);

		pgem_purge_list_test_left_alone(test, bo);
		dma_fence_signal(fence);
		pgem_purge_list_test_goes_now(test, bo, PGEM_PURGE_LIST_TEST_PAGES);
	}
}

static void pgem_purge_list_test_pinned(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);
	int ret;

	dma_resv_lock(bo->base.resv, NULL);
	ret = pgem_pages_pin_locked(bo);
	dma_resv_unlock(bo->base.resv);
	KUNIT_ASSERT_EQ(test, ret, 0);

	pgem_purge_list_test_left_alone(test, bo);

	dma_resv_lock(bo->base.resv, NULL);
	pgem_pages_unpin_locked(bo);
	dma_resv_unlock(bo->base.resv);
	pgem_purge_list_test_goes_now(test, bo, PGEM_PURGE_LIST_TEST_SIZE >> PAGE_SHIFT);
}

static void pgem_purge_list_test_scan_one(void *data)
{
	struct kunit *test = data;

	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, 1), PGEM_PURGE_LIST_TEST_PAGES);
}

/* In a thread, as one that waited would wait for good. */
static void pgem_purge_list_test_folio_locked(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);
	struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, 1);
	struct pgem_bo *next = pgem_purge_list_test_unneeded(test);
	struct pgem_test_thread thread;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	pgem_test_thread_create(test, &thread, pgem_purge_list_test_scan_one, test);
	folio_lock(page_folio(page));
	pgem_test_thread_start(&thread);
	KUNIT_EXPECT_TRUE(test, pgem_test_thread_ends(&thread, 20000));
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	folio_unlock(page_folio(page));
	pgem_test_thread_join(&thread);
	put_page(page);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(next));
	pgem_purge_list_test_goes_now(test, bo, PGEM_PURGE_LIST_TEST_PAGES);
}

/* It has its last reference gone, and waits for the list's lock to leave the list. */
static void pgem_purge_list_test_being_freed(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);

	refcount_set(&bo->base.refcount.refcount, 0);
	KUNIT_EXPECT_EQ(test, pgem_purge_list_test_scan(test, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), 0);
	KUNIT_EXPECT_TRUE(test, pgem_test_bo_is_listed(bo));
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	pgem_purge_list_test_left_alone(test, bo);
	refcount_set(&bo->base.refcount.refcount, 1);
	pgem_purge_list_test_goes_now(test, bo, PGEM_PURGE_LIST_TEST_PAGES);
}

static void pgem_purge_list_test_freed_leaves_the_list(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);
	struct pgem_bo *other = pgem_purge_list_test_unneeded(test);

	pgem_purge_list_test_counts(test, 2);
	pgem_test_bo_put(test, bo);
	pgem_purge_list_test_counts(test, 1);
	pgem_purge_list_test_goes_now(test, other, PGEM_PURGE_LIST_TEST_PAGES);
}

/*
 * A large object takes long to empty. Who needs memory meanwhile must not hear that there is
 * nothing, for then a cgroup has a process killed; nor may it be back at once to ask again.
 */
static void pgem_purge_list_test_while_purged(struct kunit *test)
{
	struct pgem_bo *bo = pgem_purge_list_test_unneeded(test);
	struct address_space *mapping = bo->base.filp->f_mapping;
	struct pgem_test_thread thread;
	unsigned long start;

	pgem_test_thread_create(test, &thread, pgem_purge_list_test_scan_one, test);
	/* Emptying unmaps first, and needs this. */
	i_mmap_lock_write(mapping);
	pgem_test_thread_start(&thread);
	for (int tries = 0; tries < 1000 && !pgem_purge_is_done(bo); tries++)
		msleep(20);
	pgem_purge_list_test_counts(test, 1);
	start = jiffies;
	/* Not as reclaim, which must not come with this lock held. */
	KUNIT_EXPECT_EQ(test, pgem_purge_scan_all(test->priv, 1), 0);
	KUNIT_EXPECT_NE(test, jiffies, start);
	i_mmap_unlock_write(mapping);
	pgem_test_thread_join(&thread);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	pgem_purge_list_test_counts(test, 0);
}

static struct kunit_case pgem_purge_list_test_cases[] = {
	KUNIT_CASE(pgem_purge_list_test_nothing),
	KUNIT_CASE(pgem_purge_list_test_counts_pages),
	KUNIT_CASE(pgem_purge_list_test_grown),
	KUNIT_CASE(pgem_purge_list_test_longest_first),
	KUNIT_CASE(pgem_purge_list_test_needed_again),
	KUNIT_CASE(pgem_purge_list_test_as_many_as_wanted),
	KUNIT_CASE(pgem_purge_list_test_shared),
	KUNIT_CASE(pgem_purge_list_test_reserved),
	KUNIT_CASE(pgem_purge_list_test_busy),
	KUNIT_CASE(pgem_purge_list_test_pinned),
	KUNIT_CASE(pgem_purge_list_test_folio_locked),
	KUNIT_CASE(pgem_purge_list_test_while_purged),
	KUNIT_CASE(pgem_purge_list_test_being_freed),
	KUNIT_CASE(pgem_purge_list_test_freed_leaves_the_list),
	{ }
};

static struct kunit_suite pgem_purge_list_test_suite = {
	.name = "pgem_purge_list",
	.init = pgem_test_device_init,
	.test_cases = pgem_purge_list_test_cases,
};

kunit_test_suite(pgem_purge_list_test_suite);
