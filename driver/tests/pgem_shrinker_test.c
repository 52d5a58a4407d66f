// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of the shrinker
 *
 * How the kernel asks for memory: what it is told there is to be had, what it gets, and
 * when it gets nothing. The shrinker is called by hand. As the kernel may call it, too,
 * no test here may mind that; it does so only if memory is short.
 *
 * What is mapped can be had where there is swap, which is the machine's business.
 */

#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/swap.h>

#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_purge.h"
#include "pgem_reclaim.h"
#include "pgem_test_device.h"

/* Pages that exist of each object here. */
#define PGEM_SHRINKER_TEST_PAGES	4UL

static struct pgem_bo *pgem_shrinker_test_bo(struct kunit *test, u32 advice)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, 1024 * PAGE_SIZE);

	pgem_test_bo_touch(test, bo, PGEM_SHRINKER_TEST_PAGES);
	pgem_reclaim_add_faulted(bo);
	bo->advice = advice;

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

	return pdev->reclaim.shrinker->count_objects(pdev->reclaim.shrinker, &sc);
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
	freed = pdev->reclaim.shrinker->scan_objects(pdev->reclaim.shrinker, &sc);
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

/* For each cgroup and each node by itself. */
static void pgem_shrinker_test_flags(struct kunit *test)
{
	const unsigned int flags = SHRINKER_REGISTERED | SHRINKER_NUMA_AWARE |
				   SHRINKER_MEMCG_AWARE;
	struct pgem_device *pdev = test->priv;

	KUNIT_EXPECT_EQ(test, pdev->reclaim.shrinker->flags & flags, flags);
}

/* Said of an empty list alone: after that the kernel does not ask again. */
static void pgem_shrinker_test_empty(struct kunit *test)
{
	struct pgem_bo *bo;

	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, NULL), SHRINK_EMPTY);
	bo = pgem_test_bo_create(test, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), SHRINK_EMPTY);

	/* Neither mapped nor unneeded; what becomes of that does not come by here. */
	pgem_reclaim_add(bo);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), 0);
	bo->advice = DRM_PGEM_MADV_DONTNEED;
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), 0);

	pgem_test_bo_put(test, bo);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, NULL), SHRINK_EMPTY);
}

/* Pages that exist: of what is mapped if they can be swapped, of what is unneeded always. */
static void pgem_shrinker_test_counts(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_WILLNEED);
	unsigned long mapped = get_nr_swap_pages() > 0 ? PGEM_SHRINKER_TEST_PAGES : 0;

	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), mapped);
	bo->advice = DRM_PGEM_MADV_DONTNEED;
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), PGEM_SHRINKER_TEST_PAGES);
	clear_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), PGEM_SHRINKER_TEST_PAGES);
	bo->advice = PGEM_PURGED;
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), 0);
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
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, second, GFP_KERNEL, 1), 0);
}

/* Once to see that it is idle, once to unmap it: if that is of use. */
static void pgem_shrinker_test_unmaps(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_WILLNEED);
	bool swap = get_nr_swap_pages() > 0;

	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1), 0);
	KUNIT_EXPECT_TRUE(test, test_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state));
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1),
			swap ? PGEM_SHRINKER_TEST_PAGES : 0);
	KUNIT_EXPECT_EQ(test, test_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state), !swap);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), PGEM_SHRINKER_TEST_PAGES << PAGE_SHIFT);
}

/*
 * The kernel asks for a batch after another until as many pages were looked at as it
 * wants. Told of fewer, it would ask until there is nothing left.
 */
static void pgem_shrinker_test_says_what_it_saw(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);
	struct pgem_bo *mapped = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_WILLNEED);
	bool swap = get_nr_swap_pages() > 0;
	unsigned long seen;

	/* An object comes whole. */
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_look(test, bo, GFP_KERNEL, 1, &seen),
			PGEM_SHRINKER_TEST_PAGES);
	KUNIT_EXPECT_EQ(test, seen, PGEM_SHRINKER_TEST_PAGES);
	/* So does a second chance. */
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_look(test, mapped, GFP_KERNEL, 1, &seen), 0);
	KUNIT_EXPECT_EQ(test, seen, swap ? PGEM_SHRINKER_TEST_PAGES : 1);
	/* Never less than was asked for, or the kernel would not come to an end. */
	pgem_test_bo_put(test, mapped);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_look(test, bo, GFP_KERNEL, 128, &seen), 0);
	KUNIT_EXPECT_EQ(test, seen, 128);
}

/* Neither asked for nor offered: what is pinned would be taken in vain. */
static void pgem_shrinker_test_pinned(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);

	bo->pins = 1;
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, GFP_KERNEL, 1), 0);
	bo->pins = 0;
	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_count(test, bo), PGEM_SHRINKER_TEST_PAGES);
}

/**
 * struct pgem_shrinker_test_gfp - what the caller of reclaim may not be asked to do
 */
struct pgem_shrinker_test_gfp {
	/** @desc: name of the case */
	const char *desc;

	/** @gfp: flags of the allocation that reclaim is for */
	gfp_t gfp;
};

static const struct pgem_shrinker_test_gfp pgem_shrinker_test_gfps[] = {
	{ .desc = "nofs", .gfp = GFP_NOFS },
	{ .desc = "noio", .gfp = GFP_NOIO },
	{ .desc = "fs-without-io", .gfp = GFP_KERNEL & ~__GFP_IO },
};

KUNIT_ARRAY_PARAM_DESC(pgem_shrinker_test_gfp, pgem_shrinker_test_gfps, desc);

/* Truncating may have to wait for what the caller of reclaim holds up. */
static void pgem_shrinker_test_stops(struct kunit *test)
{
	const struct pgem_shrinker_test_gfp *param = test->param_value;
	struct pgem_bo *bo = pgem_shrinker_test_bo(test, DRM_PGEM_MADV_DONTNEED);

	KUNIT_EXPECT_EQ(test, pgem_shrinker_test_scan(test, bo, param->gfp, 1), SHRINK_STOP);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_TRUE(test, test_bit(PGEM_RECLAIM_MAPPED, &bo->reclaim.state));
	KUNIT_EXPECT_FALSE(test, list_empty(&bo->reclaim.lru));
}

static struct kunit_case pgem_shrinker_test_cases[] = {
	KUNIT_CASE(pgem_shrinker_test_flags),
	KUNIT_CASE(pgem_shrinker_test_empty),
	KUNIT_CASE(pgem_shrinker_test_counts),
	KUNIT_CASE(pgem_shrinker_test_purges),
	KUNIT_CASE(pgem_shrinker_test_unmaps),
	KUNIT_CASE(pgem_shrinker_test_says_what_it_saw),
	KUNIT_CASE(pgem_shrinker_test_pinned),
	KUNIT_CASE_PARAM(pgem_shrinker_test_stops, pgem_shrinker_test_gfp_gen_params),
	{ }
};

static struct kunit_suite pgem_shrinker_test_suite = {
	.name = "pgem_shrinker",
	.init = pgem_test_device_init,
	.test_cases = pgem_shrinker_test_cases,
};

kunit_test_suite(pgem_shrinker_test_suite);
