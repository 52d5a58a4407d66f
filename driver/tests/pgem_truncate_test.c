// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of how an object is truncated
 *
 * That purging waits for nobody: not for a folio's lock, whoever has it, nor for the
 * inode's. And that what was purged is gone from all mappings, and stays gone.
 *
 * Lockdep does not see the lock of a folio. What purging does while such a lock is held,
 * it does in a thread of its own here: were it to wait, the test would see that.
 */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>

#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_purge.h"
#include "pgem_stats.h"
#include "pgem_test_device.h"
#include "pgem_test_mapping.h"
#include "pgem_test_thread.h"

/**
 * struct pgem_truncate_test_place - a page of an object, all of whose pages exist
 */
struct pgem_truncate_test_place {
	/** @desc: name of the case */
	const char *desc;

	/** @pages: pages of the object */
	unsigned long pages;

	/** @flags: flags that it is created with */
	u32 flags;

	/** @index: the page */
	pgoff_t index;
};

static const struct pgem_truncate_test_place pgem_truncate_test_places[] = {
	{ .desc = "only-page", .pages = 1, .index = 0 },
	{ .desc = "first-page", .pages = 8, .index = 0 },
	{ .desc = "middle-page", .pages = 8, .index = 4 },
	{ .desc = "last-page", .pages = 8, .index = 7 },
	/* More than are looked up at a time. */
	{ .desc = "last-of-many", .pages = 100, .index = 99 },
	{ .desc = "large-folio-first-page", .pages = SZ_4M >> PAGE_SHIFT, .index = 0,
	  .flags = DRM_PGEM_GEM_HUGE },
	{ .desc = "large-folio-last-page", .pages = SZ_4M >> PAGE_SHIFT,
	  .index = (SZ_4M >> PAGE_SHIFT) - 1, .flags = DRM_PGEM_GEM_HUGE },
};

KUNIT_ARRAY_PARAM_DESC(pgem_truncate_test_place, pgem_truncate_test_places, desc);

/* An object that nobody needs, with all of its pages. */
static struct pgem_bo *pgem_truncate_test_bo(struct kunit *test, unsigned long pages, u32 flags)
{
	struct pgem_bo *bo = pgem_bo_create(test->priv, (u64)pages << PAGE_SHIFT, flags);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bo);
	pgem_test_bo_adopt(test, bo);
	pgem_test_bo_touch(test, bo, pages);
	bo->advice = DRM_PGEM_MADV_DONTNEED;

	return bo;
}

/**
 * struct pgem_truncate_test_try - a purge by another thread
 */
struct pgem_truncate_test_try {
	/** @bo: object */
	struct pgem_bo *bo;

	/** @freed: what came of it */
	unsigned long freed;
};

/* As reclaim is called, so that lockdep sees what is waited for. */
static void pgem_truncate_test_purge(void *data)
{
	struct pgem_truncate_test_try *try = data;

	fs_reclaim_acquire(GFP_KERNEL);
	try->freed = pgem_purge_try(try->bo);
	fs_reclaim_release(GFP_KERNEL);
}

/* Expects that an object is as it was, but that does not have to be waited for. */
static void pgem_truncate_test_untouched(struct kunit *test, struct pgem_bo *bo)
{
	KUNIT_EXPECT_EQ(test, bo->advice, DRM_PGEM_MADV_DONTNEED);
	KUNIT_EXPECT_EQ(test, i_size_read(file_inode(bo->base.filp)), bo->base.size);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), bo->base.size);
}

static void pgem_truncate_test_gone(struct kunit *test, struct pgem_bo *bo)
{
	struct pgem_truncate_test_try try = { .bo = bo };

	pgem_truncate_test_purge(&try);
	KUNIT_EXPECT_EQ(test, try.freed, bo->base.size >> PAGE_SHIFT);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_EQ(test, i_size_read(file_inode(bo->base.filp)), 0);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
}

/* P28: who has it may be what has called reclaim, or wait for who has. */
static void pgem_truncate_test_folio_locked(struct kunit *test)
{
	const struct pgem_truncate_test_place *param = test->param_value;
	struct pgem_truncate_test_try try = { .freed = 77 };
	struct pgem_test_thread thread;
	struct folio *folio;
	struct page *page;

	try.bo = pgem_truncate_test_bo(test, param->pages, param->flags);
	page = shmem_read_mapping_page(try.bo->base.filp->f_mapping, param->index);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	folio = page_folio(page);
	KUNIT_EXPECT_EQ(test, folio_test_large(folio), !!param->flags);
	pgem_test_thread_create(test, &thread, pgem_truncate_test_purge, &try);
	folio_lock(folio);
	pgem_test_thread_start(&thread);
	KUNIT_EXPECT_TRUE(test, pgem_test_thread_ends(&thread, 20000));
	pgem_truncate_test_untouched(test, try.bo);
	KUNIT_EXPECT_TRUE(test, folio_test_locked(folio));
	folio_unlock(folio);
	pgem_test_thread_join(&thread);
	put_page(page);

	KUNIT_EXPECT_EQ(test, try.freed, 0);
	pgem_truncate_test_gone(test, try.bo);
}

/* Those that were looked at before are free again. */
static void pgem_truncate_test_leaves_no_lock(struct kunit *test)
{
	struct pgem_truncate_test_try try = { .freed = 77 };
	struct pgem_test_thread thread;
	struct folio *folios[8];
	unsigned long i;

	try.bo = pgem_truncate_test_bo(test, ARRAY_SIZE(folios), 0);
	for (i = 0; i < ARRAY_SIZE(folios); i++) {
		struct page *page = shmem_read_mapping_page(try.bo->base.filp->f_mapping, i);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
		folios[i] = page_folio(page);
	}
	pgem_test_thread_create(test, &thread, pgem_truncate_test_purge, &try);
	folio_lock(folios[5]);
	pgem_test_thread_start(&thread);
	KUNIT_EXPECT_TRUE(test, pgem_test_thread_ends(&thread, 20000));
	for (i = 0; i < ARRAY_SIZE(folios); i++)
		KUNIT_EXPECT_EQ(test, folio_test_locked(folios[i]), i == 5);
	folio_unlock(folios[5]);
	pgem_test_thread_join(&thread);
	for (i = 0; i < ARRAY_SIZE(folios); i++)
		folio_put(folios[i]);
	KUNIT_EXPECT_EQ(test, try.freed, 0);
	pgem_truncate_test_gone(test, try.bo);
}

/* Root can have it, who opens the file that /proc/PID/map_files leads to. */
static void pgem_truncate_test_inode_locked(struct kunit *test)
{
	struct pgem_truncate_test_try try = { .freed = 77 };
	struct pgem_test_thread thread;
	struct inode *inode;

	try.bo = pgem_truncate_test_bo(test, 8, 0);
	inode = file_inode(try.bo->base.filp);
	pgem_test_thread_create(test, &thread, pgem_truncate_test_purge, &try);
	inode_lock(inode);
	pgem_test_thread_start(&thread);
	KUNIT_EXPECT_TRUE(test, pgem_test_thread_ends(&thread, 20000));
	pgem_truncate_test_untouched(test, try.bo);
	inode_unlock(inode);
	pgem_test_thread_join(&thread);

	KUNIT_EXPECT_EQ(test, try.freed, 0);
	pgem_truncate_test_gone(test, try.bo);
	KUNIT_EXPECT_TRUE(test, inode_trylock(inode));
	inode_unlock(inode);
}

/* All of it, from every mapping, whoever else holds a page. */
static void pgem_truncate_test_unmaps(struct kunit *test)
{
	struct pgem_bo *bo = pgem_truncate_test_bo(test, PGEM_TEST_MAPPING_PAGES, 0);
	struct file *file = pgem_test_mapping_open(test, bo);
	unsigned long first = pgem_test_mapping_create(test, file, 0);
	unsigned long second = pgem_test_mapping_create(test, file, 2);
	struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, 3);
	u32 value;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(first, 3, &value), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(second, 1, &value), 0);
	KUNIT_EXPECT_EQ(test, folio_mapcount(page_folio(page)), 2);
	pgem_truncate_test_gone(test, bo);
	KUNIT_EXPECT_EQ(test, folio_mapcount(page_folio(page)), 0);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(first, 3, &value), -EFAULT);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(second, 5, &value), -EFAULT);
	put_page(page);
	pgem_test_mapping_remove(first, PGEM_TEST_MAPPING_PAGES);
	pgem_test_mapping_remove(second, PGEM_TEST_MAPPING_PAGES - 2);
}

/*
 * A fault that saw no page and no purge comes to this: it is by its size that the file
 * has no page for it, nor keeps one.
 */
static void pgem_truncate_test_file_is_empty(struct kunit *test)
{
	struct pgem_bo *bo = pgem_truncate_test_bo(test, 8, 0);
	unsigned long i;

	pgem_truncate_test_gone(test, bo);
	for (i = 0; i < 8; i++) {
		struct folio *folio = NULL;

		KUNIT_EXPECT_EQ(test, shmem_get_folio(file_inode(bo->base.filp), i, 0, &folio,
						      SGP_CACHE), -EINVAL);
		KUNIT_EXPECT_NULL(test, folio);
	}
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
}

/* As root can make it: there are no zeros in place of what is gone. */
static void pgem_truncate_test_made_longer(struct kunit *test)
{
	struct pgem_bo *bo = pgem_truncate_test_bo(test, PGEM_TEST_MAPPING_PAGES, 0);
	struct inode *inode = file_inode(bo->base.filp);
	unsigned long page, address;
	u32 value;

	address = pgem_test_mapping_create(test, pgem_test_mapping_open(test, bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 0, &value), 0);
	pgem_truncate_test_gone(test, bo);
	inode_lock(inode);
	i_size_write(inode, bo->base.size);
	inode_unlock(inode);
	for (page = 0; page < PGEM_TEST_MAPPING_PAGES; page++) {
		KUNIT_EXPECT_TRUE(test,
				  pgem_test_mapping_fault(bo, address + (page << PAGE_SHIFT)) ==
				  VM_FAULT_SIGBUS);
		KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, page, &value), -EFAULT);
	}
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
	pgem_test_mapping_remove(address, PGEM_TEST_MAPPING_PAGES);
}

static struct kunit_case pgem_truncate_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_truncate_test_folio_locked, pgem_truncate_test_place_gen_params),
	KUNIT_CASE(pgem_truncate_test_leaves_no_lock),
	KUNIT_CASE(pgem_truncate_test_inode_locked),
	KUNIT_CASE(pgem_truncate_test_unmaps),
	KUNIT_CASE(pgem_truncate_test_file_is_empty),
	KUNIT_CASE(pgem_truncate_test_made_longer),
	{ }
};

static struct kunit_suite pgem_truncate_test_suite = {
	.name = "pgem_truncate",
	.init = pgem_test_device_init,
	.test_cases = pgem_truncate_test_cases,
};

kunit_test_suite(pgem_truncate_test_suite);
