// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of objects
 *
 * Which sizes an object can have, what there is of a new one, and that it leaves
 * nothing behind. What an allocation that fails does to it is seen by the tests
 * that inject such failures, not here.
 */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>

#include <drm/drm_gem.h>
#include <drm/drm_mm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"

/**
 * struct pgem_bo_test_size - a size that is asked for, and what becomes of it
 */
struct pgem_bo_test_size {
	/** @desc: name of the case */
	const char *desc;

	/** @to_limit: @size and @given are counted from the largest that is allowed */
	bool to_limit;

	/** @size: bytes asked for */
	u64 size;

	/** @given: bytes that the object has */
	u64 given;

	/** @error: what is said instead of giving an object, or 0 */
	int error;
};

static const struct pgem_bo_test_size pgem_bo_test_sizes[] = {
	{ .desc = "zero", .size = 0, .error = -EINVAL },
	{ .desc = "one-byte", .size = 1, .given = PAGE_SIZE },
	{ .desc = "page-less-one", .size = PAGE_SIZE - 1, .given = PAGE_SIZE },
	{ .desc = "page", .size = PAGE_SIZE, .given = PAGE_SIZE },
	{ .desc = "page-and-one", .size = PAGE_SIZE + 1, .given = 2 * PAGE_SIZE },
	{ .desc = "limit-less-one", .to_limit = true, .size = -1, .given = 0 },
	{ .desc = "limit", .to_limit = true, .size = 0, .given = 0 },
	{ .desc = "limit-and-one", .to_limit = true, .size = 1, .error = -E2BIG },
	{ .desc = "limit-and-page", .to_limit = true, .size = PAGE_SIZE, .error = -E2BIG },
	/* These two are 0 once they are rounded up to pages, or cut to 32 bits. */
	{ .desc = "largest-number", .size = U64_MAX, .error = -E2BIG },
	{ .desc = "upper-half", .size = U64_MAX << 32, .error = -E2BIG },
};

KUNIT_ARRAY_PARAM_DESC(pgem_bo_test_size, pgem_bo_test_sizes, desc);

static void pgem_bo_test_refused(struct kunit *test, u64 size, int error)
{
	struct pgem_bo *bo = pgem_bo_create(test->priv, size, 0);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(bo), error);
	if (!IS_ERR(bo))
		drm_gem_object_put(&bo->base);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
}

static void pgem_bo_test_size(struct kunit *test)
{
	const struct pgem_bo_test_size *param = test->param_value;
	u64 base = param->to_limit ? pgem_device_max_bo_size() : 0;
	struct pgem_bo *bo;

	if (param->error) {
		pgem_bo_test_refused(test, base + param->size, param->error);
		return;
	}

	bo = pgem_test_bo_create(test, base + param->size);
	KUNIT_EXPECT_EQ(test, bo->base.size, base + param->given);
	KUNIT_EXPECT_EQ(test, i_size_read(file_inode(bo->base.filp)), bo->base.size);
}

static void pgem_bo_test_starts_empty(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, SZ_1M);

	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
}

static void pgem_bo_test_page_is_resident(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, 8 * PAGE_SIZE);
	struct page *page;

	page = shmem_read_mapping_page(bo->base.filp->f_mapping, 5);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	put_page(page);

	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), PAGE_SIZE);
}

/* Movable memory may be taken offline, which pages that a device has mapped would stop. */
static void pgem_bo_test_memory_stays(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	gfp_t gfp = mapping_gfp_mask(bo->base.filp->f_mapping);

	KUNIT_EXPECT_FALSE(test, gfp & __GFP_MOVABLE);
	KUNIT_EXPECT_TRUE(test, gfp == GFP_HIGHUSER);
}

/* Most are never mapped. */
static void pgem_bo_test_has_no_offset(struct kunit *test)
{
	struct pgem_bo *bo;

	pgem_test_device_leave_offsets(test, 1);
	bo = pgem_test_bo_create(test, 2 * PAGE_SIZE);

	KUNIT_EXPECT_FALSE(test, drm_mm_node_allocated(&bo->base.vma_node.vm_node));
}

/* A dma-buf has its own way to be mapped, also where all offsets are taken. */
static void pgem_bo_test_export_without_offset(struct kunit *test)
{
	struct pgem_bo *bo;

	pgem_test_device_leave_offsets(test, 2);
	bo = pgem_test_bo_create(test, 3 * PAGE_SIZE);

	pgem_test_dmabuf_export(test, bo, O_RDWR);
	KUNIT_EXPECT_FALSE(test, drm_mm_node_allocated(&bo->base.vma_node.vm_node));
}

static void pgem_bo_test_knows_its_maker(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, bo->pid, task_tgid_nr(current));
	KUNIT_EXPECT_STREQ(test, bo->comm, current->comm);
}

static void pgem_bo_test_one_reference(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), 1);
}

static void pgem_bo_test_list(struct kunit *test)
{
	struct pgem_bo *first, *second;

	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
	first = pgem_test_bo_create(test, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 1);
	second = pgem_test_bo_create(test, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 2);

	pgem_test_bo_put(test, first);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 1);
	pgem_test_bo_put(test, second);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
}

static void pgem_bo_test_list_is_oldest_first(struct kunit *test)
{
	struct pgem_device *pdev = test->priv;
	struct pgem_bo *first, *second;
	struct list_head *head, *tail;

	first = pgem_test_bo_create(test, PAGE_SIZE);
	second = pgem_test_bo_create(test, PAGE_SIZE);

	/* Compared later: a test that fails allocates, which the lock forbids. */
	mutex_lock(&pdev->bos.lock);
	head = pdev->bos.list.next;
	tail = pdev->bos.list.prev;
	mutex_unlock(&pdev->bos.lock);

	KUNIT_EXPECT_PTR_EQ(test, head, &first->link);
	KUNIT_EXPECT_PTR_EQ(test, tail, &second->link);
}

static void pgem_bo_test_ids_never_repeat(struct kunit *test)
{
	u64 last = 0;
	int i;

	for (i = 0; i < 8; i++) {
		struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);

		KUNIT_EXPECT_GT(test, bo->id, last);
		last = bo->id;
		/* Every other one goes at once: a freed number stays taken. */
		if (i % 2)
			pgem_test_bo_put(test, bo);
	}
}

static struct kunit_case pgem_bo_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_bo_test_size, pgem_bo_test_size_gen_params),
	KUNIT_CASE(pgem_bo_test_starts_empty),
	KUNIT_CASE(pgem_bo_test_page_is_resident),
	KUNIT_CASE(pgem_bo_test_memory_stays),
	KUNIT_CASE(pgem_bo_test_has_no_offset),
	KUNIT_CASE(pgem_bo_test_export_without_offset),
	KUNIT_CASE(pgem_bo_test_knows_its_maker),
	KUNIT_CASE(pgem_bo_test_one_reference),
	KUNIT_CASE(pgem_bo_test_list),
	KUNIT_CASE(pgem_bo_test_list_is_oldest_first),
	KUNIT_CASE(pgem_bo_test_ids_never_repeat),
	{ }
};

static struct kunit_suite pgem_bo_test_suite = {
	.name = "pgem_bo",
	.init = pgem_test_device_init,
	.test_cases = pgem_bo_test_cases,
};

kunit_test_suite(pgem_bo_test_suite);
