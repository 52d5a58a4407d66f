// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of CPU access to what a device has mapped
 *
 * A device that does not reach all of memory works on a copy, in a bounce buffer. The
 * test plays that device: it reads and writes the copy. What the CPU writes has to be
 * there, and what the device writes has to be in the object, when CPU access has been
 * bracketed as DMA_BUF_IOCTL_SYNC does it. DRM's own dma-bufs do not do that.
 */

#include <kunit/test.h>
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "pgem_bo.h"
#include "pgem_test_attach.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_fence.h"

/* Pages in a large object, as an order so that they can be had in one piece. */
#define PGEM_BOUNCE_TEST_ORDER	8

/**
 * struct pgem_bounce_test - a page of an object, and a device's copy of it
 */
struct pgem_bounce_test {
	/** @page: the page */
	struct page *page;

	/** @dmabuf: dma-buf of the object */
	struct dma_buf *dmabuf;

	/** @at: device, attached */
	struct pgem_test_attach *at;

	/** @sgt: DMA addresses, while the page is mapped */
	struct sg_table *sgt;

	/** @copy: what the device sees, while the page is mapped */
	u32 *copy;
};

static void pgem_bounce_test_write(struct page *page, u32 value)
{
	memcpy_to_page(page, 0, (char *)&value, sizeof(value));
}

static u32 pgem_bounce_test_read(struct page *page)
{
	u32 value;

	memcpy_from_page((char *)&value, page, 0, sizeof(value));

	return value;
}

/* An object of one page, above what the device reaches: memory there is taken first. */
static void pgem_bounce_test_open(struct kunit *test, struct pgem_bounce_test *bt)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);

	bt->dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	bt->at = pgem_test_attach_create(test, "pgem-dma", bt->dmabuf, DMA_BIT_MASK(32), UINT_MAX);

	bt->page = shmem_read_mapping_page(bo->base.filp->f_mapping, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bt->page);
	/* The object keeps it. */
	put_page(bt->page);
	if (page_to_phys(bt->page) < SZ_4G)
		kunit_skip(test, "no memory above 4 GiB, where a device needs a copy");
}

static void pgem_bounce_test_map(struct kunit *test, struct pgem_bounce_test *bt,
				 enum dma_data_direction dir)
{
	bt->sgt = pgem_test_attach_map(test, bt->at, dir);
	KUNIT_ASSERT_EQ(test, bt->sgt->nents, 1);
	KUNIT_ASSERT_LT(test, sg_dma_address(bt->sgt->sgl), SZ_4G);
	bt->copy = phys_to_virt(sg_dma_address(bt->sgt->sgl));
}

static void pgem_bounce_test_to_device(struct kunit *test)
{
	struct pgem_bounce_test bt;

	pgem_bounce_test_open(test, &bt);
	pgem_bounce_test_write(bt.page, 1);
	pgem_bounce_test_map(test, &bt, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, *bt.copy, 1);

	KUNIT_EXPECT_EQ(test, dma_buf_begin_cpu_access(bt.dmabuf, DMA_TO_DEVICE), 0);
	pgem_bounce_test_write(bt.page, 2);
	/* Not yet: or there would be no copy, and the test would show nothing. */
	KUNIT_EXPECT_EQ(test, *bt.copy, 1);
	KUNIT_EXPECT_EQ(test, dma_buf_end_cpu_access(bt.dmabuf, DMA_TO_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, *bt.copy, 2);

	pgem_test_attach_unmap(bt.at, bt.sgt, DMA_TO_DEVICE);
}

static void pgem_bounce_test_from_device(struct kunit *test)
{
	struct pgem_bounce_test bt;

	pgem_bounce_test_open(test, &bt);
	pgem_bounce_test_write(bt.page, 1);
	pgem_bounce_test_map(test, &bt, DMA_FROM_DEVICE);

	*bt.copy = 2;
	KUNIT_EXPECT_EQ(test, pgem_bounce_test_read(bt.page), 1);
	KUNIT_EXPECT_EQ(test, dma_buf_begin_cpu_access(bt.dmabuf, DMA_FROM_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, pgem_bounce_test_read(bt.page), 2);
	KUNIT_EXPECT_EQ(test, dma_buf_end_cpu_access(bt.dmabuf, DMA_FROM_DEVICE), 0);

	/* Without any access: what it wrote last comes with the end of the mapping. */
	*bt.copy = 3;
	pgem_test_attach_unmap(bt.at, bt.sgt, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, pgem_bounce_test_read(bt.page), 3);
}

/* What the CPU says it does is less than what the mapping is for. */
static void pgem_bounce_test_both_directions(struct kunit *test)
{
	struct pgem_bounce_test bt;

	pgem_bounce_test_open(test, &bt);
	pgem_bounce_test_map(test, &bt, DMA_BIDIRECTIONAL);

	*bt.copy = 1;
	KUNIT_EXPECT_EQ(test, dma_buf_begin_cpu_access(bt.dmabuf, DMA_FROM_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, pgem_bounce_test_read(bt.page), 1);
	KUNIT_EXPECT_EQ(test, dma_buf_end_cpu_access(bt.dmabuf, DMA_FROM_DEVICE), 0);

	KUNIT_EXPECT_EQ(test, dma_buf_begin_cpu_access(bt.dmabuf, DMA_TO_DEVICE), 0);
	pgem_bounce_test_write(bt.page, 2);
	KUNIT_EXPECT_EQ(test, dma_buf_end_cpu_access(bt.dmabuf, DMA_TO_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, *bt.copy, 2);

	pgem_test_attach_unmap(bt.at, bt.sgt, DMA_BIDIRECTIONAL);
}

/**
 * struct pgem_bounce_test_device - a device that writes to its copy after a while
 */
struct pgem_bounce_test_device {
	/** @work: does it */
	struct delayed_work work;

	/** @copy: the copy */
	u32 *copy;

	/** @fence: fence of the device, signalled when it has written */
	struct dma_fence *fence;
};

static void pgem_bounce_test_device_work(struct work_struct *work)
{
	struct pgem_bounce_test_device *device =
		container_of(to_delayed_work(work), struct pgem_bounce_test_device, work);

	*device->copy = 2;
	dma_fence_signal(device->fence);
}

/* What the device has still to write when access begins is there when it has begun. */
static void pgem_bounce_test_busy_device(struct kunit *test)
{
	struct pgem_bounce_test_device device;
	struct pgem_bounce_test bt;

	pgem_bounce_test_open(test, &bt);
	pgem_bounce_test_write(bt.page, 1);
	pgem_bounce_test_map(test, &bt, DMA_FROM_DEVICE);

	device.copy = bt.copy;
	device.fence = pgem_test_fence_foreign(test, to_pgem_bo(bt.dmabuf->priv),
					       DMA_RESV_USAGE_WRITE);
	INIT_DELAYED_WORK_ONSTACK(&device.work, pgem_bounce_test_device_work);
	schedule_delayed_work(&device.work, msecs_to_jiffies(100));

	KUNIT_EXPECT_EQ(test, dma_buf_begin_cpu_access(bt.dmabuf, DMA_FROM_DEVICE), 0);
	KUNIT_EXPECT_TRUE(test, dma_fence_is_signaled(device.fence));
	KUNIT_EXPECT_EQ(test, pgem_bounce_test_read(bt.page), 2);
	KUNIT_EXPECT_EQ(test, dma_buf_end_cpu_access(bt.dmabuf, DMA_FROM_DEVICE), 0);

	flush_delayed_work(&device.work);
	destroy_delayed_work_on_stack(&device.work);
	pgem_test_attach_unmap(bt.at, bt.sgt, DMA_FROM_DEVICE);
}

/* A copy is shorter than what memory has in one piece and a device takes in one. */
static void pgem_bounce_test_large(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE << PGEM_BOUNCE_TEST_ORDER);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_test_attach *at = pgem_test_attach_create(test, "pgem-dma", dmabuf,
							      DMA_BIT_MASK(32), UINT_MAX);
	struct page *piece = pgem_test_attach_give_pages(test, bo, PGEM_BOUNCE_TEST_ORDER);
	struct scatterlist *sg;
	struct sg_table *sgt;
	int i;

	if (page_to_phys(piece) < SZ_4G) {
		pgem_test_attach_take_pages(bo, PGEM_BOUNCE_TEST_ORDER);
		kunit_skip(test, "no memory above 4 GiB, where a device needs a copy");
	}
	KUNIT_EXPECT_GT(test, bo->base.size, dma_max_mapping_size(at->dev));

	sgt = dma_buf_map_attachment_unlocked(at->attach, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_FALSE(test, IS_ERR(sgt));
	if (!IS_ERR(sgt)) {
		for_each_sgtable_dma_sg(sgt, sg, i)
			KUNIT_EXPECT_LE(test, sg_dma_len(sg), dma_max_mapping_size(at->dev));
		pgem_test_attach_unmap(at, sgt, DMA_BIDIRECTIONAL);
	}
	pgem_test_attach_take_pages(bo, PGEM_BOUNCE_TEST_ORDER);
}

static struct kunit_case pgem_bounce_test_cases[] = {
	KUNIT_CASE(pgem_bounce_test_to_device),
	KUNIT_CASE(pgem_bounce_test_from_device),
	KUNIT_CASE(pgem_bounce_test_both_directions),
	KUNIT_CASE(pgem_bounce_test_busy_device),
	KUNIT_CASE(pgem_bounce_test_large),
	{ }
};

static struct kunit_suite pgem_bounce_test_suite = {
	.name = "pgem_bounce",
	.init = pgem_test_device_init,
	.test_cases = pgem_bounce_test_cases,
};

kunit_test_suite(pgem_bounce_test_suite);
