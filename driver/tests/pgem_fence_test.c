// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of fences
 *
 * Who may attach a fence beside which others, what ends one, and that a fence which
 * has ended leads nowhere into the module any more.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_fence.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_fence.h"
#include "pgem_test_file.h"

static struct pgem_test_fence_client pgem_fence_test_client(struct kunit *test)
{
	return pgem_test_fence_client(test, pgem_test_bo_create(test, PAGE_SIZE));
}

/* Attaches a fence and gets hold of it; the object's only one. */
static struct dma_fence *pgem_fence_test_attach(struct kunit *test,
						struct pgem_test_fence_client *client,
						u32 flags, u32 *number)
{
	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(client, flags, number), 0);

	return pgem_test_fence_get(test, client->bo);
}

/**
 * struct pgem_fence_test_conflict - a fence that is there, and one that is to come
 */
struct pgem_fence_test_conflict {
	/** @desc: name of the case */
	const char *desc;

	/** @there: what the first is for */
	enum dma_resv_usage there;

	/** @flags: flags of the second */
	u32 flags;

	/** @error: what is said to the second, or 0 */
	int error;
};

static const struct pgem_fence_test_conflict pgem_fence_test_conflicts[] = {
	{ .desc = "read-beside-read", .there = DMA_RESV_USAGE_READ },
	{ .desc = "read-beside-write", .there = DMA_RESV_USAGE_WRITE, .error = -EBUSY },
	{ .desc = "read-beside-kernel", .there = DMA_RESV_USAGE_KERNEL, .error = -EBUSY },
	{ .desc = "read-beside-bookkeep", .there = DMA_RESV_USAGE_BOOKKEEP },
	{ .desc = "write-beside-read", .there = DMA_RESV_USAGE_READ,
	  .flags = DRM_PGEM_FENCE_WRITE, .error = -EBUSY },
	{ .desc = "write-beside-write", .there = DMA_RESV_USAGE_WRITE,
	  .flags = DRM_PGEM_FENCE_WRITE, .error = -EBUSY },
	{ .desc = "write-beside-kernel", .there = DMA_RESV_USAGE_KERNEL,
	  .flags = DRM_PGEM_FENCE_WRITE, .error = -EBUSY },
	/* Nobody waits for these. */
	{ .desc = "write-beside-bookkeep", .there = DMA_RESV_USAGE_BOOKKEEP,
	  .flags = DRM_PGEM_FENCE_WRITE },
};

KUNIT_ARRAY_PARAM_DESC(pgem_fence_test_conflict, pgem_fence_test_conflicts, desc);

static void pgem_fence_test_beside(struct kunit *test)
{
	const struct pgem_fence_test_conflict *param = test->param_value;
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct dma_fence *there = pgem_test_fence_foreign(test, client.bo, param->there);
	u32 number;

	KUNIT_EXPECT_EQ(test, pgem_test_fence_attach(&client, param->flags, &number),
			param->error);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_count(client.bo), param->error ? 1 : 2);
	KUNIT_EXPECT_EQ(test, !number, !!param->error);

	/* Signalled, it is in nobody's way. */
	dma_fence_signal(there);
	if (param->error)
		KUNIT_EXPECT_EQ(test, pgem_test_fence_attach(&client, param->flags, &number), 0);
}

/* Attached fences are what their flags say, and in the way of others accordingly. */
static void pgem_fence_test_usage(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct dma_resv *resv = client.bo->base.resv;
	u32 number;

	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, 0, &number), 0);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_WRITE));
	KUNIT_EXPECT_FALSE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_READ));
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), 0);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_BOOKKEEP));

	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, DRM_PGEM_FENCE_WRITE, &number), 0);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_KERNEL));
	KUNIT_EXPECT_FALSE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_WRITE));
}

static void pgem_fence_test_signal(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct dma_fence *fence;
	u32 number;

	fence = pgem_fence_test_attach(test, &client, DRM_PGEM_FENCE_WRITE, &number);
	KUNIT_EXPECT_NE(test, number, 0);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), 0);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), 1);
}

/* The test's and the reservation's; the table's as long as the fence has a number. */
static void pgem_fence_test_references(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct dma_fence *fence;
	u32 number;

	fence = pgem_fence_test_attach(test, &client, 0, &number);
	KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 3);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 2);
	/* The test's and the handle's. */
	KUNIT_EXPECT_EQ(test, kref_read(&client.bo->base.refcount), 2);
}

static void pgem_fence_test_close_cancels(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct dma_fence *fence;
	u32 number;

	fence = pgem_fence_test_attach(test, &client, DRM_PGEM_FENCE_WRITE, &number);
	pgem_test_file_close(test, client.file);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -ECANCELED);
	KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 2);
}

static void pgem_fence_test_close_leaves_signalled(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct dma_fence *fence;
	u32 number;

	fence = pgem_fence_test_attach(test, &client, 0, &number);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), 0);
	pgem_test_file_close(test, client.file);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), 1);
}

/* Ten seconds, as there is no way to make them pass sooner. */
static void pgem_fence_test_expires(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	unsigned long start = jiffies;
	struct dma_fence *fence;
	u32 number;

	fence = pgem_fence_test_attach(test, &client, DRM_PGEM_FENCE_WRITE, &number);
	KUNIT_EXPECT_GT(test, dma_fence_wait_timeout(fence, false, 60 * HZ), 0);
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, start + 10 * HZ));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -ETIME);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(fence->ops));

	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -ETIME);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), -ENOENT);
}

static unsigned int pgem_fence_test_pointers(const struct dma_fence *fence,
					     const struct module *module)
{
	const unsigned long *word = (const unsigned long *)fence;
	unsigned int i, count = 0;

	for (i = 0; i < sizeof(*fence) / sizeof(*word); i++)
		count += within_module(word[i], module);

	return count;
}

/* P25: what others hold may outlive the module, see pgem_fence.c. */
static void pgem_fence_test_signalled_leads_nowhere(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct module *module = pgem_test_dmabuf_export(test, client.bo, O_RDWR)->owner;
	struct dma_fence *fence;
	u32 number;

	fence = pgem_fence_test_attach(test, &client, 0, &number);
	/* The operations: or the test would look for the wrong module. */
	KUNIT_EXPECT_EQ(test, pgem_fence_test_pointers(fence, module), 1);
	KUNIT_EXPECT_TRUE(test, test_bit(DMA_FENCE_FLAG_INLINE_LOCK_BIT, &fence->flags));
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), 0);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(fence->ops));
	KUNIT_EXPECT_EQ(test, pgem_fence_test_pointers(fence, module), 0);
}

static void pgem_fence_test_numbers_are_not_reused(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	u32 number, last = 0;
	int i;

	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, 0, &number), 0);
		KUNIT_EXPECT_GT(test, number, last);
		KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), 0);
		KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), -ENOENT);
		last = number;
	}
}

static void pgem_fence_test_bad_number(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct pgem_test_fence_client other = pgem_test_fence_client(test, client.bo);
	u32 number;

	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, 0, &number), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number + 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, U32_MAX), -ENOENT);
	/* Another file's is unknown. */
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&other, number), -ENOENT);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, number), 0);
}

/* Fences come and go, and what they were in does not grow. */
static void pgem_fence_test_many(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	u32 number;
	int i;

	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, i % 2, &number), 0);
		KUNIT_ASSERT_EQ(test, pgem_test_fence_signal(&client, number), 0);
	}
	KUNIT_EXPECT_LE(test, pgem_test_fence_count(client.bo), 2);
}

/* P33: with one reservation for two drivers, the exporter alone attaches fences. */
static void pgem_fence_test_import(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_test_device_create(test, "pgem-neighbour");
	struct pgem_bo *bo = pgem_test_bo_create_on(test, neighbour, PAGE_SIZE);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_test_fence_client here, there;
	u32 number;

	there = pgem_test_fence_client(test, bo);
	here = pgem_test_fence_client(test, pgem_test_dmabuf_import(test, dmabuf));

	KUNIT_EXPECT_EQ(test, pgem_test_fence_attach(&here, 0, &number), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_attach(&here, DRM_PGEM_FENCE_WRITE, &number),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_count(bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_attach(&there, DRM_PGEM_FENCE_WRITE, &number), 0);
	/* Here it is seen, as the reservation is one. */
	KUNIT_EXPECT_EQ(test, pgem_test_fence_count(here.bo), 1);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_attach(&here, 0, &number), -EOPNOTSUPP);
}

/* Expects that a fence is refused, with none made and nothing written. */
static void pgem_fence_test_refused(struct kunit *test, struct pgem_test_fence_client *client,
				    struct drm_pgem_fence_attach args, int error)
{
	const struct drm_pgem_fence_attach before = args;

	KUNIT_EXPECT_EQ_MSG(test, pgem_ioctl_fence_attach(client->bo->base.dev, &args,
							  client->file), error,
			    "handle %u flags 0x%x pad 0x%x", before.handle, before.flags,
			    before.pad);
	KUNIT_EXPECT_MEMEQ(test, &args, &before, sizeof(args));
	KUNIT_EXPECT_EQ(test, pgem_test_fence_count(client->bo), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&client->bo->base.refcount), 2);
}

static void pgem_fence_test_bad_attach(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct drm_pgem_fence_attach args = { .out_fence = 1234 };
	int bit;

	args.handle = client.handle + 1;
	pgem_fence_test_refused(test, &client, args, -ENOENT);
	for (bit = 0; bit < 32; bit++) {
		/* By turns a handle that does not exist and one that does. */
		args.handle = client.handle + bit % 2;
		args.flags = BIT(bit);
		args.pad = 0;
		if (args.flags != DRM_PGEM_FENCE_WRITE)
			pgem_fence_test_refused(test, &client, args, -EINVAL);
		args.flags = 0;
		args.pad = BIT(bit);
		pgem_fence_test_refused(test, &client, args, -EINVAL);
	}
}

static void pgem_fence_test_bad_signal_flags(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_fence_test_client(test);
	struct drm_pgem_fence_signal args = { };
	int bit;

	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, 0, &args.fence), 0);
	for (bit = 0; bit < 32; bit++) {
		args.flags = BIT(bit);
		KUNIT_EXPECT_EQ(test, pgem_ioctl_fence_signal(client.bo->base.dev, &args,
							      client.file), -EINVAL);
	}
	/* It is still there. */
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, args.fence), 0);
}

static struct kunit_case pgem_fence_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_fence_test_beside, pgem_fence_test_conflict_gen_params),
	KUNIT_CASE(pgem_fence_test_usage),
	KUNIT_CASE(pgem_fence_test_signal),
	KUNIT_CASE(pgem_fence_test_references),
	KUNIT_CASE(pgem_fence_test_close_cancels),
	KUNIT_CASE(pgem_fence_test_close_leaves_signalled),
	KUNIT_CASE_SLOW(pgem_fence_test_expires),
	KUNIT_CASE(pgem_fence_test_signalled_leads_nowhere),
	KUNIT_CASE(pgem_fence_test_numbers_are_not_reused),
	KUNIT_CASE(pgem_fence_test_bad_number),
	KUNIT_CASE_SLOW(pgem_fence_test_many),
	KUNIT_CASE(pgem_fence_test_import),
	KUNIT_CASE(pgem_fence_test_bad_attach),
	KUNIT_CASE(pgem_fence_test_bad_signal_flags),
	{ }
};

static struct kunit_suite pgem_fence_test_suite = {
	.name = "pgem_fence",
	.init = pgem_test_device_init,
	.test_cases = pgem_fence_test_cases,
};

kunit_test_suite(pgem_fence_test_suite);
