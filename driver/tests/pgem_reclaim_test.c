// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of reclaim
 *
 * Which objects give way, in which order and how much of them, and what is left alone.
 * Reclaim is asked for by pgem_reclaim_scan_all(), as debugfs does it; how the kernel
 * asks is in pgem_shrinker_test.c. Faults are told of by hand, and but for one test
 * nothing is mapped.
 */

#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>

#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_pages.h"
#include "pgem_purge.h"
#include "pgem_reclaim.h"
#include "pgem_stats.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_fence.h"
#include "pgem_test_mapping.h"

/* Pages that exist of each object here, and pages in it. */
#define PGEM_RECLAIM_TEST_PAGES	4UL
#define PGEM_RECLAIM_TEST_SIZE	(64 * PAGE_SIZE)

/* An object with pages that came by faults. */
static struct pgem_bo *pgem_reclaim_test_bo(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_RECLAIM_TEST_SIZE);

	pgem_test_bo_touch(test, bo, PGEM_RECLAIM_TEST_PAGES);
	pgem_reclaim_add_faulted(bo);

	return bo;
}

/* As reclaim is called, so that lockdep sees what is waited for. */
static u64 pgem_reclaim_test_scan(struct kunit *test, u64 pages)
{
	u64 freed;

	fs_reclaim_acquire(GFP_KERNEL);
	freed = pgem_reclaim_scan_all(test->priv, pages);
	fs_reclaim_release(GFP_KERNEL);

	return freed;
}

static bool pgem_reclaim_test_is_listed(struct pgem_bo *bo)
{
	return !list_empty(&bo->reclaim.lru);
}

static bool pgem_reclaim_test_is_mapped(struct pgem_bo *bo)
{
	return test_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state);
}

static void pgem_reclaim_test_nothing(struct kunit *test)
{
	struct pgem_bo *bo;

	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), 0);
	bo = pgem_test_bo_create(test, PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, pgem_reclaim_test_is_listed(bo));
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), 0);
	bo = pgem_reclaim_test_bo(test);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, 0), 0);
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_mapped(bo));
}

/* In numbers: what exists, and not the sizes. */
static void pgem_reclaim_test_counts_pages(struct kunit *test)
{
	pgem_reclaim_test_bo(test);
	pgem_reclaim_test_bo(test);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), 2 * PGEM_RECLAIM_TEST_PAGES);
}

/* Pages leave page tables and nothing else, and come back by faults. */
static void pgem_reclaim_test_unmaps(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_open(test, bo);
	unsigned long address = pgem_test_mapping_create_aligned(test, file);
	u32 page, value;

	for (page = 0; page < 3; page++)
		KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, page, &value), 0);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 3 * PAGE_SIZE);
	pgem_test_mapping_number_pages(test, bo);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), PGEM_TEST_MAPPING_PAGES);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), bo->base.size);

	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 1, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 1);
	/* And its neighbours, all of which are in its window. */
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), bo->base.size);

	vm_munmap(address, bo->base.size);
}

/* On the list from a fault to the unmapping, and what is off it is not looked at. */
static void pgem_reclaim_test_state(struct kunit *test)
{
	struct pgem_bo *bo = pgem_reclaim_test_bo(test);
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_listed(bo));
		KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_mapped(bo));
		KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX),
				PGEM_RECLAIM_TEST_PAGES);
		KUNIT_EXPECT_FALSE(test, pgem_reclaim_test_is_listed(bo));
		KUNIT_EXPECT_EQ(test, bo->reclaim.state, 0);
		KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), 0);
		pgem_reclaim_add_faulted(bo);
	}
}

/* Put on the list for its contents alone, there are no page tables to look for. */
static void pgem_reclaim_test_not_mapped(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);

	pgem_test_bo_touch(test, bo, 1);
	pgem_reclaim_add(bo);
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_listed(bo));
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), 0);
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_listed(bo));
}

static void pgem_reclaim_test_oldest_first(struct kunit *test)
{
	struct pgem_bo *bos[3];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(bos); i++)
		bos[i] = pgem_reclaim_test_bo(test);
	for (i = 0; i < ARRAY_SIZE(bos); i++) {
		KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, 1), PGEM_RECLAIM_TEST_PAGES);
		for (j = 0; j < ARRAY_SIZE(bos); j++)
			KUNIT_EXPECT_EQ(test, pgem_reclaim_test_is_mapped(bos[j]), j > i);
	}
}

/* A fault since the last look puts an older object behind a younger one. */
static void pgem_reclaim_test_second_chance(struct kunit *test)
{
	struct pgem_bo *first = pgem_reclaim_test_bo(test);
	struct pgem_bo *used = pgem_reclaim_test_bo(test);
	struct pgem_bo *idle = pgem_reclaim_test_bo(test);

	pgem_reclaim_test_scan(test, 1);
	KUNIT_EXPECT_FALSE(test, pgem_reclaim_test_is_mapped(first));
	pgem_reclaim_add_faulted(used);
	pgem_reclaim_test_scan(test, 1);
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_mapped(used));
	KUNIT_EXPECT_FALSE(test, pgem_reclaim_test_is_mapped(idle));
	pgem_reclaim_test_scan(test, 1);
	KUNIT_EXPECT_FALSE(test, pgem_reclaim_test_is_mapped(used));
}

static void pgem_reclaim_test_unneeded_first(struct kunit *test)
{
	struct pgem_bo *needed = pgem_reclaim_test_bo(test);
	struct pgem_bo *unneeded = pgem_reclaim_test_bo(test);
	struct pgem_bo *also = pgem_reclaim_test_bo(test);

	unneeded->advice = DRM_PGEM_MADV_DONTNEED;
	also->advice = DRM_PGEM_MADV_DONTNEED;
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, 1), PGEM_RECLAIM_TEST_PAGES);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(unneeded));
	KUNIT_EXPECT_FALSE(test, pgem_reclaim_test_is_listed(unneeded));
	/* No more than has to be. */
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(also));
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_mapped(needed));
}

/* Unmapped, and on the list still: to be purged once nobody else has it. */
static void pgem_reclaim_test_unneeded_but_shared(struct kunit *test)
{
	struct pgem_bo *bo = pgem_reclaim_test_bo(test);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);

	bo->advice = DRM_PGEM_MADV_DONTNEED;
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), PGEM_RECLAIM_TEST_PAGES);
	KUNIT_EXPECT_FALSE(test, pgem_reclaim_test_is_mapped(bo));
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_listed(bo));
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));

	pgem_test_dmabuf_put(test, dmabuf);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), PGEM_RECLAIM_TEST_PAGES);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
}

/* Expects that an object is left alone, and can still be had. */
static void pgem_reclaim_test_left_alone(struct kunit *test, struct pgem_bo *bo)
{
	const unsigned int references = kref_read(&bo->base.refcount);

	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), 0);
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_listed(bo));
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_mapped(bo));
	KUNIT_EXPECT_FALSE(test, test_bit(PGEM_RECLAIM_TAKEN, &bo->reclaim.state));
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), references);
}

/**
 * struct pgem_reclaim_test_advice - what an object's client has said
 */
struct pgem_reclaim_test_advice {
	/** @desc: name of the case */
	const char *desc;

	/** @advice: of &enum drm_pgem_madvice */
	u32 advice;
};

static const struct pgem_reclaim_test_advice pgem_reclaim_test_advices[] = {
	{ .desc = "needed", .advice = DRM_PGEM_MADV_WILLNEED },
	{ .desc = "not-needed", .advice = DRM_PGEM_MADV_DONTNEED },
};

KUNIT_ARRAY_PARAM_DESC(pgem_reclaim_test_advice, pgem_reclaim_test_advices, desc);

static struct pgem_bo *pgem_reclaim_test_advised(struct kunit *test)
{
	const struct pgem_reclaim_test_advice *param = test->param_value;
	struct pgem_bo *bo = pgem_reclaim_test_bo(test);

	bo->advice = param->advice;

	return bo;
}

/* Whoever has the reservation may be waiting for reclaim, or be it. */
static void pgem_reclaim_test_reserved(struct kunit *test)
{
	struct pgem_bo *bo = pgem_reclaim_test_advised(test);

	dma_resv_lock(bo->base.resv, NULL);
	pgem_reclaim_test_left_alone(test, bo);
	dma_resv_unlock(bo->base.resv);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), PGEM_RECLAIM_TEST_PAGES);
}

static void pgem_reclaim_test_busy(struct kunit *test)
{
	enum dma_resv_usage usage;

	for (usage = DMA_RESV_USAGE_KERNEL; usage <= DMA_RESV_USAGE_BOOKKEEP; usage++) {
		struct pgem_bo *bo = pgem_reclaim_test_advised(test);
		struct dma_fence *fence = pgem_test_fence_foreign(test, bo, usage);

		pgem_reclaim_test_left_alone(test, bo);
		dma_fence_signal(fence);
		KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX),
				PGEM_RECLAIM_TEST_PAGES);
	}
}

static void pgem_reclaim_test_pinned(struct kunit *test)
{
	struct pgem_bo *bo = pgem_reclaim_test_advised(test);
	int ret;

	dma_resv_lock(bo->base.resv, NULL);
	ret = pgem_pages_pin_locked(bo);
	dma_resv_unlock(bo->base.resv);
	KUNIT_ASSERT_EQ(test, ret, 0);

	pgem_reclaim_test_left_alone(test, bo);

	dma_resv_lock(bo->base.resv, NULL);
	pgem_pages_unpin_locked(bo);
	dma_resv_unlock(bo->base.resv);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX),
			PGEM_RECLAIM_TEST_SIZE >> PAGE_SHIFT);
}

/* It has its last reference gone, and waits for the list's lock to leave the list. */
static void pgem_reclaim_test_being_freed(struct kunit *test)
{
	struct pgem_bo *bo = pgem_reclaim_test_advised(test);

	refcount_set(&bo->base.refcount.refcount, 0);
	pgem_reclaim_test_left_alone(test, bo);
	refcount_set(&bo->base.refcount.refcount, 1);
}

/* Back on the list by a fault, while another reclaim works on it. */
static void pgem_reclaim_test_taken(struct kunit *test)
{
	struct pgem_bo *bo = pgem_reclaim_test_advised(test);

	set_bit(PGEM_RECLAIM_TAKEN, &bo->reclaim.state);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), 0);
	KUNIT_EXPECT_TRUE(test, pgem_reclaim_test_is_mapped(bo));
	clear_bit(PGEM_RECLAIM_TAKEN, &bo->reclaim.state);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), PGEM_RECLAIM_TEST_PAGES);
}

static void pgem_reclaim_test_freed_leaves_the_list(struct kunit *test)
{
	struct pgem_device *pdev = test->priv;
	struct pgem_bo *bo = pgem_reclaim_test_advised(test);
	struct pgem_bo *other = pgem_reclaim_test_bo(test);

	KUNIT_EXPECT_EQ(test, list_lru_count(&pdev->reclaim.lru), 2);
	pgem_test_bo_put(test, bo);
	KUNIT_EXPECT_EQ(test, list_lru_count(&pdev->reclaim.lru), 1);
	KUNIT_EXPECT_EQ(test, pgem_reclaim_test_scan(test, U64_MAX), PGEM_RECLAIM_TEST_PAGES);
	KUNIT_EXPECT_FALSE(test, pgem_reclaim_test_is_mapped(other));
}

static struct kunit_case pgem_reclaim_test_cases[] = {
	KUNIT_CASE(pgem_reclaim_test_nothing),
	KUNIT_CASE(pgem_reclaim_test_counts_pages),
	KUNIT_CASE(pgem_reclaim_test_unmaps),
	KUNIT_CASE(pgem_reclaim_test_state),
	KUNIT_CASE(pgem_reclaim_test_not_mapped),
	KUNIT_CASE(pgem_reclaim_test_oldest_first),
	KUNIT_CASE(pgem_reclaim_test_second_chance),
	KUNIT_CASE(pgem_reclaim_test_unneeded_first),
	KUNIT_CASE(pgem_reclaim_test_unneeded_but_shared),
	KUNIT_CASE_PARAM(pgem_reclaim_test_reserved, pgem_reclaim_test_advice_gen_params),
	KUNIT_CASE_PARAM(pgem_reclaim_test_busy, pgem_reclaim_test_advice_gen_params),
	KUNIT_CASE_PARAM(pgem_reclaim_test_pinned, pgem_reclaim_test_advice_gen_params),
	KUNIT_CASE_PARAM(pgem_reclaim_test_being_freed, pgem_reclaim_test_advice_gen_params),
	KUNIT_CASE_PARAM(pgem_reclaim_test_taken, pgem_reclaim_test_advice_gen_params),
	KUNIT_CASE_PARAM(pgem_reclaim_test_freed_leaves_the_list,
			 pgem_reclaim_test_advice_gen_params),
	{ }
};

static struct kunit_suite pgem_reclaim_test_suite = {
	.name = "pgem_reclaim",
	.init = pgem_test_device_init,
	.test_cases = pgem_reclaim_test_cases,
};

kunit_test_suite(pgem_reclaim_test_suite);
