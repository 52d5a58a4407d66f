// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Test file
 *
 * A client's open file, made by hand: enough of one to have handles and fences, so
 * that the handlers of ioctls can be called with it.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_fence.h"
#include "pgem_purge.h"
#include "pgem_test_file.h"

static void pgem_test_file_release(void *data)
{
	struct drm_file *file = data;
	int handle;

	/* From the start each time: after INT_MAX there is no next one to go to. */
	for (handle = 0; idr_get_next(&file->object_idr, &handle); handle = 0)
		drm_gem_handle_delete(file, handle);
	idr_destroy(&file->object_idr);
	pgem_fence_postclose(NULL, file);

	/* Handles of imports put files, which a worker does unless told to do it now. */
	flush_delayed_fput();
}

/**
 * pgem_test_file_open() - open a file
 * @test: test; ends here without memory
 * @first: handle to give out first
 *
 * Return: a file, which KUnit closes.
 */
struct drm_file *pgem_test_file_open(struct kunit *test, int first)
{
	struct drm_file *file;

	file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, file);

	/* idr_init_base() is deprecated, but what DRM's file has is an idr. */
	INIT_RADIX_TREE(&file->object_idr.idr_rt, IDR_RT_MARKER);
	file->object_idr.idr_base = first;
	spin_lock_init(&file->table_lock);
	mutex_init(&file->prime.lock);
	file->prime.dmabufs = RB_ROOT;
	file->prime.handles = RB_ROOT;

	KUNIT_ASSERT_EQ(test, 0, pgem_fence_open(NULL, file));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_test_file_release, file));

	return file;
}

/**
 * pgem_test_file_close() - close a file now, rather than when the test ends
 * @test: test
 * @file: file of the test
 */
void pgem_test_file_close(struct kunit *test, struct drm_file *file)
{
	kunit_release_action(test, pgem_test_file_release, file);
}

/**
 * pgem_test_file_handle() - give a file a handle to an object
 * @test: test; ends here if that fails
 * @file: file
 * @bo: object
 *
 * Return: the handle.
 */
u32 pgem_test_file_handle(struct kunit *test, struct drm_file *file, struct pgem_bo *bo)
{
	u32 handle;

	KUNIT_ASSERT_EQ(test, 0, drm_gem_handle_create(file, &bo->base, &handle));

	return handle;
}

/**
 * pgem_test_file_offset() - ask for an object's mmap offset, as a client of its own
 * @test: test; fails if anything but the offset is left of that
 * @bo: object
 * @offset: out: what the ioctl says, or 1234 if nothing
 *
 * Return: as pgem_ioctl_gem_mmap_offset().
 */
int pgem_test_file_offset(struct kunit *test, struct pgem_bo *bo, u64 *offset)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct drm_pgem_gem_mmap_offset args = { .offset = 1234 };
	unsigned int references = kref_read(&bo->base.refcount);
	int ret;

	args.handle = pgem_test_file_handle(test, file, bo);
	ret = pgem_ioctl_gem_mmap_offset(bo->base.dev, &args, file);
	pgem_test_file_close(test, file);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), references);
	*offset = args.offset;

	return ret;
}

/**
 * pgem_test_file_advise() - say whether an object is needed, as a client of its own
 * @test: test
 * @bo: object
 * @advice: of &enum drm_pgem_madvice
 *
 * The client is gone when this returns, so the object has no handle of it.
 *
 * Return: 1 or 0, what the ioctl says of the contents, or its error.
 */
int pgem_test_file_advise(struct kunit *test, struct pgem_bo *bo, u32 advice)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct drm_pgem_gem_madvise args = { .advice = advice };
	int ret;

	args.handle = pgem_test_file_handle(test, file, bo);
	ret = pgem_ioctl_gem_madvise(bo->base.dev, &args, file);
	pgem_test_file_close(test, file);

	return ret ? ret : args.retained;
}
