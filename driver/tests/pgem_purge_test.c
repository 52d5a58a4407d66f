// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of purging
 *
 * What may be purged and what may not, and what is left of an object that was. How it is
 * truncated is in pgem_truncate_test.c, what clients say of their objects in
 * pgem_madvise_test.c, and how the kernel asks in pgem_shrinker_test.c.
 */

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_prime.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_pages.h"
#include "pgem_purge.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_fence.h"
#include "pgem_test_file.h"
#include "pgem_test_mapping.h"

static struct pgem_bo *pgem_purge_test_bo(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);

	pgem_test_mapping_number_pages(test, bo);

	return bo;
}

/* Returns what the handler says of the contents, or -1 if it fails. */
static int pgem_purge_test_retained(struct pgem_bo *bo, struct drm_file *file, u32 handle,
				    u32 advice)
{
	struct drm_pgem_gem_madvise args = { .handle = handle, .advice = advice };

	return pgem_ioctl_gem_madvise(bo->base.dev, &args, file) ? -1 : args.retained;
}

/* An object that its client, @file, does not need. */
static struct pgem_bo *pgem_purge_test_unneeded(struct kunit *test, struct drm_file **file,
						u32 *handle)
{
	struct pgem_bo *bo = pgem_purge_test_bo(test);

	*file = pgem_test_file_open(test, 1);
	*handle = pgem_test_file_handle(test, *file, bo);
	KUNIT_ASSERT_EQ(test, 1, pgem_purge_test_retained(bo, *file, *handle,
							  DRM_PGEM_MADV_DONTNEED));

	return bo;
}

static void pgem_purge_test_kept(struct kunit *test, struct pgem_bo *bo)
{
	KUNIT_EXPECT_EQ(test, pgem_purge_try(bo), 0);
	KUNIT_EXPECT_FALSE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), bo->base.size);
	KUNIT_EXPECT_EQ(test, i_size_read(file_inode(bo->base.filp)), bo->base.size);
}

/* Says how many pages are free now, all of which the object had. */
static void pgem_purge_test_gone(struct kunit *test, struct pgem_bo *bo)
{
	KUNIT_EXPECT_EQ(test, pgem_purge_try(bo), bo->base.size >> PAGE_SHIFT);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
}

/* Of pages that were mapped, and of those that never were; none comes back for it. */
static void pgem_purge_test_fault(struct kunit *test)
{
	struct drm_file *client;
	u32 handle, value;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
	struct file *file = pgem_test_mapping_open(test, bo);
	unsigned long address = pgem_test_mapping_create(test, file, 0);

	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 2, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 2);
	pgem_purge_test_gone(test, bo);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 2, &value), -EFAULT);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 5, &value), -EFAULT);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);

	vm_munmap(address, bo->base.size);
}

/* P20: whoever holds a page keeps it, and what is in it; the object has it no more. */
static void pgem_purge_test_held_page(struct kunit *test)
{
	struct drm_file *client;
	u32 handle, value = U32_MAX;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
	struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, 3);
	bool detached;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	pgem_purge_test_gone(test, bo);
	detached = !page_folio(page)->mapping;
	memcpy_from_page((char *)&value, page, 0, sizeof(value));
	put_page(page);
	KUNIT_EXPECT_TRUE(test, detached);
	KUNIT_EXPECT_EQ(test, value, 3);
}

static void pgem_purge_test_needed(struct kunit *test)
{
	struct drm_file *client;
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_bo(test);

	pgem_purge_test_kept(test, bo);

	bo = pgem_purge_test_unneeded(test, &client, &handle);
	KUNIT_EXPECT_EQ(test, 1, pgem_purge_test_retained(bo, client, handle,
							  DRM_PGEM_MADV_WILLNEED));
	pgem_purge_test_kept(test, bo);
}

static void pgem_purge_test_second_handle(struct kunit *test)
{
	struct drm_file *client, *other = pgem_test_file_open(test, 1);
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);

	pgem_test_file_handle(test, other, bo);
	pgem_purge_test_kept(test, bo);
	pgem_test_file_close(test, other);
	pgem_purge_test_gone(test, bo);
}

/* Whoever has been told it can open the object at any time. */
static void pgem_purge_test_named(struct kunit *test)
{
	struct drm_file *client;
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);

	/* GEM_FLINK needs a registered device. */
	bo->base.name = 1;
	pgem_purge_test_kept(test, bo);
	bo->base.name = 0;
	pgem_purge_test_gone(test, bo);
}

static void pgem_purge_test_exported(struct kunit *test)
{
	struct drm_file *client;
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
	struct dma_buf *first = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct dma_buf *second = pgem_test_dmabuf_export(test, bo, O_RDWR);

	pgem_purge_test_kept(test, bo);
	pgem_test_dmabuf_put(test, first);
	pgem_purge_test_kept(test, bo);
	pgem_test_dmabuf_put(test, second);
	pgem_purge_test_gone(test, bo);
}

/* Closed by all who had it, and somebody looks at it: that process gets no signal. */
static void pgem_purge_test_mapped_elsewhere(struct kunit *test)
{
	struct drm_file *client;
	u32 handle, value = U32_MAX;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);
	unsigned long address = pgem_test_mapping_create(test, file, 0);

	pgem_test_mapping_close(test, file);
	pgem_purge_test_kept(test, bo);
	pgem_test_mapping_remove(address, 4);
	pgem_purge_test_kept(test, bo);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 6, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 6);
	pgem_test_mapping_remove(address, PGEM_TEST_MAPPING_PAGES);
	pgem_purge_test_gone(test, bo);
}

/* Another device's object for it is no handle, but has the dma-buf. */
static void pgem_purge_test_imported_elsewhere(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_test_device_create(test, "pgem-neighbour");
	struct pgem_bo *bo = pgem_test_bo_create_on(test, neighbour, PAGE_SIZE);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, dmabuf);

	pgem_test_bo_touch(test, bo, 1);
	bo->advice = DRM_PGEM_MADV_DONTNEED;
	pgem_test_dmabuf_put(test, dmabuf);
	pgem_purge_test_kept(test, bo);
	pgem_test_bo_put(test, import);
	pgem_purge_test_gone(test, bo);
}

/* DRM keeps a dma-buf, closed or not, as long as the object has a handle. */
static void pgem_purge_test_exported_once(struct kunit *test)
{
	struct drm_file *client;
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
	struct dma_buf *dmabuf;

	dmabuf = drm_gem_prime_handle_to_dmabuf(bo->base.dev, client, handle, O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	dma_buf_put(dmabuf);
	flush_delayed_fput();
	pgem_purge_test_kept(test, bo);

	pgem_test_file_close(test, client);
	KUNIT_EXPECT_EQ(test, atomic_read(&bo->exports), 0);
	pgem_purge_test_gone(test, bo);
}

static void pgem_purge_test_exports_are_counted(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	struct dma_buf *first = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct dma_buf *second = pgem_test_dmabuf_export(test, bo, O_RDONLY);

	KUNIT_EXPECT_EQ(test, atomic_read(&bo->exports), 2);
	pgem_test_dmabuf_put(test, first);
	KUNIT_EXPECT_EQ(test, atomic_read(&bo->exports), 1);
	pgem_test_dmabuf_put(test, second);
	KUNIT_EXPECT_EQ(test, atomic_read(&bo->exports), 0);
}

/* By whichever way, and a refusal leaves no trace. */
static void pgem_purge_test_not_exported(struct kunit *test)
{
	struct drm_file *client;
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
	unsigned int references = kref_read(&bo->base.refcount);

	pgem_purge_test_gone(test, bo);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(bo->base.funcs->export(&bo->base, O_RDWR)),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(drm_gem_prime_handle_to_dmabuf(bo->base.dev, client,
									     handle, O_RDWR)),
			-EFAULT);
	KUNIT_EXPECT_NULL(test, bo->base.dma_buf);
	KUNIT_EXPECT_EQ(test, atomic_read(&bo->exports), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), references);
}

/* Neither advice, another purge nor a pin changes anything about it. */
static void pgem_purge_test_stays_purged(struct kunit *test)
{
	struct drm_file *client;
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
	u32 advice;
	int ret;

	pgem_purge_test_gone(test, bo);
	for (advice = 0; advice <= DRM_PGEM_MADV_DONTNEED; advice++) {
		KUNIT_EXPECT_EQ(test, 0, pgem_purge_test_retained(bo, client, handle, advice));
		KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
		KUNIT_EXPECT_EQ(test, pgem_purge_try(bo), 0);
	}

	dma_resv_lock(bo->base.resv, NULL);
	ret = pgem_pages_pin_locked(bo);
	dma_resv_unlock(bo->base.resv);
	KUNIT_EXPECT_EQ(test, ret, -EFAULT);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
}

/* Whoever has the reservation may be waiting for reclaim, or be it. */
static void pgem_purge_test_reserved(struct kunit *test)
{
	struct drm_file *client;
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);

	dma_resv_lock(bo->base.resv, NULL);
	pgem_purge_test_kept(test, bo);
	dma_resv_unlock(bo->base.resv);
	pgem_purge_test_gone(test, bo);
}

static void pgem_purge_test_busy(struct kunit *test)
{
	enum dma_resv_usage usage;
	struct drm_file *client;
	u32 handle;

	for (usage = DMA_RESV_USAGE_KERNEL; usage <= DMA_RESV_USAGE_BOOKKEEP; usage++) {
		struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
		struct dma_fence *fence = pgem_test_fence_foreign(test, bo, usage);

		pgem_purge_test_kept(test, bo);
		dma_fence_signal(fence);
		pgem_purge_test_gone(test, bo);
	}
}

static void pgem_purge_test_pinned(struct kunit *test)
{
	struct drm_file *client;
	u32 handle;
	struct pgem_bo *bo = pgem_purge_test_unneeded(test, &client, &handle);
	int ret;

	dma_resv_lock(bo->base.resv, NULL);
	ret = pgem_pages_pin_locked(bo);
	dma_resv_unlock(bo->base.resv);
	KUNIT_ASSERT_EQ(test, ret, 0);
	pgem_purge_test_kept(test, bo);

	dma_resv_lock(bo->base.resv, NULL);
	pgem_pages_unpin_locked(bo);
	dma_resv_unlock(bo->base.resv);
	pgem_purge_test_gone(test, bo);
}

static struct kunit_case pgem_purge_test_cases[] = {
	KUNIT_CASE(pgem_purge_test_fault),
	KUNIT_CASE(pgem_purge_test_held_page),
	KUNIT_CASE(pgem_purge_test_needed),
	KUNIT_CASE(pgem_purge_test_second_handle),
	KUNIT_CASE(pgem_purge_test_named),
	KUNIT_CASE(pgem_purge_test_exported),
	KUNIT_CASE(pgem_purge_test_mapped_elsewhere),
	KUNIT_CASE(pgem_purge_test_imported_elsewhere),
	KUNIT_CASE(pgem_purge_test_exported_once),
	KUNIT_CASE(pgem_purge_test_exports_are_counted),
	KUNIT_CASE(pgem_purge_test_not_exported),
	KUNIT_CASE(pgem_purge_test_stays_purged),
	KUNIT_CASE(pgem_purge_test_reserved),
	KUNIT_CASE(pgem_purge_test_busy),
	KUNIT_CASE(pgem_purge_test_pinned),
	{ }
};

static struct kunit_suite pgem_purge_test_suite = {
	.name = "pgem_purge",
	.init = pgem_test_device_init,
	.test_cases = pgem_purge_test_cases,
};

kunit_test_suite(pgem_purge_test_suite);
