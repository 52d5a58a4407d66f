/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_TEST_ATTACH_H_
#define _PGEM_TEST_ATTACH_H_

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/types.h>

struct dma_buf;
struct dma_buf_attachment;
struct kunit;
struct page;
struct pgem_bo;
struct sg_table;

/**
 * struct pgem_test_attach - a device that is attached to a dma-buf
 */
struct pgem_test_attach {
	/** @parms: limits of the device */
	struct device_dma_parameters parms;

	/** @dev: device */
	struct device *dev;

	/** @dmabuf: dma-buf */
	struct dma_buf *dmabuf;

	/** @attach: its attachment */
	struct dma_buf_attachment *attach;
};

struct pgem_test_attach *pgem_test_attach_create(struct kunit *test, const char *name,
						 struct dma_buf *dmabuf, u64 mask,
						 unsigned int segment);
struct pgem_test_attach *pgem_test_attach_any(struct kunit *test, const char *name,
					      struct dma_buf *dmabuf);
struct sg_table *pgem_test_attach_map(struct kunit *test, struct pgem_test_attach *at,
				      enum dma_data_direction dir);
void pgem_test_attach_unmap(struct pgem_test_attach *at, struct sg_table *sgt,
			    enum dma_data_direction dir);

struct page *pgem_test_attach_give_pages(struct kunit *test, struct pgem_bo *bo,
					 unsigned int order);
void pgem_test_attach_take_pages(struct pgem_bo *bo, unsigned int order);

#endif /* _PGEM_TEST_ATTACH_H_ */
