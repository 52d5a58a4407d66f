// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of GEM_MADVISE
 *
 * What a client can say of an object and what it cannot, what it is told, and that the
 * list of objects that can be purged has those that are not needed.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/list_lru.h>
#include <linux/mm.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_purge.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_file.h"

/* Said any number of times, and always the same. */
static void pgem_madvise_test_retained_is_said(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	unsigned int references = kref_read(&bo->base.refcount);
	u32 i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, pgem_test_file_advise(test, bo, i % 2), 1);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), references);
}

/* The list is of what is not needed, and of nothing else. */
static void pgem_madvise_test_list(struct kunit *test)
{
	struct pgem_device *pdev = test->priv;
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	int i;

	KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(bo));
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_WILLNEED);
	KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(bo));
	for (i = 0; i < 3; i++) {
		pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
		KUNIT_EXPECT_TRUE(test, pgem_test_bo_is_listed(bo));
		KUNIT_EXPECT_EQ(test, list_lru_count(&pdev->purge.lru), 1);
		/* Once is enough. */
		pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
		KUNIT_EXPECT_EQ(test, list_lru_count(&pdev->purge.lru), 1);
		pgem_test_file_advise(test, bo, DRM_PGEM_MADV_WILLNEED);
		KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(bo));
		KUNIT_EXPECT_EQ(test, list_lru_count(&pdev->purge.lru), 0);
	}
}

/* There is nothing in it any more that could be purged. */
static void pgem_madvise_test_purged(struct kunit *test)
{
	struct pgem_device *pdev = test->priv;
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	u32 advice;

	pgem_test_bo_touch(test, bo, 1);
	pgem_test_file_advise(test, bo, DRM_PGEM_MADV_DONTNEED);
	KUNIT_EXPECT_EQ(test, pgem_purge_scan_all(pdev, 1), 1);
	for (advice = 0; advice <= DRM_PGEM_MADV_DONTNEED; advice++) {
		KUNIT_EXPECT_EQ(test, pgem_test_file_advise(test, bo, advice), 0);
		KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(bo));
	}
	KUNIT_EXPECT_EQ(test, list_lru_count(&pdev->purge.lru), 0);
}

/* Expects a refusal, with nothing written and nothing advised. */
static void pgem_madvise_test_refused(struct kunit *test, struct pgem_bo *bo,
				      struct drm_file *file, struct drm_pgem_gem_madvise args,
				      int error)
{
	const struct drm_pgem_gem_madvise before = args;
	unsigned int references = kref_read(&bo->base.refcount);

	KUNIT_EXPECT_EQ_MSG(test, pgem_ioctl_gem_madvise(bo->base.dev, &args, file), error,
			    "handle %u advice %u retained %u pad %u", before.handle,
			    before.advice, before.retained, before.pad);
	KUNIT_EXPECT_MEMEQ(test, &args, &before, sizeof(args));
	KUNIT_EXPECT_EQ(test, bo->advice, DRM_PGEM_MADV_WILLNEED);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), references);
	KUNIT_EXPECT_FALSE(test, pgem_test_bo_is_listed(bo));
}

static void pgem_madvise_test_bad_arguments(struct kunit *test)
{
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	struct drm_pgem_gem_madvise good = {
		.handle = pgem_test_file_handle(test, file, bo),
		.advice = DRM_PGEM_MADV_DONTNEED,
	};
	int bit;

	for (bit = 0; bit < 32; bit++) {
		struct drm_pgem_gem_madvise advice = good, retained = good, pad = good;

		/* Beside what is known: PGEM_PURGED is among the first of these. */
		advice.advice = bit ? BIT(bit) : U32_MAX;
		retained.retained = BIT(bit);
		pad.pad = BIT(bit);
		pgem_madvise_test_refused(test, bo, file, advice, -EINVAL);
		pgem_madvise_test_refused(test, bo, file, retained, -EINVAL);
		pgem_madvise_test_refused(test, bo, file, pad, -EINVAL);
	}
	good.handle++;
	pgem_madvise_test_refused(test, bo, file, good, -ENOENT);
}

static void pgem_madvise_test_import_refused(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct drm_pgem_gem_madvise args = {
		.handle = pgem_test_file_handle(test, file, import),
		.advice = DRM_PGEM_MADV_DONTNEED,
	};

	pgem_madvise_test_refused(test, import, file, args, -EINVAL);
}

static struct kunit_case pgem_madvise_test_cases[] = {
	KUNIT_CASE(pgem_madvise_test_retained_is_said),
	KUNIT_CASE(pgem_madvise_test_list),
	KUNIT_CASE(pgem_madvise_test_purged),
	KUNIT_CASE(pgem_madvise_test_bad_arguments),
	KUNIT_CASE(pgem_madvise_test_import_refused),
	{ }
};

static struct kunit_suite pgem_madvise_test_suite = {
	.name = "pgem_madvise",
	.init = pgem_test_device_init,
	.test_cases = pgem_madvise_test_cases,
};

kunit_test_suite(pgem_madvise_test_suite);
