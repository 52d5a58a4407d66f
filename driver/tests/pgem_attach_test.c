// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of attachments
 *
 * Objects mapped for devices, by way of their dma-bufs: which pages a device gets, in
 * what pieces, and how long they stay.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_test_attach.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"

/* Pages in most objects here: 16, as an order so that they can be had in one piece. */
#define PGEM_ATTACH_TEST_ORDER	4
#define PGEM_ATTACH_TEST_PAGES	BIT(PGEM_ATTACH_TEST_ORDER)

static void pgem_attach_test_access(struct kunit *test, struct dma_buf *dmabuf)
{
	KUNIT_EXPECT_EQ(test, dma_buf_begin_cpu_access(dmabuf, DMA_BIDIRECTIONAL), 0);
	KUNIT_EXPECT_EQ(test, dma_buf_end_cpu_access(dmabuf, DMA_BIDIRECTIONAL), 0);
}

static void pgem_attach_test_attaching_is_free(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, SZ_1M);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);

	pgem_test_attach_any(test, "pgem-dma", dmabuf);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
}

/* Also those that were there before. */
static void pgem_attach_test_maps_own_pages(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_ATTACH_TEST_PAGES << PAGE_SHIFT);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_test_attach *at = pgem_test_attach_any(test, "pgem-dma", dmabuf);
	struct page *there = shmem_read_mapping_page(bo->base.filp->f_mapping, 5);
	struct sg_dma_page_iter iter;
	struct sg_table *sgt;
	unsigned int i = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, there);
	sgt = pgem_test_attach_map(test, at, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_PTR_EQ(test, bo->pages[5], there);
	put_page(there);

	for_each_sgtable_dma_page(sgt, &iter, 0) {
		struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, i++);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
		KUNIT_EXPECT_EQ(test, sg_page_iter_dma_address(&iter), page_to_phys(page));
		put_page(page);
	}
	KUNIT_EXPECT_EQ(test, i, PGEM_ATTACH_TEST_PAGES);

	pgem_test_attach_unmap(at, sgt, DMA_BIDIRECTIONAL);
}

static void pgem_attach_test_pages_stay_while_mapped(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_ATTACH_TEST_PAGES << PAGE_SHIFT);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_test_attach *at = pgem_test_attach_any(test, "pgem-dma", dmabuf);
	struct sg_table *sgt = pgem_test_attach_map(test, at, DMA_TO_DEVICE);

	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), bo->base.size);
	KUNIT_EXPECT_EQ(test, bo->pins, 1);
	KUNIT_EXPECT_TRUE(test, mapping_unevictable(bo->base.filp->f_mapping));

	pgem_test_attach_unmap(at, sgt, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
	KUNIT_EXPECT_NULL(test, bo->pages);
	KUNIT_EXPECT_TRUE(test, list_empty(&bo->maps));
	KUNIT_EXPECT_FALSE(test, mapping_unevictable(bo->base.filp->f_mapping));
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), bo->base.size);
}

/**
 * struct pgem_attach_test_limit - what a device takes in one piece
 */
struct pgem_attach_test_limit {
	/** @desc: name of the case */
	const char *desc;

	/** @segment: bytes at most, as the device says */
	unsigned int segment;

	/** @pieces: segments that 16 pages in one piece become */
	unsigned int pieces;
};

static const struct pgem_attach_test_limit pgem_attach_test_limits[] = {
	{ .desc = "page", .segment = PAGE_SIZE, .pieces = 16 },
	{ .desc = "page-and-one", .segment = PAGE_SIZE + 1, .pieces = 16 },
	{ .desc = "two-pages-less-one", .segment = 2 * PAGE_SIZE - 1, .pieces = 16 },
	{ .desc = "three-pages", .segment = 3 * PAGE_SIZE, .pieces = 6 },
	{ .desc = "all", .segment = 16 * PAGE_SIZE, .pieces = 1 },
	{ .desc = "largest-number", .segment = UINT_MAX, .pieces = 1 },
};

KUNIT_ARRAY_PARAM_DESC(pgem_attach_test_limit, pgem_attach_test_limits, desc);

static void pgem_attach_test_segments(struct kunit *test)
{
	const struct pgem_attach_test_limit *param = test->param_value;
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_ATTACH_TEST_PAGES << PAGE_SHIFT);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_test_attach *at = pgem_test_attach_create(test, "pgem-dma", dmabuf,
							      DMA_BIT_MASK(64), param->segment);
	struct page *piece = pgem_test_attach_give_pages(test, bo, PGEM_ATTACH_TEST_ORDER);
	struct sg_table *sgt = pgem_test_attach_map(test, at, DMA_TO_DEVICE);
	struct scatterlist *sg;
	u64 sum = 0;
	int i;

	KUNIT_EXPECT_EQ(test, sgt->nents, param->pieces);
	for_each_sgtable_dma_sg(sgt, sg, i) {
		KUNIT_EXPECT_LE(test, sg_dma_len(sg), param->segment);
		KUNIT_EXPECT_EQ(test, sg_dma_address(sg), page_to_phys(piece) + sum);
		sum += sg_dma_len(sg);
	}
	KUNIT_EXPECT_EQ(test, sum, bo->base.size);

	pgem_test_attach_unmap(at, sgt, DMA_TO_DEVICE);
	pgem_test_attach_take_pages(bo, PGEM_ATTACH_TEST_ORDER);
}

/* Of two devices, in all directions; each is synchronised in its own. */
static void pgem_attach_test_several_at_once(struct kunit *test)
{
	static const enum dma_data_direction dirs[] = {
		DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL,
	};
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_ATTACH_TEST_PAGES << PAGE_SHIFT);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_test_attach *at[] = {
		pgem_test_attach_any(test, "pgem-dma-0", dmabuf),
		pgem_test_attach_any(test, "pgem-dma-1", dmabuf),
	};
	struct sg_table *sgt[ARRAY_SIZE(dirs)];
	int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		sgt[i] = pgem_test_attach_map(test, at[i % 2], dirs[i]);
		KUNIT_EXPECT_EQ(test, bo->pins, i + 1);
		KUNIT_EXPECT_EQ(test, list_count_nodes(&bo->maps), i + 1);
		pgem_attach_test_access(test, dmabuf);
	}
	/* Not in the order that they came in. */
	for (i = ARRAY_SIZE(dirs) - 1; i >= 0; i--) {
		int victim = (i + 1) % ARRAY_SIZE(dirs);

		pgem_test_attach_unmap(at[victim % 2], sgt[victim], dirs[victim]);
		KUNIT_EXPECT_EQ(test, bo->pins, i);
		KUNIT_EXPECT_EQ(test, list_count_nodes(&bo->maps), i);
		pgem_attach_test_access(test, dmabuf);
	}
}

/* Nobody to be synchronised with: nothing is done, and no page comes in for it. */
static void pgem_attach_test_access_is_free(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, SZ_1M);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);

	pgem_attach_test_access(test, dmabuf);
	pgem_test_attach_any(test, "pgem-dma", dmabuf);
	pgem_attach_test_access(test, dmabuf);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
}

static void pgem_attach_test_refused(struct kunit *test, struct pgem_bo *bo,
				     struct pgem_test_attach *at, int error)
{
	struct sg_table *sgt = dma_buf_map_attachment_unlocked(at->attach, DMA_TO_DEVICE);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(sgt), error);
	if (!IS_ERR(sgt))
		pgem_test_attach_unmap(at, sgt, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bo->maps));
}

static void pgem_attach_test_unplugged_refused(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_test_attach *at = pgem_test_attach_any(test, "pgem-dma", dmabuf);

	pgem_test_device_unplug(test);
	pgem_attach_test_refused(test, bo, at, -ENODEV);
}

/* More pages than an array can name: said so, and not tried, which would warn. */
static void pgem_attach_test_too_large_refused(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_test_attach *at = pgem_test_attach_any(test, "pgem-dma", dmabuf);

	bo->base.size = (u64)(INT_MAX / sizeof(void *) + 1) << PAGE_SHIFT;
	pgem_attach_test_refused(test, bo, at, -ENOMEM);
	bo->base.size = PAGE_SIZE;
}

static struct kunit_case pgem_attach_test_cases[] = {
	KUNIT_CASE(pgem_attach_test_attaching_is_free),
	KUNIT_CASE(pgem_attach_test_maps_own_pages),
	KUNIT_CASE(pgem_attach_test_pages_stay_while_mapped),
	KUNIT_CASE_PARAM(pgem_attach_test_segments, pgem_attach_test_limit_gen_params),
	KUNIT_CASE(pgem_attach_test_several_at_once),
	KUNIT_CASE(pgem_attach_test_access_is_free),
	KUNIT_CASE(pgem_attach_test_unplugged_refused),
	KUNIT_CASE(pgem_attach_test_too_large_refused),
	{ }
};

static struct kunit_suite pgem_attach_test_suite = {
	.name = "pgem_attach",
	.init = pgem_test_device_init,
	.test_cases = pgem_attach_test_cases,
};

kunit_test_suite(pgem_attach_test_suite);
