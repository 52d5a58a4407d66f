// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of objects with large folios
 *
 * Who gets them and who does not, how they are counted, and what is said without a
 * mount for them. Which sizes the folios have is the kernel's business.
 */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/path.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_purge.h"
#include "pgem_test_device.h"
#include "pgem_test_file.h"

static struct pgem_bo *pgem_shmem_test_huge(struct kunit *test, u64 size)
{
	struct pgem_bo *bo = pgem_bo_create(test->priv, size, DRM_PGEM_GEM_HUGE);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bo);
	pgem_test_bo_adopt(test, bo);

	return bo;
}

/* Pages in the folio that one of an object's pages belongs to; brings it in. */
static unsigned long pgem_shmem_test_folio(struct kunit *test, struct pgem_bo *bo, pgoff_t index)
{
	struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, index);
	unsigned long pages;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	pages = folio_nr_pages(page_folio(page));
	put_page(page);

	return pages;
}

static u64 pgem_shmem_test_flags(struct kunit *test)
{
	struct drm_pgem_get_param args = { .param = DRM_PGEM_PARAM_CREATE_FLAGS };
	struct pgem_device *pdev = test->priv;

	KUNIT_ASSERT_EQ(test, 0, pgem_ioctl_get_param(&pdev->drm, &args, NULL));

	return args.value;
}

static void pgem_shmem_test_mount(struct kunit *test)
{
	struct pgem_device *pdev = test->priv;
	struct pgem_bo *small = pgem_test_bo_create(test, SZ_4M);
	struct pgem_bo *huge = pgem_shmem_test_huge(test, SZ_4M);

	KUNIT_ASSERT_NOT_NULL(test, pdev->huge_mnt);
	KUNIT_EXPECT_PTR_EQ(test, huge->base.filp->f_path.mnt, pdev->huge_mnt);
	KUNIT_EXPECT_PTR_NE(test, small->base.filp->f_path.mnt, pdev->huge_mnt);
	KUNIT_EXPECT_EQ(test, pgem_shmem_test_flags(test), DRM_PGEM_GEM_HUGE);
}

/* Apart from the mount it is an object like others: as lazy, as large, as immovable. */
static void pgem_shmem_test_starts_empty(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shmem_test_huge(test, SZ_4M + 1);

	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
	KUNIT_EXPECT_EQ(test, bo->base.size, SZ_4M + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, i_size_read(file_inode(bo->base.filp)), SZ_4M + PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, mapping_gfp_mask(bo->base.filp->f_mapping) == GFP_HIGHUSER);
}

static void pgem_shmem_test_info(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_bo *bo = pgem_shmem_test_huge(test, SZ_4M);
	struct drm_pgem_gem_info info = { .handle = pgem_test_file_handle(test, file, bo) };

	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_info(bo->base.dev, &info, file), 0);
	KUNIT_EXPECT_EQ(test, info.flags, DRM_PGEM_GEM_HUGE);
}

/* A touch brings in a folio, all of whose pages exist then, and no more than that. */
static void pgem_shmem_test_counts_whole_folios(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shmem_test_huge(test, 2 * SZ_4M);
	unsigned long pages = pgem_shmem_test_folio(test, bo, 5);

	KUNIT_EXPECT_GT(test, pages, 1);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), pages << PAGE_SHIFT);
	/* Its neighbour is there already. */
	KUNIT_EXPECT_EQ(test, pgem_shmem_test_folio(test, bo, 4), pages);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), pages << PAGE_SHIFT);
}

static void pgem_shmem_test_small_unless_asked(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, SZ_4M);

	KUNIT_EXPECT_EQ(test, pgem_shmem_test_folio(test, bo, 5), 1);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), PAGE_SIZE);
}

/**
 * struct pgem_shmem_test_size - size of an object
 */
struct pgem_shmem_test_size {
	/** @desc: name of the case */
	const char *desc;

	/** @size: bytes */
	u64 size;
};

static const struct pgem_shmem_test_size pgem_shmem_test_sizes[] = {
	{ .desc = "page", .size = PAGE_SIZE },
	{ .desc = "three-pages", .size = 3 * PAGE_SIZE },
	{ .desc = "2m-less-page", .size = SZ_2M - PAGE_SIZE },
	{ .desc = "2m", .size = SZ_2M },
	{ .desc = "2m-and-page", .size = SZ_2M + PAGE_SIZE },
	{ .desc = "6m-less-page", .size = 6 * SZ_1M - PAGE_SIZE },
};

KUNIT_ARRAY_PARAM_DESC(pgem_shmem_test_size, pgem_shmem_test_sizes, desc);

/* No folio reaches past the object's end: what it has is what it says. */
static void pgem_shmem_test_within_size(struct kunit *test)
{
	const struct pgem_shmem_test_size *param = test->param_value;
	struct pgem_bo *bo = pgem_shmem_test_huge(test, param->size);

	pgem_shmem_test_folio(test, bo, (param->size >> PAGE_SHIFT) - 1);
	KUNIT_EXPECT_LE(test, pgem_bo_resident(bo), param->size);
	pgem_test_bo_touch(test, bo, param->size >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), param->size);
}

static void pgem_shmem_test_purged(struct kunit *test)
{
	struct pgem_bo *bo = pgem_shmem_test_huge(test, SZ_4M);

	pgem_test_bo_touch(test, bo, SZ_4M >> PAGE_SHIFT);
	bo->advice = DRM_PGEM_MADV_DONTNEED;
	KUNIT_EXPECT_EQ(test, pgem_purge_try(bo), SZ_4M >> PAGE_SHIFT);
	KUNIT_EXPECT_TRUE(test, pgem_purge_is_done(bo));
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
}

/* As on a kernel without large folios. The mount itself goes with the device. */
static void pgem_shmem_test_no_mount(struct kunit *test)
{
	struct drm_pgem_gem_create args = { .size = SZ_4M, .flags = DRM_PGEM_GEM_HUGE };
	const struct drm_pgem_gem_create before = args;
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_device *pdev = test->priv;

	pdev->huge_mnt = NULL;
	KUNIT_EXPECT_EQ(test, pgem_shmem_test_flags(test), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(pgem_bo_create(pdev, SZ_4M, DRM_PGEM_GEM_HUGE)),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_create(&pdev->drm, &args, file), -EOPNOTSUPP);
	KUNIT_EXPECT_MEMEQ(test, &args, &before, sizeof(args));
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);

	args.flags = 0;
	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_create(&pdev->drm, &args, file), 0);
}

static struct kunit_case pgem_shmem_test_cases[] = {
	KUNIT_CASE(pgem_shmem_test_mount),
	KUNIT_CASE(pgem_shmem_test_starts_empty),
	KUNIT_CASE(pgem_shmem_test_info),
	KUNIT_CASE(pgem_shmem_test_counts_whole_folios),
	KUNIT_CASE(pgem_shmem_test_small_unless_asked),
	KUNIT_CASE_PARAM(pgem_shmem_test_within_size, pgem_shmem_test_size_gen_params),
	KUNIT_CASE(pgem_shmem_test_purged),
	KUNIT_CASE(pgem_shmem_test_no_mount),
	{ }
};

static struct kunit_suite pgem_shmem_test_suite = {
	.name = "pgem_shmem",
	.init = pgem_test_device_init,
	.test_cases = pgem_shmem_test_cases,
};

kunit_test_suite(pgem_shmem_test_suite);
