// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of pins and kernel mappings
 *
 * All pages of an object at once: that they come, stay as long as someone needs them,
 * hold what the object holds, and are not taken for clean when they are let go.
 */

#include <kunit/test.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/highmem.h>
#include <linux/iosys-map.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_pages.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"

/* Pages in each object here. */
#define PGEM_PAGES_TEST_PAGES	8U

/* An object that is numbered: its page i begins with i. */
static struct pgem_bo *pgem_pages_test_bo(struct kunit *test, struct pgem_device *pdev)
{
	struct pgem_bo *bo = pgem_test_bo_create_on(test, pdev,
						    PGEM_PAGES_TEST_PAGES << PAGE_SHIFT);
	u32 i;

	for (i = 0; i < PGEM_PAGES_TEST_PAGES; i++) {
		struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, i);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
		memcpy_to_page(page, 0, (char *)&i, sizeof(i));
		set_page_dirty(page);
		put_page(page);
	}

	return bo;
}

/* The first number in a page, as the object's file has it. */
static u32 pgem_pages_test_read(struct kunit *test, struct pgem_bo *bo, unsigned int index)
{
	struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, index);
	u32 value;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	memcpy_from_page((char *)&value, page, 0, sizeof(value));
	put_page(page);

	return value;
}

static int pgem_pages_test_pin(struct pgem_bo *bo)
{
	int ret;

	dma_resv_lock(bo->base.resv, NULL);
	ret = pgem_pages_pin_locked(bo);
	dma_resv_unlock(bo->base.resv);

	return ret;
}

static void pgem_pages_test_unpin(struct pgem_bo *bo)
{
	dma_resv_lock(bo->base.resv, NULL);
	pgem_pages_unpin_locked(bo);
	dma_resv_unlock(bo->base.resv);
}

static int pgem_pages_test_vmap(struct pgem_bo *bo, struct iosys_map *map)
{
	int ret;

	iosys_map_clear(map);
	dma_resv_lock(bo->base.resv, NULL);
	ret = bo->base.funcs->vmap(&bo->base, map);
	dma_resv_unlock(bo->base.resv);

	return ret;
}

static void pgem_pages_test_vunmap(struct pgem_bo *bo, struct iosys_map *map)
{
	dma_resv_lock(bo->base.resv, NULL);
	bo->base.funcs->vunmap(&bo->base, map);
	dma_resv_unlock(bo->base.resv);
}

/* The first number in a page of a kernel mapping. */
static u32 *pgem_pages_test_at(struct iosys_map *map, unsigned int index)
{
	return map->vaddr + (index << PAGE_SHIFT);
}

static void pgem_pages_test_pin_brings_all_in(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_PAGES_TEST_PAGES << PAGE_SHIFT);

	KUNIT_ASSERT_EQ(test, pgem_pages_test_pin(bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), bo->base.size);
	KUNIT_EXPECT_TRUE(test, mapping_unevictable(bo->base.filp->f_mapping));
	pgem_pages_test_unpin(bo);
	KUNIT_EXPECT_FALSE(test, mapping_unevictable(bo->base.filp->f_mapping));
}

static void pgem_pages_test_pins_are_counted(struct kunit *test)
{
	struct pgem_bo *bo = pgem_pages_test_bo(test, test->priv);
	struct page **pages;

	KUNIT_ASSERT_EQ(test, pgem_pages_test_pin(bo), 0);
	pages = bo->pages;
	KUNIT_EXPECT_EQ(test, pgem_pages_test_pin(bo), 0);
	KUNIT_EXPECT_EQ(test, bo->pins, 2);
	KUNIT_EXPECT_PTR_EQ(test, bo->pages, pages);

	pgem_pages_test_unpin(bo);
	KUNIT_EXPECT_EQ(test, bo->pins, 1);
	KUNIT_EXPECT_PTR_EQ(test, bo->pages, pages);
	KUNIT_EXPECT_TRUE(test, mapping_unevictable(bo->base.filp->f_mapping));

	pgem_pages_test_unpin(bo);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
	KUNIT_EXPECT_NULL(test, bo->pages);
}

/* Many times, as batches of the page cache come and go with a reference. */
static void pgem_pages_test_unpin_drops_references(struct kunit *test)
{
	struct pgem_bo *bo = pgem_pages_test_bo(test, test->priv);
	struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, 0);
	int i, references, times = 32;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	references = page_ref_count(page);
	for (i = 0; i < times; i++) {
		KUNIT_ASSERT_EQ(test, pgem_pages_test_pin(bo), 0);
		KUNIT_EXPECT_GT(test, page_ref_count(page), 1);
		pgem_pages_test_unpin(bo);
	}
	KUNIT_EXPECT_LT(test, page_ref_count(page), references + times);
	put_page(page);
}

static void pgem_pages_test_vmaps_are_counted(struct kunit *test)
{
	struct pgem_bo *bo = pgem_pages_test_bo(test, test->priv);
	struct iosys_map first, second;

	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(bo, &first), 0);
	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(bo, &second), 0);
	KUNIT_EXPECT_TRUE(test, iosys_map_is_equal(&first, &second));
	KUNIT_EXPECT_EQ(test, bo->vmaps, 2);
	KUNIT_EXPECT_EQ(test, bo->pins, 1);

	pgem_pages_test_vunmap(bo, &first);
	KUNIT_EXPECT_EQ(test, *pgem_pages_test_at(&second, 7), 7);

	pgem_pages_test_vunmap(bo, &second);
	KUNIT_EXPECT_EQ(test, bo->vmaps, 0);
	KUNIT_EXPECT_NULL(test, bo->vaddr);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
}

/* The pages stay for whoever is left. */
static void pgem_pages_test_vmap_beside_pin(struct kunit *test)
{
	struct pgem_bo *bo = pgem_pages_test_bo(test, test->priv);
	struct iosys_map map;

	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(bo, &map), 0);
	KUNIT_ASSERT_EQ(test, pgem_pages_test_pin(bo), 0);
	KUNIT_EXPECT_EQ(test, bo->pins, 2);
	pgem_pages_test_vunmap(bo, &map);
	KUNIT_EXPECT_EQ(test, bo->pins, 1);
	KUNIT_EXPECT_NOT_NULL(test, bo->pages);
	pgem_pages_test_unpin(bo);
}

static void pgem_pages_test_vmap_shows_the_object(struct kunit *test)
{
	struct pgem_bo *bo = pgem_pages_test_bo(test, test->priv);
	struct iosys_map map;
	u32 i;

	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(bo, &map), 0);
	KUNIT_EXPECT_FALSE(test, map.is_iomem);
	for (i = 0; i < PGEM_PAGES_TEST_PAGES; i++) {
		KUNIT_EXPECT_EQ(test, *pgem_pages_test_at(&map, i), i);
		*pgem_pages_test_at(&map, i) = i + 100;
	}
	pgem_pages_test_vunmap(bo, &map);

	for (i = 0; i < PGEM_PAGES_TEST_PAGES; i++)
		KUNIT_EXPECT_EQ(test, pgem_pages_test_read(test, bo, i), i + 100);
}

/* P19: the kernel leaves no trace in a page table, and reclaim drops clean pages. */
static void pgem_pages_test_written_is_dirty(struct kunit *test)
{
	struct pgem_bo *bo = pgem_pages_test_bo(test, test->priv);
	struct folio *folios[PGEM_PAGES_TEST_PAGES];
	struct iosys_map map;
	int i;

	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(bo, &map), 0);
	for (i = 0; i < PGEM_PAGES_TEST_PAGES; i++) {
		folios[i] = page_folio(bo->pages[i]);
		/* As after it has been written to swap. */
		folio_clear_dirty(folios[i]);
		*pgem_pages_test_at(&map, i) = i + 100;
	}
	pgem_pages_test_vunmap(bo, &map);

	for (i = 0; i < PGEM_PAGES_TEST_PAGES; i++)
		KUNIT_EXPECT_TRUE_MSG(test, folio_test_dirty(folios[i]), "page %d", i);
}

/* The memory is there as ever, and a refusal would make the dma-buf core warn. */
static void pgem_pages_test_unplugged(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_test_device_create(test, "pgem-neighbour");
	struct pgem_bo *bo = pgem_pages_test_bo(test, neighbour);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, dmabuf);
	struct iosys_map map, own;

	neighbour->drm.unplugged = true;
	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(import, &map), 0);
	KUNIT_EXPECT_EQ(test, pgem_pages_test_vmap(bo, &own), 0);
	KUNIT_EXPECT_EQ(test, *pgem_pages_test_at(&map, 3), 3);
	KUNIT_EXPECT_EQ(test, *pgem_pages_test_at(&own, 4), 4);
	pgem_pages_test_vunmap(bo, &own);
	pgem_pages_test_vunmap(import, &map);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
}

/* More pages than an array can name: said so, and not tried, which would warn. */
static void pgem_pages_test_too_large(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PAGE_SIZE);
	struct iosys_map map;

	bo->base.size = (u64)(INT_MAX / sizeof(void *) + 1) << PAGE_SHIFT;
	KUNIT_EXPECT_EQ(test, pgem_pages_test_pin(bo), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pgem_pages_test_vmap(bo, &map), -ENOMEM);
	bo->base.size = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
	KUNIT_EXPECT_EQ(test, bo->vmaps, 0);
}

/* Two ways to one memory, which neither copies. */
static void pgem_pages_test_import_shows_exporters(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_test_device_create(test, "pgem-neighbour");
	struct pgem_bo *bo = pgem_pages_test_bo(test, neighbour);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDWR);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, dmabuf);
	struct iosys_map map, own;

	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(import, &map), 0);
	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(bo, &own), 0);
	KUNIT_EXPECT_TRUE(test, iosys_map_is_equal(&map, &own));
	KUNIT_EXPECT_EQ(test, bo->vmaps, 2);
	KUNIT_EXPECT_EQ(test, import->vmaps, 0);
	pgem_pages_test_vunmap(bo, &own);

	KUNIT_EXPECT_EQ(test, *pgem_pages_test_at(&map, 3), 3);
	*pgem_pages_test_at(&map, 3) = 103;
	KUNIT_EXPECT_EQ(test, pgem_pages_test_read(test, bo, 3), 103);

	pgem_pages_test_vunmap(import, &map);
	KUNIT_EXPECT_EQ(test, bo->vmaps, 0);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
}

/* An exporter's mapping is handed on as it is, also where it is no memory. */
static void pgem_pages_test_import_of_io_memory(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct iosys_map map;

	KUNIT_ASSERT_EQ(test, pgem_pages_test_vmap(import, &map), 0);
	KUNIT_EXPECT_TRUE(test, map.is_iomem);
	KUNIT_EXPECT_PTR_EQ(test, (__force void *)map.vaddr_iomem, exporter);
	KUNIT_EXPECT_EQ(test, exporter->vmaps, 1);
	pgem_pages_test_vunmap(import, &map);
	KUNIT_EXPECT_EQ(test, exporter->vmaps, 0);
}

static void pgem_pages_test_import_without_vmap(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct iosys_map map;

	exporter->ops.vmap = NULL;
	KUNIT_EXPECT_EQ(test, pgem_pages_test_vmap(import, &map), -EINVAL);
}

/* Neither a device nor the kernel is to touch it; the others are let go, and not leaked. */
static void pgem_pages_test_poisoned(struct kunit *test)
{
	struct pgem_bo *bo = pgem_pages_test_bo(test, test->priv);
	struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, 1);
	struct iosys_map map;
	int references;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "needs CONFIG_MEMORY_FAILURE");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	references = page_ref_count(page);
	SetPageHWPoison(page);
	KUNIT_EXPECT_EQ(test, pgem_pages_test_pin(bo), -EHWPOISON);
	KUNIT_EXPECT_EQ(test, pgem_pages_test_vmap(bo, &map), -EHWPOISON);
	ClearPageHWPoison(page);
	KUNIT_EXPECT_EQ(test, bo->pins, 0);
	KUNIT_EXPECT_EQ(test, bo->vmaps, 0);
	KUNIT_EXPECT_NULL(test, bo->pages);
	KUNIT_EXPECT_LE(test, page_ref_count(page), references);
	put_page(page);
	KUNIT_ASSERT_EQ(test, pgem_pages_test_pin(bo), 0);
	pgem_pages_test_unpin(bo);
}

static struct kunit_case pgem_pages_test_cases[] = {
	KUNIT_CASE(pgem_pages_test_pin_brings_all_in),
	KUNIT_CASE(pgem_pages_test_pins_are_counted),
	KUNIT_CASE(pgem_pages_test_unpin_drops_references),
	KUNIT_CASE(pgem_pages_test_vmaps_are_counted),
	KUNIT_CASE(pgem_pages_test_vmap_beside_pin),
	KUNIT_CASE(pgem_pages_test_vmap_shows_the_object),
	KUNIT_CASE(pgem_pages_test_written_is_dirty),
	KUNIT_CASE(pgem_pages_test_unplugged),
	KUNIT_CASE(pgem_pages_test_poisoned),
	KUNIT_CASE(pgem_pages_test_too_large),
	KUNIT_CASE(pgem_pages_test_import_shows_exporters),
	KUNIT_CASE(pgem_pages_test_import_of_io_memory),
	KUNIT_CASE(pgem_pages_test_import_without_vmap),
	{ }
};

static struct kunit_suite pgem_pages_test_suite = {
	.name = "pgem_pages",
	.init = pgem_test_device_init,
	.test_cases = pgem_pages_test_cases,
};

kunit_test_suite(pgem_pages_test_suite);
