// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of the device
 *
 * The arithmetic behind the module parameter max_bo_mib, what GET_PARAM says, and that all
 * mappings are emptied when the device goes.
 */

#include <kunit/test.h>
#include <linux/align.h>
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_shmem.h"
#include "pgem_stats.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_mapping.h"

static void pgem_device_test_limit_is_the_parameter(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pgem_device_clamp_bo_size(0), 0);
	KUNIT_EXPECT_EQ(test, pgem_device_clamp_bo_size(1), SZ_1M);
	KUNIT_EXPECT_EQ(test, pgem_device_clamp_bo_size(3), 3 * SZ_1M);
}

/* 4096 MiB are 0 bytes in 32 bits. */
static void pgem_device_test_limit_does_not_wrap(struct kunit *test)
{
	u64 most = (u64)SIZE_MAX & PAGE_MASK;

	KUNIT_EXPECT_EQ(test, pgem_device_clamp_bo_size(4096), min(most, SZ_4G));
	KUNIT_EXPECT_EQ(test, pgem_device_clamp_bo_size(4097), min(most, SZ_4G + SZ_1M));
}

static void pgem_device_test_limit_has_offsets(struct kunit *test)
{
	u64 limit = pgem_device_clamp_bo_size(UINT_MAX);

	KUNIT_EXPECT_LE(test, limit >> PAGE_SHIFT, (u64)PGEM_DEVICE_OFFSETS);
	KUNIT_EXPECT_LE(test, limit, (u64)SIZE_MAX);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(limit, PAGE_SIZE));
	KUNIT_EXPECT_GE(test, limit, pgem_device_max_bo_size());
}

static int pgem_device_test_get_param(struct kunit *test, struct drm_pgem_get_param *args)
{
	struct pgem_device *pdev = test->priv;

	return pgem_ioctl_get_param(&pdev->drm, args, NULL);
}

static void pgem_device_test_param_value(struct kunit *test)
{
	const u64 values[] = {
		[DRM_PGEM_PARAM_PAGE_SIZE] = PAGE_SIZE,
		[DRM_PGEM_PARAM_MAX_BO_SIZE] = pgem_device_max_bo_size(),
		[DRM_PGEM_PARAM_CREATE_FLAGS] = PGEM_SHMEM_CREATE_FLAGS,
	};
	u32 param;

	for (param = 0; param < ARRAY_SIZE(values); param++) {
		struct drm_pgem_get_param args = { .param = param, .value = U64_MAX };

		KUNIT_EXPECT_EQ_MSG(test, pgem_device_test_get_param(test, &args), 0,
				    "parameter %u", param);
		KUNIT_EXPECT_EQ_MSG(test, args.value, values[param], "parameter %u", param);
	}
}

static void pgem_device_test_bad_param(struct kunit *test)
{
	static const u32 params[] = { DRM_PGEM_PARAM_CREATE_FLAGS + 1, S32_MAX, U32_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(params); i++) {
		struct drm_pgem_get_param args = { .param = params[i], .value = 1234 };

		KUNIT_EXPECT_EQ_MSG(test, pgem_device_test_get_param(test, &args), -EINVAL,
				    "parameter %u", params[i]);
		KUNIT_EXPECT_EQ(test, args.value, 1234);
	}
}

static void pgem_device_test_bad_pad(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 32; bit++) {
		struct drm_pgem_get_param args = { .pad = BIT(bit), .value = 1234 };

		KUNIT_EXPECT_EQ_MSG(test, pgem_device_test_get_param(test, &args), -EINVAL,
				    "bit %d", bit);
		KUNIT_EXPECT_EQ(test, args.value, 1234);
	}
}

/* Maps an object, and touches all of it. */
static unsigned long pgem_device_test_map(struct kunit *test, struct file *file)
{
	unsigned long page, address = pgem_test_mapping_create(test, file, 0);
	u32 value;

	for (page = 0; page < PGEM_TEST_MAPPING_PAGES; page++)
		KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, page, &value), 0);

	return address;
}

/* All objects, in all mappings, by the device's file or a dma-buf. The contents stay. */
static void pgem_device_test_unmap(struct kunit *test)
{
	unsigned long addresses[6];
	struct pgem_bo *bos[3];
	u32 value = U32_MAX;
	int i;

	for (i = 0; i < ARRAY_SIZE(bos); i++) {
		bos[i] = pgem_test_mapping_bo(test);
		pgem_test_mapping_number_pages(test, bos[i]);
		addresses[2 * i] =
			pgem_device_test_map(test, pgem_test_mapping_open(test, bos[i]));
		addresses[2 * i + 1] =
			pgem_device_test_map(test, pgem_test_mapping_export(test, bos[i], O_RDWR));
		KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bos[i]), bos[i]->base.size);
	}

	pgem_device_unmap(test->priv);
	for (i = 0; i < ARRAY_SIZE(bos); i++) {
		KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bos[i]), 0);
		KUNIT_EXPECT_EQ(test, pgem_bo_resident(bos[i]), bos[i]->base.size);
	}

	/* This device has not gone: the mappings are there, and the pages come back. */
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(addresses[3], 5, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 5);
	for (i = 0; i < ARRAY_SIZE(addresses); i++)
		pgem_test_mapping_remove(addresses[i], PGEM_TEST_MAPPING_PAGES);
}

/* With faults turned away, as unbinding does first, no page is to be had any more. */
static void pgem_device_test_unplugged(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	unsigned long address = pgem_device_test_map(test, pgem_test_mapping_open(test, bo));
	u32 value;

	pgem_test_device_unplug(test);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 1, &value), 0);
	pgem_device_unmap(test->priv);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 1, &value), -EFAULT);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 0);
	pgem_test_mapping_remove(address, PGEM_TEST_MAPPING_PAGES);
}

/* What another device has exported is that one's, and so are mappings of it. */
static void pgem_device_test_unmap_leaves_others(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_test_device_create(test, "pgem-neighbour");
	struct pgem_bo *bo = pgem_test_bo_create_on(test, neighbour,
						    PGEM_TEST_MAPPING_PAGES << PAGE_SHIFT);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	unsigned long address = pgem_device_test_map(test, dmabuf->file);

	pgem_test_dmabuf_import(test, dmabuf);
	pgem_device_unmap(test->priv);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), bo->base.size);
	pgem_device_unmap(neighbour);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 0);
	pgem_test_mapping_remove(address, PGEM_TEST_MAPPING_PAGES);
}

static struct kunit_case pgem_device_test_cases[] = {
	KUNIT_CASE(pgem_device_test_limit_is_the_parameter),
	KUNIT_CASE(pgem_device_test_limit_does_not_wrap),
	KUNIT_CASE(pgem_device_test_limit_has_offsets),
	KUNIT_CASE(pgem_device_test_param_value),
	KUNIT_CASE(pgem_device_test_bad_param),
	KUNIT_CASE(pgem_device_test_bad_pad),
	KUNIT_CASE(pgem_device_test_unmap),
	KUNIT_CASE(pgem_device_test_unplugged),
	KUNIT_CASE(pgem_device_test_unmap_leaves_others),
	{ }
};

static struct kunit_suite pgem_device_test_suite = {
	.name = "pgem_device",
	.init = pgem_test_device_init,
	.test_cases = pgem_device_test_cases,
};

kunit_test_suite(pgem_device_test_suite);
