// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of the ioctls that name an object
 *
 * What is refused, that a refusal leaves the arguments as they were, and that a
 * creation which fails at its last step leaves no object behind.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_shmem.h"
#include "pgem_test_device.h"
#include "pgem_test_file.h"

static int pgem_ioctl_test_create(struct kunit *test, struct drm_file *file,
				  struct drm_pgem_gem_create *args)
{
	struct pgem_device *pdev = test->priv;

	return pgem_ioctl_gem_create(&pdev->drm, args, file);
}

/* Expects that a creation is refused, with nothing made and nothing written. */
static void pgem_ioctl_test_refused(struct kunit *test, struct drm_pgem_gem_create args, int error)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	const struct drm_pgem_gem_create before = args;

	KUNIT_EXPECT_EQ_MSG(test, pgem_ioctl_test_create(test, file, &args), error,
			    "size %llu flags 0x%x handle %u",
			    before.size, before.flags, before.handle);
	KUNIT_EXPECT_MEMEQ(test, &args, &before, sizeof(args));
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
}

static void pgem_ioctl_test_create_works(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct drm_pgem_gem_create args = { .size = PAGE_SIZE + 1 };

	KUNIT_EXPECT_EQ(test, pgem_ioctl_test_create(test, file, &args), 0);
	KUNIT_EXPECT_EQ(test, args.size, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, args.flags, 0);
	KUNIT_EXPECT_NE(test, args.handle, 0);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 1);
}

static void pgem_ioctl_test_handle_is_the_last_reference(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct drm_pgem_gem_create args = { .size = PAGE_SIZE };

	KUNIT_ASSERT_EQ(test, pgem_ioctl_test_create(test, file, &args), 0);
	KUNIT_EXPECT_EQ(test, drm_gem_handle_delete(file, args.handle), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
}

static void pgem_ioctl_test_bad_create_flags(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 32; bit++) {
		struct drm_pgem_gem_create args = { .size = PAGE_SIZE, .flags = BIT(bit) };

		if (!(args.flags & PGEM_SHMEM_CREATE_FLAGS))
			pgem_ioctl_test_refused(test, args, -EINVAL);
	}
}

static void pgem_ioctl_test_bad_create_handle(struct kunit *test)
{
	struct drm_pgem_gem_create args = { .size = PAGE_SIZE };

	args.handle = 1;
	pgem_ioctl_test_refused(test, args, -EINVAL);
	args.handle = U32_MAX;
	pgem_ioctl_test_refused(test, args, -EINVAL);
}

static void pgem_ioctl_test_bad_create_size(struct kunit *test)
{
	struct drm_pgem_gem_create args = { };

	args.size = 0;
	pgem_ioctl_test_refused(test, args, -EINVAL);
	args.size = pgem_device_max_bo_size() + 1;
	pgem_ioctl_test_refused(test, args, -E2BIG);
}

/* Only one handle is left: the second object has to go when it gets none. */
static void pgem_ioctl_test_no_handle_left(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, INT_MAX);
	struct drm_pgem_gem_create first = { .size = PAGE_SIZE };
	struct drm_pgem_gem_create args = { .size = 1 };

	KUNIT_ASSERT_EQ(test, pgem_ioctl_test_create(test, file, &first), 0);
	KUNIT_EXPECT_EQ(test, first.handle, INT_MAX);

	KUNIT_EXPECT_EQ(test, pgem_ioctl_test_create(test, file, &args), -ENOSPC);
	KUNIT_EXPECT_EQ(test, args.size, 1);
	KUNIT_EXPECT_EQ(test, args.handle, 0);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 1);
}

/* For who asks, the same each time; most objects are never mapped. */
static void pgem_ioctl_test_mmap_offset(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, 3 * PAGE_SIZE);
	u64 first, second;

	KUNIT_EXPECT_EQ(test, pgem_test_file_offset(test, bo, &first), 0);
	KUNIT_EXPECT_GE(test, first >> PAGE_SHIFT, DRM_FILE_PAGE_OFFSET_START);
	KUNIT_EXPECT_EQ(test, first, drm_vma_node_offset_addr(&bo->base.vma_node));
	KUNIT_EXPECT_EQ(test, drm_vma_node_size(&bo->base.vma_node), 3);
	KUNIT_EXPECT_EQ(test, pgem_test_file_offset(test, bo, &second), 0);
	KUNIT_EXPECT_EQ(test, second, first);
}

/* Objects that got none, or went away, hold none. */
static void pgem_ioctl_test_no_offset_left(struct kunit *test)
{
	struct pgem_bo *large, *bo;
	u64 offset;

	pgem_test_device_leave_offsets(test, 2);

	large = pgem_test_bo_create(test, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pgem_test_file_offset(test, large, &offset), -ENOSPC);
	KUNIT_EXPECT_EQ(test, offset, 1234);

	bo = pgem_test_bo_create(test, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pgem_test_file_offset(test, bo, &offset), 0);
	pgem_test_bo_put(test, bo);
	bo = pgem_test_bo_create(test, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pgem_test_file_offset(test, bo, &offset), 0);
}

static void pgem_ioctl_test_info(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_bo *bo = pgem_test_bo_create(test, 3 * PAGE_SIZE);
	struct drm_pgem_gem_info args = { .size = 1, .resident = 1 };

	KUNIT_ASSERT_EQ(test, drm_gem_handle_create(file, &bo->base, &args.handle), 0);
	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_info(bo->base.dev, &args, file), 0);
	KUNIT_EXPECT_EQ(test, args.flags, 0);
	KUNIT_EXPECT_EQ(test, args.size, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, args.resident, 0);
}

/* Each takes a reference to look at the object, and has to drop it. */
static void pgem_ioctl_test_no_reference_kept(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	struct drm_pgem_gem_mmap_offset offset = { };
	struct drm_pgem_gem_info info = { };

	KUNIT_ASSERT_EQ(test, drm_gem_handle_create(file, &bo->base, &info.handle), 0);
	offset.handle = info.handle;
	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_mmap_offset(bo->base.dev, &offset, file), 0);
	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_info(bo->base.dev, &info, file), 0);
	/* The test's and the handle's. */
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), 2);
}

static void pgem_ioctl_test_bad_handle(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct drm_pgem_gem_mmap_offset offset = { .handle = 1, .offset = 1234 };
	struct drm_pgem_gem_info info = { .handle = 1, .size = 1234, .resident = 1234 };
	struct pgem_device *pdev = test->priv;

	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_mmap_offset(&pdev->drm, &offset, file), -ENOENT);
	KUNIT_EXPECT_EQ(test, offset.offset, 1234);
	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_info(&pdev->drm, &info, file), -ENOENT);
	KUNIT_EXPECT_EQ(test, info.size, 1234);
	KUNIT_EXPECT_EQ(test, info.resident, 1234);
}

/* Bad flags are said to be bad before anything is looked up: also without a handle. */
static void pgem_ioctl_test_bad_flags(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	int bit;
	u32 handle;

	KUNIT_ASSERT_EQ(test, drm_gem_handle_create(file, &bo->base, &handle), 0);
	for (bit = 0; bit < 32; bit++) {
		struct drm_pgem_gem_mmap_offset offset = { .flags = BIT(bit), .offset = 1234 };
		struct drm_pgem_gem_info info = { .flags = BIT(bit), .size = 1234 };

		/* By turns a handle that exists and one that does not. */
		offset.handle = handle + bit % 2;
		info.handle = offset.handle;
		KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_mmap_offset(bo->base.dev, &offset, file),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, offset.offset, 1234);
		KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_info(bo->base.dev, &info, file), -EINVAL);
		KUNIT_EXPECT_EQ(test, info.size, 1234);
	}
}

static struct kunit_case pgem_ioctl_test_cases[] = {
	KUNIT_CASE(pgem_ioctl_test_create_works),
	KUNIT_CASE(pgem_ioctl_test_handle_is_the_last_reference),
	KUNIT_CASE(pgem_ioctl_test_bad_create_flags),
	KUNIT_CASE(pgem_ioctl_test_bad_create_handle),
	KUNIT_CASE(pgem_ioctl_test_bad_create_size),
	KUNIT_CASE(pgem_ioctl_test_no_handle_left),
	KUNIT_CASE(pgem_ioctl_test_mmap_offset),
	KUNIT_CASE(pgem_ioctl_test_no_offset_left),
	KUNIT_CASE(pgem_ioctl_test_info),
	KUNIT_CASE(pgem_ioctl_test_no_reference_kept),
	KUNIT_CASE(pgem_ioctl_test_bad_handle),
	KUNIT_CASE(pgem_ioctl_test_bad_flags),
	{ }
};

static struct kunit_suite pgem_ioctl_test_suite = {
	.name = "pgem_ioctl",
	.init = pgem_test_device_init,
	.test_cases = pgem_ioctl_test_cases,
};

kunit_test_suite(pgem_ioctl_test_suite);
