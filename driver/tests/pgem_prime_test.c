// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of imports
 *
 * What an object of another driver's dma-buf is, what is refused, and that every
 * reference to the dma-buf goes where it came from. The test's device imports; its
 * neighbour, a pgem device too, is as foreign to it as any, and an exporter made by
 * hand refuses what no real one would.
 */

#include <kunit/test.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <drm/drm_gem.h>
#include <drm/drm_mm.h>
#include <drm/drm_prime.h>
#include <drm/drm_vma_manager.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_prime.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_file.h"

static struct pgem_device *pgem_prime_test_neighbour(struct kunit *test)
{
	return pgem_test_device_create(test, "pgem-neighbour");
}

static void pgem_prime_test_import_is_marked(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_prime_test_neighbour(test);
	struct pgem_bo *bo = pgem_test_bo_create_on(test, neighbour, SZ_1M);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, dmabuf);
	struct pgem_device *pdev = test->priv;

	KUNIT_EXPECT_PTR_NE(test, import, bo);
	KUNIT_EXPECT_PTR_EQ(test, import->base.dev, &pdev->drm);
	KUNIT_EXPECT_EQ(test, import->flags, DRM_PGEM_GEM_IMPORTED);
	KUNIT_EXPECT_EQ(test, import->base.size, SZ_1M);
	KUNIT_EXPECT_TRUE(test, drm_gem_is_imported(&import->base));
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 1);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos_of(neighbour), 1);
}

/* Whoever waits for one of the two waits for the other. */
static void pgem_prime_test_import_shares_fences(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_prime_test_neighbour(test);
	struct pgem_bo *bo = pgem_test_bo_create_on(test, neighbour, PAGE_SIZE);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, dmabuf);

	KUNIT_EXPECT_PTR_EQ(test, dmabuf->resv, bo->base.resv);
	KUNIT_EXPECT_PTR_EQ(test, import->base.resv, dmabuf->resv);
}

/* P10: no shmem file, which would be a second memory; and no page of the exporter's. */
static void pgem_prime_test_import_has_no_memory(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_prime_test_neighbour(test);
	struct pgem_bo *bo = pgem_test_bo_create_on(test, neighbour, SZ_1M);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, dmabuf);

	KUNIT_EXPECT_NULL(test, import->base.filp);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(import), 0);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
}

static void pgem_prime_test_import_info(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, 3 * PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct drm_file *file = pgem_test_file_open(test, 1);
	struct drm_pgem_gem_info args = { .resident = 1 };

	args.handle = pgem_test_file_handle(test, file, import);
	KUNIT_EXPECT_EQ(test, pgem_ioctl_gem_info(import->base.dev, &args, file), 0);
	KUNIT_EXPECT_EQ(test, args.flags, DRM_PGEM_GEM_IMPORTED);
	KUNIT_EXPECT_EQ(test, args.size, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, args.resident, 0);
}

/* For who asks; most never do. */
static void pgem_prime_test_import_offset(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, 3 * PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	u64 offset;

	KUNIT_EXPECT_FALSE(test, drm_mm_node_allocated(&import->base.vma_node.vm_node));
	KUNIT_EXPECT_EQ(test, pgem_test_file_offset(test, import, &offset), 0);
	KUNIT_EXPECT_EQ(test, offset, drm_vma_node_offset_addr(&import->base.vma_node));
	KUNIT_EXPECT_EQ(test, drm_vma_node_size(&import->base.vma_node), 3);
}

/**
 * struct pgem_prime_test_size - a dma-buf's size, and that of an object made of it
 */
struct pgem_prime_test_size {
	/** @desc: name of the case */
	const char *desc;

	/** @size: bytes in the dma-buf */
	size_t size;

	/** @given: bytes in the object */
	u64 given;
};

static const struct pgem_prime_test_size pgem_prime_test_sizes[] = {
	{ .desc = "one-byte", .size = 1, .given = PAGE_SIZE },
	{ .desc = "page-less-one", .size = PAGE_SIZE - 1, .given = PAGE_SIZE },
	{ .desc = "page", .size = PAGE_SIZE, .given = PAGE_SIZE },
	{ .desc = "page-and-one", .size = PAGE_SIZE + 1, .given = 2 * PAGE_SIZE },
#ifdef CONFIG_64BIT
	/* pgem's own limit is for memory that pgem allocates. */
	{ .desc = "above-the-limit", .size = 512UL << 30, .given = 512UL << 30 },
#endif
};

KUNIT_ARRAY_PARAM_DESC(pgem_prime_test_size, pgem_prime_test_sizes, desc);

static void pgem_prime_test_import_size(struct kunit *test)
{
	const struct pgem_prime_test_size *param = test->param_value;
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, param->size);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);

	KUNIT_EXPECT_EQ(test, import->base.size, param->given);
}

/* One of each for as long as the object lives: attachment and reference. */
static void pgem_prime_test_import_holds_dmabuf(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	long references = file_count(exporter->dmabuf->file);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);

	KUNIT_EXPECT_EQ(test, exporter->attached, 1);
	KUNIT_EXPECT_EQ(test, file_count(exporter->dmabuf->file), references + 1);

	pgem_test_bo_put(test, import);
	KUNIT_EXPECT_EQ(test, exporter->attached, 0);
	KUNIT_EXPECT_EQ(test, file_count(exporter->dmabuf->file), references);
}

static void pgem_prime_test_import_twice(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	struct pgem_bo *first = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct pgem_bo *second = pgem_test_dmabuf_import(test, exporter->dmabuf);

	KUNIT_EXPECT_PTR_NE(test, first, second);
	KUNIT_EXPECT_EQ(test, exporter->attached, 2);
	pgem_test_bo_put(test, first);
	KUNIT_EXPECT_EQ(test, exporter->attached, 1);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 1);
}

static void pgem_prime_test_own_is_the_object(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	long files = file_count(dmabuf->file);
	unsigned int references = kref_read(&bo->base.refcount);

	KUNIT_EXPECT_PTR_EQ(test, pgem_test_dmabuf_import(test, dmabuf), bo);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), references + 1);
	KUNIT_EXPECT_EQ(test, file_count(dmabuf->file), files);
	KUNIT_EXPECT_TRUE(test, list_empty(&dmabuf->attachments));
	KUNIT_EXPECT_EQ(test, bo->flags, 0);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 1);
}

static void pgem_prime_test_attachment_refused(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	long references = file_count(exporter->dmabuf->file);
	struct pgem_device *pdev = test->priv;

	exporter->attach_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(pgem_prime_import(&pdev->drm, exporter->dmabuf)),
			-EBUSY);
	KUNIT_EXPECT_TRUE(test, list_empty(&exporter->dmabuf->attachments));
	KUNIT_EXPECT_EQ(test, file_count(exporter->dmabuf->file), references);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
}

/* What DRM answers to a client that exports an import, for which pgem's own has no say. */
static void pgem_prime_test_export_of_import(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct drm_file *file = pgem_test_file_open(test, 1);
	u32 handle = pgem_test_file_handle(test, file, import);
	struct dma_buf *dmabuf;

	dmabuf = drm_gem_prime_handle_to_dmabuf(import->base.dev, file, handle, O_RDWR);
	KUNIT_EXPECT_PTR_EQ(test, dmabuf, exporter->dmabuf);
	if (!IS_ERR(dmabuf))
		dma_buf_put(dmabuf);
}

/* What is put, and when; the three of them in every order. */
enum { PGEM_PRIME_TEST_OBJECT, PGEM_PRIME_TEST_DMABUF, PGEM_PRIME_TEST_IMPORT };

/**
 * struct pgem_prime_test_order - an order in which references are dropped
 */
struct pgem_prime_test_order {
	/** @desc: name of the case */
	const char *desc;

	/** @put: what is put first, second and third */
	int put[3];
};

#define PGEM_PRIME_TEST_ORDER(name, first, second, third) \
	{ .desc = name, .put = { PGEM_PRIME_TEST_ ## first, PGEM_PRIME_TEST_ ## second, \
				 PGEM_PRIME_TEST_ ## third } }

static const struct pgem_prime_test_order pgem_prime_test_orders[] = {
	PGEM_PRIME_TEST_ORDER("object-dmabuf-import", OBJECT, DMABUF, IMPORT),
	PGEM_PRIME_TEST_ORDER("object-import-dmabuf", OBJECT, IMPORT, DMABUF),
	PGEM_PRIME_TEST_ORDER("dmabuf-object-import", DMABUF, OBJECT, IMPORT),
	PGEM_PRIME_TEST_ORDER("dmabuf-import-object", DMABUF, IMPORT, OBJECT),
	PGEM_PRIME_TEST_ORDER("import-object-dmabuf", IMPORT, OBJECT, DMABUF),
	PGEM_PRIME_TEST_ORDER("import-dmabuf-object", IMPORT, DMABUF, OBJECT),
};

KUNIT_ARRAY_PARAM_DESC(pgem_prime_test_order, pgem_prime_test_orders, desc);

/* An object lives until the last that leads to it is gone, and not longer. */
static void pgem_prime_test_close_order(struct kunit *test)
{
	const struct pgem_prime_test_order *param = test->param_value;
	struct pgem_device *neighbour = pgem_prime_test_neighbour(test);
	struct pgem_bo *bo = pgem_test_bo_create_on(test, neighbour, PAGE_SIZE);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, dmabuf);
	int i, imports = 1;

	for (i = 0; i < ARRAY_SIZE(param->put); i++) {
		KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos_of(neighbour), 1);
		KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), imports);
		if (param->put[i] == PGEM_PRIME_TEST_OBJECT) {
			pgem_test_bo_put(test, bo);
		} else if (param->put[i] == PGEM_PRIME_TEST_DMABUF) {
			pgem_test_dmabuf_put(test, dmabuf);
		} else {
			pgem_test_bo_put(test, import);
			imports = 0;
		}
	}
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos_of(neighbour), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
}

/*
 * References first: IGT loads this module anew for each case, and what has leaked keeps
 * it where it is. Those after that are skipped.
 */
static struct kunit_case pgem_prime_test_cases[] = {
	KUNIT_CASE(pgem_prime_test_import_holds_dmabuf),
	KUNIT_CASE(pgem_prime_test_import_is_marked),
	KUNIT_CASE(pgem_prime_test_import_shares_fences),
	KUNIT_CASE(pgem_prime_test_import_has_no_memory),
	KUNIT_CASE(pgem_prime_test_import_info),
	KUNIT_CASE(pgem_prime_test_import_offset),
	KUNIT_CASE_PARAM(pgem_prime_test_import_size, pgem_prime_test_size_gen_params),
	KUNIT_CASE(pgem_prime_test_import_twice),
	KUNIT_CASE(pgem_prime_test_own_is_the_object),
	KUNIT_CASE(pgem_prime_test_attachment_refused),
	KUNIT_CASE(pgem_prime_test_export_of_import),
	KUNIT_CASE_PARAM(pgem_prime_test_close_order, pgem_prime_test_order_gen_params),
	{ }
};

static struct kunit_suite pgem_prime_test_suite = {
	.name = "pgem_prime",
	.init = pgem_test_device_init,
	.test_cases = pgem_prime_test_cases,
};

kunit_test_suite(pgem_prime_test_suite);
