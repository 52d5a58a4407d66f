// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Test fences
 *
 * A client that attaches and signals fences by the handlers of the ioctls, a look at
 * what is in an object's reservation, and a fence of another driver.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_fence.h"
#include "pgem_test_fence.h"
#include "pgem_test_file.h"

/**
 * pgem_test_fence_client() - make a client of an object
 * @test: test; ends here if that fails
 * @bo: object
 *
 * Return: a client, which lasts as long as the test.
 */
struct pgem_test_fence_client pgem_test_fence_client(struct kunit *test, struct pgem_bo *bo)
{
	struct pgem_test_fence_client client = { .bo = bo };

	client.file = pgem_test_file_open(test, 1);
	client.handle = pgem_test_file_handle(test, client.file, bo);

	return client;
}

/**
 * pgem_test_fence_attach() - attach a fence
 * @client: client
 * @flags: flags of FENCE_ATTACH
 * @fence: set to the fence's number
 *
 * Return: what the handler says.
 */
int pgem_test_fence_attach(struct pgem_test_fence_client *client, u32 flags, u32 *fence)
{
	struct drm_pgem_fence_attach args = { .handle = client->handle, .flags = flags };
	int ret;

	ret = pgem_ioctl_fence_attach(client->bo->base.dev, &args, client->file);
	*fence = args.out_fence;

	return ret;
}

/**
 * pgem_test_fence_signal() - signal a fence
 * @client: client
 * @fence: the fence's number
 *
 * Return: what the handler says.
 */
int pgem_test_fence_signal(struct pgem_test_fence_client *client, u32 fence)
{
	struct drm_pgem_fence_signal args = { .fence = fence };

	return pgem_ioctl_fence_signal(client->bo->base.dev, &args, client->file);
}

/**
 * pgem_test_fence_count() - count the fences in an object's reservation
 * @bo: object
 *
 * Return: how many there are, also those that are signalled.
 */
unsigned int pgem_test_fence_count(struct pgem_bo *bo)
{
	struct dma_resv_iter cursor;
	struct dma_fence *fence;
	unsigned int count = 0;

	dma_resv_lock(bo->base.resv, NULL);
	dma_resv_for_each_fence(&cursor, bo->base.resv, DMA_RESV_USAGE_BOOKKEEP, fence)
		count++;
	dma_resv_unlock(bo->base.resv);

	return count;
}

static void pgem_test_fence_put(void *data)
{
	struct dma_fence *fence = data;

	dma_fence_put(fence);
	/* Freed now, so that who frees it badly is found out in this test. */
	kvfree_rcu_barrier();
}

/**
 * pgem_test_fence_get() - get hold of the one fence in an object's reservation
 * @test: test; ends here if there is none, or more than one
 * @bo: object
 *
 * Return: the fence; the reference is KUnit's.
 */
struct dma_fence *pgem_test_fence_get(struct kunit *test, struct pgem_bo *bo)
{
	struct dma_fence **fences, *fence;
	unsigned int count;

	KUNIT_ASSERT_EQ(test, 0, dma_resv_get_fences(bo->base.resv, DMA_RESV_USAGE_BOOKKEEP,
						     &count, &fences));
	KUNIT_ASSERT_EQ(test, count, 1);
	fence = fences[0];
	kfree(fences);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_test_fence_put, fence));

	return fence;
}

static const char *pgem_test_fence_name(struct dma_fence *fence)
{
	return "pgem-test";
}

static const struct dma_fence_ops pgem_test_fence_ops = {
	.get_driver_name = pgem_test_fence_name,
	.get_timeline_name = pgem_test_fence_name,
};

static void pgem_test_fence_end(void *data)
{
	struct dma_fence *fence = data;

	dma_fence_signal(fence);
	dma_fence_put(fence);
}

/**
 * pgem_test_fence_foreign() - put another driver's fence into a reservation
 * @test: test; ends here if that fails
 * @bo: object
 * @usage: what the fence is for
 *
 * Return: the fence; KUnit signals it if the test does not.
 */
struct dma_fence *pgem_test_fence_foreign(struct kunit *test, struct pgem_bo *bo,
					  enum dma_resv_usage usage)
{
	struct dma_fence *fence;
	int ret;

	fence = kzalloc_obj(*fence);
	KUNIT_ASSERT_NOT_NULL(test, fence);
	dma_fence_init(fence, &pgem_test_fence_ops, NULL, dma_fence_context_alloc(1), 1);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_test_fence_end, fence));

	dma_resv_lock(bo->base.resv, NULL);
	ret = dma_resv_reserve_fences(bo->base.resv, 1);
	if (!ret)
		dma_resv_add_fence(bo->base.resv, fence, usage);
	dma_resv_unlock(bo->base.resv);
	KUNIT_ASSERT_EQ(test, ret, 0);

	return fence;
}
