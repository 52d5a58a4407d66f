/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_TEST_FENCE_H_
#define _PGEM_TEST_FENCE_H_

#include <linux/dma-resv.h>
#include <linux/types.h>

struct dma_fence;
struct drm_file;
struct kunit;
struct pgem_bo;

/**
 * struct pgem_test_fence_client - a file with a handle to an object
 */
struct pgem_test_fence_client {
	/** @bo: object */
	struct pgem_bo *bo;

	/** @file: file */
	struct drm_file *file;

	/** @handle: handle of @file to @bo */
	u32 handle;
};

struct pgem_test_fence_client pgem_test_fence_client(struct kunit *test, struct pgem_bo *bo);

int pgem_test_fence_attach(struct pgem_test_fence_client *client, u32 flags, u32 *fence);
int pgem_test_fence_signal(struct pgem_test_fence_client *client, u32 fence);

unsigned int pgem_test_fence_count(struct pgem_bo *bo);
struct dma_fence *pgem_test_fence_get(struct kunit *test, struct pgem_bo *bo);
struct dma_fence *pgem_test_fence_foreign(struct kunit *test, struct pgem_bo *bo,
					  enum dma_resv_usage usage);

#endif /* _PGEM_TEST_FENCE_H_ */
