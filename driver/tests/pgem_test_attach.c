// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Test attachments
 *
 * Devices that import dma-bufs. They are KUnit's, with limits to a test's liking, and
 * do no DMA: a test stands in for them, as their DMA addresses are physical ones,
 * which the kernel can follow.
 */

#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/gfp.h>
#include <linux/limits.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_test_attach.h"

static void pgem_test_attach_release(void *data)
{
	struct pgem_test_attach *at = data;

	dma_buf_detach(at->dmabuf, at->attach);
}

/**
 * pgem_test_attach_create() - make a device and attach it to a dma-buf
 * @test: test; ends here if that fails
 * @name: name of the device, of no other of the test
 * @dmabuf: dma-buf
 * @mask: addresses that the device reaches
 * @segment: bytes that it takes in one piece
 *
 * Return: an attachment, which lasts as long as the test.
 */
struct pgem_test_attach *pgem_test_attach_create(struct kunit *test, const char *name,
						 struct dma_buf *dmabuf, u64 mask,
						 unsigned int segment)
{
	struct pgem_test_attach *at;

	at = kunit_kzalloc(test, sizeof(*at), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, at);

	at->dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, at->dev);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(at->dev, mask));
	at->dev->dma_parms = &at->parms;
	dma_set_max_seg_size(at->dev, segment);

	at->dmabuf = dmabuf;
	at->attach = dma_buf_attach(dmabuf, at->dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, at->attach);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_test_attach_release, at));

	return at;
}

/**
 * pgem_test_attach_any() - make a device without limits and attach it to a dma-buf
 * @test: test; ends here if that fails
 * @name: name of the device, of no other of the test
 * @dmabuf: dma-buf
 *
 * Return: as pgem_test_attach_create().
 */
struct pgem_test_attach *pgem_test_attach_any(struct kunit *test, const char *name,
					      struct dma_buf *dmabuf)
{
	return pgem_test_attach_create(test, name, dmabuf, DMA_BIT_MASK(64), UINT_MAX);
}

/**
 * pgem_test_attach_map() - map a dma-buf for a device
 * @test: test; ends here if that fails
 * @at: attachment
 * @dir: direction
 *
 * Return: DMA addresses; the test unmaps them.
 */
struct sg_table *pgem_test_attach_map(struct kunit *test, struct pgem_test_attach *at,
				      enum dma_data_direction dir)
{
	struct sg_table *sgt = dma_buf_map_attachment_unlocked(at->attach, dir);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sgt);

	return sgt;
}

/**
 * pgem_test_attach_unmap() - undo pgem_test_attach_map()
 * @at: attachment
 * @sgt: what that returned
 * @dir: direction
 */
void pgem_test_attach_unmap(struct pgem_test_attach *at, struct sg_table *sgt,
			    enum dma_data_direction dir)
{
	dma_buf_unmap_attachment_unlocked(at->attach, sgt, dir);
}

/**
 * pgem_test_attach_give_pages() - give an object pages that lie in one piece
 * @test: test; ends here without memory
 * @bo: object without pins, of as many pages
 * @order: logarithm of their number
 *
 * Which chance seldom does. They count as pinned, and are not those of the file.
 *
 * Return: the first page.
 */
struct page *pgem_test_attach_give_pages(struct kunit *test, struct pgem_bo *bo,
					 unsigned int order)
{
	struct page **pages, *piece;
	unsigned long i;

	pages = kunit_kmalloc_array(test, BIT(order), sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	piece = alloc_pages(GFP_KERNEL, order);
	KUNIT_ASSERT_NOT_NULL(test, piece);
	for (i = 0; i < BIT(order); i++)
		pages[i] = piece + i;

	dma_resv_lock(bo->base.resv, NULL);
	bo->pages = pages;
	bo->pins = 1;
	dma_resv_unlock(bo->base.resv);

	return piece;
}

/**
 * pgem_test_attach_take_pages() - undo pgem_test_attach_give_pages()
 * @bo: object
 * @order: logarithm of the number of pages
 */
void pgem_test_attach_take_pages(struct pgem_bo *bo, unsigned int order)
{
	struct page *piece = bo->pages[0];

	dma_resv_lock(bo->base.resv, NULL);
	bo->pages = NULL;
	bo->pins = 0;
	dma_resv_unlock(bo->base.resv);
	__free_pages(piece, order);
}
