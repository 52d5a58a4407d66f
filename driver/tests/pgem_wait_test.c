// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of GEM_WAIT
 *
 * For which fences is waited, until when, and what is refused.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_test_device.h"
#include "pgem_test_fence.h"

static int pgem_wait_test_wait(struct pgem_test_fence_client *client, u32 flags, s64 until)
{
	struct drm_pgem_gem_wait args = {
		.handle = client->handle,
		.flags = flags,
		.timeout_ns = until,
	};

	return pgem_ioctl_gem_wait(client->bo->base.dev, &args, client->file);
}

static struct pgem_test_fence_client pgem_wait_test_client(struct kunit *test)
{
	return pgem_test_fence_client(test, pgem_test_bo_create(test, PAGE_SIZE));
}

/**
 * struct pgem_wait_test_fence - a fence that is there, and who waits for it
 */
struct pgem_wait_test_fence {
	/** @desc: name of the case */
	const char *desc;

	/** @usage: what the fence is for */
	enum dma_resv_usage usage;

	/** @read: what is said to who wants to read */
	int read;

	/** @write: what is said to who wants to write */
	int write;
};

static const struct pgem_wait_test_fence pgem_wait_test_fences[] = {
	{ .desc = "kernel", .usage = DMA_RESV_USAGE_KERNEL, .read = -ETIME, .write = -ETIME },
	{ .desc = "write", .usage = DMA_RESV_USAGE_WRITE, .read = -ETIME, .write = -ETIME },
	{ .desc = "read", .usage = DMA_RESV_USAGE_READ, .read = 0, .write = -ETIME },
	{ .desc = "bookkeep", .usage = DMA_RESV_USAGE_BOOKKEEP, .read = 0, .write = 0 },
};

KUNIT_ARRAY_PARAM_DESC(pgem_wait_test_fence, pgem_wait_test_fences, desc);

static void pgem_wait_test_waits_for(struct kunit *test)
{
	const struct pgem_wait_test_fence *param = test->param_value;
	struct pgem_test_fence_client client = pgem_wait_test_client(test);
	struct dma_fence *fence = pgem_test_fence_foreign(test, client.bo, param->usage);

	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, 0), param->read);
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, DRM_PGEM_WAIT_WRITE, 0),
			param->write);

	dma_fence_signal(fence);
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, DRM_PGEM_WAIT_WRITE, 0), 0);
}

/* Times that have passed, however long ago: with and without something to wait for. */
static void pgem_wait_test_past(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_wait_test_client(test);
	const s64 times[] = { 0, 1, ktime_get_ns() - 1, -1, S64_MIN };
	u32 number;
	int i;

	for (i = 0; i < ARRAY_SIZE(times); i++)
		KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, DRM_PGEM_WAIT_WRITE, times[i]),
				0);

	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, DRM_PGEM_FENCE_WRITE, &number), 0);
	for (i = 0; i < ARRAY_SIZE(times); i++)
		KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, times[i]), -ETIME);
}

/* All the time in the world, and nothing to wait for. */
static void pgem_wait_test_idle(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_wait_test_client(test);

	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, S64_MAX), 0);
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, DRM_PGEM_WAIT_WRITE, S64_MAX), 0);
}

static void pgem_wait_test_time_is_up(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_wait_test_client(test);
	s64 until;
	u32 number;

	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, DRM_PGEM_FENCE_WRITE, &number), 0);
	until = ktime_get_ns() + 50 * NSEC_PER_MSEC;
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, until), -ETIME);
	KUNIT_EXPECT_GE(test, (s64)ktime_get_ns(), until);
}

/**
 * struct pgem_wait_test_signaller - a client that signals a fence after a while
 */
struct pgem_wait_test_signaller {
	/** @work: the while */
	struct delayed_work work;

	/** @client: client */
	struct pgem_test_fence_client *client;

	/** @number: the fence's number */
	u32 number;
};

static void pgem_wait_test_signal(struct work_struct *work)
{
	struct pgem_wait_test_signaller *signaller =
		container_of(to_delayed_work(work), struct pgem_wait_test_signaller, work);

	pgem_test_fence_signal(signaller->client, signaller->number);
}

static void pgem_wait_test_signalled_meanwhile(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_wait_test_client(test);
	struct pgem_wait_test_signaller signaller = { .client = &client };

	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, DRM_PGEM_FENCE_WRITE,
						     &signaller.number), 0);
	INIT_DELAYED_WORK_ONSTACK(&signaller.work, pgem_wait_test_signal);
	schedule_delayed_work(&signaller.work, HZ / 20);

	/* Less than it takes the fence to give up. */
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0,
						  ktime_get_ns() + 8 * NSEC_PER_SEC), 0);

	flush_delayed_work(&signaller.work);
	destroy_delayed_work_on_stack(&signaller.work);
	KUNIT_EXPECT_EQ(test, pgem_test_fence_signal(&client, signaller.number), -ENOENT);
}

/* One that did not end well has ended. */
static void pgem_wait_test_error_is_an_end(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_wait_test_client(test);
	struct dma_fence *fence = pgem_test_fence_foreign(test, client.bo, DMA_RESV_USAGE_WRITE);

	dma_fence_set_error(fence, -EIO);
	dma_fence_signal(fence);
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, 0), 0);
}

static void pgem_wait_test_no_reference_kept(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_wait_test_client(test);
	u32 number;

	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, 0), 0);
	KUNIT_ASSERT_EQ(test, pgem_test_fence_attach(&client, DRM_PGEM_FENCE_WRITE, &number), 0);
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, 0), -ETIME);
	/* The test's and the handle's. */
	KUNIT_EXPECT_EQ(test, kref_read(&client.bo->base.refcount), 2);
}

static void pgem_wait_test_refused(struct kunit *test)
{
	struct pgem_test_fence_client client = pgem_wait_test_client(test);
	int bit;

	client.handle++;
	KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, 0, 0), -ENOENT);
	for (bit = 0; bit < 32; bit++) {
		/* By turns a handle that exists and one that does not. */
		client.handle ^= 1;
		if (BIT(bit) != DRM_PGEM_WAIT_WRITE)
			KUNIT_EXPECT_EQ(test, pgem_wait_test_wait(&client, BIT(bit), 0), -EINVAL);
	}
}

static struct kunit_case pgem_wait_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_wait_test_waits_for, pgem_wait_test_fence_gen_params),
	KUNIT_CASE(pgem_wait_test_past),
	KUNIT_CASE(pgem_wait_test_idle),
	KUNIT_CASE(pgem_wait_test_time_is_up),
	KUNIT_CASE(pgem_wait_test_signalled_meanwhile),
	KUNIT_CASE(pgem_wait_test_error_is_an_end),
	KUNIT_CASE(pgem_wait_test_no_reference_kept),
	KUNIT_CASE(pgem_wait_test_refused),
	{ }
};

static struct kunit_suite pgem_wait_test_suite = {
	.name = "pgem_wait",
	.init = pgem_test_device_init,
	.test_cases = pgem_wait_test_cases,
};

kunit_test_suite(pgem_wait_test_suite);
