// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of statistics and labels
 *
 * What DRM is told about an object's memory, and what GEM_LABEL makes of what a program
 * passes. A label is read from a program's memory, here a page that is followed by none.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_purge.h"
#include "pgem_stats.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_file.h"
#include "pgem_test_mapping.h"

/* A label that is there before another one is refused, and after. */
#define PGEM_STATS_TEST_LABEL	"before"

static enum drm_gem_object_status pgem_stats_test_status(struct pgem_bo *bo)
{
	return bo->base.funcs->status(&bo->base);
}

static size_t pgem_stats_test_rss(struct pgem_bo *bo)
{
	return bo->base.funcs->rss(&bo->base);
}

/* Of pages that exist, and not the size. */
static void pgem_stats_test_resident(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, 16 * PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, pgem_stats_test_status(bo), DRM_GEM_OBJECT_RESIDENT);
	KUNIT_EXPECT_EQ(test, pgem_stats_test_rss(bo), 0);
	pgem_test_bo_touch(test, bo, 3);
	KUNIT_EXPECT_EQ(test, pgem_stats_test_rss(bo), 3 * PAGE_SIZE);
}

static void pgem_stats_test_purgeable(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, 16 * PAGE_SIZE);
	struct dma_buf *dmabuf;

	pgem_test_bo_touch(test, bo, 3);
	bo->advice = DRM_PGEM_MADV_DONTNEED;
	KUNIT_EXPECT_EQ(test, pgem_stats_test_status(bo),
			DRM_GEM_OBJECT_RESIDENT | DRM_GEM_OBJECT_PURGEABLE);

	/* What others have is not. */
	dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	KUNIT_EXPECT_EQ(test, pgem_stats_test_status(bo), DRM_GEM_OBJECT_RESIDENT);
	pgem_test_dmabuf_put(test, dmabuf);

	KUNIT_EXPECT_EQ(test, pgem_purge_try(bo), 3);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_EQ(test, pgem_stats_test_status(bo), DRM_GEM_OBJECT_RESIDENT);
	KUNIT_EXPECT_EQ(test, pgem_stats_test_rss(bo), 0);
}

/* Of another driver's memory nothing is known, and nothing said. */
static void pgem_stats_test_imported(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);

	KUNIT_EXPECT_EQ(test, pgem_stats_test_rss(import), 0);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(import), 0);
	KUNIT_EXPECT_FALSE(test, pgem_stats_test_status(import) & DRM_GEM_OBJECT_PURGEABLE);
}

/*
 * Each page once, however often it is mapped, and only while it is. The second mapping has
 * no neighbour that exists, which a fault would map as well.
 */
static void pgem_stats_test_mapped(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_open(test, bo);
	unsigned long first = pgem_test_mapping_create(test, file, 0);
	unsigned long second = pgem_test_mapping_create(test, file, 6);
	u32 value;

	pgem_test_bo_touch(test, bo, 1);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(first, 1, &value), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(first, 6, &value), 0);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(second, 0, &value), 0);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 2 * PAGE_SIZE);
	vm_munmap(first, bo->base.size);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), PAGE_SIZE);
	vm_munmap(second, (PGEM_TEST_MAPPING_PAGES - 6) << PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, pgem_stats_mapped(bo), 0);
}

static int pgem_stats_test_label(struct pgem_bo *bo, struct drm_file *file, u32 handle,
				 unsigned long label)
{
	struct drm_pgem_gem_label args = { .handle = handle, .label = label };

	return pgem_ioctl_gem_label(bo->base.dev, &args, file);
}

/* Puts @size bytes at the end of the program's page; returns where that is. */
static unsigned long pgem_stats_test_user(struct kunit *test, const char *text, size_t size)
{
	unsigned long page = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);
	unsigned long address = page + PAGE_SIZE - size;

	KUNIT_ASSERT_FALSE(test, !page || IS_ERR_VALUE(page));
	KUNIT_ASSERT_EQ(test, 0, vm_munmap(page + PAGE_SIZE, PAGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, copy_to_user((char __user *)address, text, size));

	return address;
}

/**
 * struct pgem_stats_test_text - what a program passes as a label
 */
struct pgem_stats_test_text {
	/** @desc: name of the case */
	const char *desc;

	/** @length: bytes before the closing zero, or before the memory's end */
	size_t length;

	/** @open: there is no closing zero */
	bool open;

	/** @error: what is said to it */
	int error;
};

static const struct pgem_stats_test_text pgem_stats_test_texts[] = {
	{ .desc = "empty", .length = 0 },
	{ .desc = "one", .length = 1 },
	{ .desc = "longest", .length = DRM_PGEM_LABEL_SIZE - 1 },
	{ .desc = "too-long", .length = DRM_PGEM_LABEL_SIZE, .error = -E2BIG },
	{ .desc = "much-too-long", .length = 4 * DRM_PGEM_LABEL_SIZE, .error = -E2BIG },
	{ .desc = "open", .length = DRM_PGEM_LABEL_SIZE - 1, .open = true, .error = -EFAULT },
	{ .desc = "open-and-too-long", .length = DRM_PGEM_LABEL_SIZE, .open = true,
	  .error = -E2BIG },
};

KUNIT_ARRAY_PARAM_DESC(pgem_stats_test_text, pgem_stats_test_texts, desc);

/* No byte behind it is read, and what is refused changes nothing. */
static void pgem_stats_test_label_text(struct kunit *test)
{
	const struct pgem_stats_test_text *param = test->param_value;
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	u32 handle = pgem_test_file_handle(test, file, bo);
	char text[4 * DRM_PGEM_LABEL_SIZE + 1] = "";
	unsigned long address;

	memset(text, 'x', param->length);
	address = pgem_stats_test_user(test, text, param->length + !param->open);
	KUNIT_ASSERT_EQ(test, pgem_stats_set_label(bo, PGEM_STATS_TEST_LABEL), 0);
	KUNIT_EXPECT_EQ(test, pgem_stats_test_label(bo, file, handle, address), param->error);
	KUNIT_EXPECT_STREQ(test, bo->label ?: "", param->error ? PGEM_STATS_TEST_LABEL : text);
}

static void pgem_stats_test_label_none(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	u32 handle = pgem_test_file_handle(test, file, bo);

	KUNIT_EXPECT_NULL(test, bo->label);
	KUNIT_ASSERT_EQ(test, pgem_stats_set_label(bo, PGEM_STATS_TEST_LABEL), 0);
	KUNIT_EXPECT_EQ(test, pgem_stats_test_label(bo, file, handle, 0), 0);
	KUNIT_EXPECT_NULL(test, bo->label);
	/* The test's and the handle's. */
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), 2);
}

static void pgem_stats_test_label_of_import(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct drm_file *file = pgem_test_file_open(test, 1);
	u32 handle = pgem_test_file_handle(test, file, import);
	unsigned long address = pgem_stats_test_user(test, "import", sizeof("import"));

	KUNIT_EXPECT_EQ(test, pgem_stats_test_label(import, file, handle, address), 0);
	KUNIT_EXPECT_STREQ(test, import->label, "import");
}

static void pgem_stats_test_label_refused(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	u32 handle = pgem_test_file_handle(test, file, bo);
	int bit;

	KUNIT_ASSERT_EQ(test, pgem_stats_set_label(bo, PGEM_STATS_TEST_LABEL), 0);
	for (bit = 0; bit < 32; bit++) {
		struct drm_pgem_gem_label args = { .handle = handle, .pad = BIT(bit) };

		KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_label(bo->base.dev, &args, file), -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, pgem_stats_test_label(bo, file, handle + 1, 0), -ENOENT);
	/* Nothing is mapped in the first page, and the last one is the kernel's. */
	KUNIT_EXPECT_EQ(test, pgem_stats_test_label(bo, file, handle, 1), -EFAULT);
	KUNIT_EXPECT_EQ(test, pgem_stats_test_label(bo, file, handle, -1UL), -EFAULT);
	KUNIT_EXPECT_STREQ(test, bo->label, PGEM_STATS_TEST_LABEL);
}

static struct kunit_case pgem_stats_test_cases[] = {
	KUNIT_CASE(pgem_stats_test_resident),
	KUNIT_CASE(pgem_stats_test_purgeable),
	KUNIT_CASE(pgem_stats_test_imported),
	KUNIT_CASE(pgem_stats_test_mapped),
	KUNIT_CASE_PARAM(pgem_stats_test_label_text, pgem_stats_test_text_gen_params),
	KUNIT_CASE(pgem_stats_test_label_none),
	KUNIT_CASE(pgem_stats_test_label_of_import),
	KUNIT_CASE(pgem_stats_test_label_refused),
	{ }
};

static struct kunit_suite pgem_stats_test_suite = {
	.name = "pgem_stats",
	.init = pgem_test_device_init,
	.test_cases = pgem_stats_test_cases,
};

kunit_test_suite(pgem_stats_test_suite);
