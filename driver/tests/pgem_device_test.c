// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of the device
 *
 * The arithmetic behind the module parameter max_bo_mib, and what GET_PARAM says.
 */

#include <kunit/test.h>
#include <linux/align.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <drm/drm_vma_manager.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_shmem.h"
#include "pgem_test_device.h"

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

static struct kunit_case pgem_device_test_cases[] = {
	KUNIT_CASE(pgem_device_test_limit_is_the_parameter),
	KUNIT_CASE(pgem_device_test_limit_does_not_wrap),
	KUNIT_CASE(pgem_device_test_limit_has_offsets),
	KUNIT_CASE(pgem_device_test_param_value),
	KUNIT_CASE(pgem_device_test_bad_param),
	KUNIT_CASE(pgem_device_test_bad_pad),
	{ }
};

static struct kunit_suite pgem_device_test_suite = {
	.name = "pgem_device",
	.init = pgem_test_device_init,
	.test_cases = pgem_device_test_cases,
};

kunit_test_suite(pgem_device_test_suite);
