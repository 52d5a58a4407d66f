/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_TEST_DMABUF_H_
#define _PGEM_TEST_DMABUF_H_

#include <linux/dma-buf.h>
#include <linux/types.h>

struct kunit;
struct pgem_bo;
struct vm_operations_struct;

/**
 * struct pgem_test_exporter - a driver that does as it is told, and its one dma-buf
 */
struct pgem_test_exporter {
	/** @ops: operations of @dmabuf; a test may take some away */
	struct dma_buf_ops ops;

	/** @dmabuf: dma-buf */
	struct dma_buf *dmabuf;

	/** @attach_error: what it says to an attachment, or 0 */
	int attach_error;

	/** @mmap_error: what it says to a mapping, or 0 */
	int mmap_error;

	/** @attached: attachments there are */
	int attached;

	/** @mmaps: mappings asked for */
	int mmaps;

	/** @mmap_first: page that the last of them started with */
	unsigned long mmap_first;

	/** @mmap_data: &vm_area_struct.vm_private_data that it came with */
	void *mmap_data;

	/** @mmap_ops: &vm_area_struct.vm_ops that it came with */
	const struct vm_operations_struct *mmap_ops;

	/** @vmaps: mappings for the kernel there are, at most one at a time */
	int vmaps;
};

struct pgem_test_exporter *pgem_test_exporter_create(struct kunit *test, size_t size);

struct dma_buf *pgem_test_dmabuf_export(struct kunit *test, struct pgem_bo *bo, int flags);
void pgem_test_dmabuf_put(struct kunit *test, struct dma_buf *dmabuf);
struct pgem_bo *pgem_test_dmabuf_import(struct kunit *test, struct dma_buf *dmabuf);

#endif /* _PGEM_TEST_DMABUF_H_ */
