// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of what a fault maps around its own page
 *
 * What no program can arrange: neighbours that somebody else has locked, that are not up to
 * date, or that have a memory error. How the module parameter is read is here as well.
 *
 * A page that is mapped nowhere else is mapped by the test's mapping if its folio is.
 */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>

#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_fault.h"
#include "pgem_test_device.h"
#include "pgem_test_mapping.h"

/**
 * struct pgem_around_test_text - a value of the module parameter
 */
struct pgem_around_test_text {
	/** @text: as it is written */
	const char *text;

	/** @ret: what parsing it says */
	int ret;

	/** @bytes: what becomes of it */
	unsigned int bytes;
};

static const struct pgem_around_test_text pgem_around_test_texts[] = {
	{ .text = "0", .bytes = PAGE_SIZE },
	{ .text = "1", .bytes = PAGE_SIZE },
	{ .text = "4095", .bytes = PAGE_SIZE },
	{ .text = "65536", .bytes = SZ_64K },
	{ .text = "65536\n", .bytes = SZ_64K },
	{ .text = "0x10000", .bytes = SZ_64K },
	{ .text = "0200000", .bytes = SZ_64K },
	{ .text = "131071", .bytes = SZ_64K },
	{ .text = "many", .ret = -EINVAL },
	{ .text = "64K", .ret = -EINVAL },
	{ .text = "-1", .ret = -EINVAL },
	{ .text = "", .ret = -EINVAL },
	{ .text = "\n", .ret = -EINVAL },
	{ .text = " 65536", .ret = -EINVAL },
	{ .text = "65536 ", .ret = -EINVAL },
	{ .text = "4294967295", .ret = -EINVAL },
	/* SZ_64K for whoever keeps 32 bits. */
	{ .text = "4295032832", .ret = -ERANGE },
};

static void pgem_around_test_describe(const struct pgem_around_test_text *param, char *desc)
{
	strscpy(desc, param->text, KUNIT_PARAM_DESC_SIZE);
	strreplace(desc, '\n', 'n');
}

KUNIT_ARRAY_PARAM(pgem_around_test_text, pgem_around_test_texts, pgem_around_test_describe);

static void pgem_around_test_parse(struct kunit *test)
{
	const struct pgem_around_test_text *param = test->param_value;
	unsigned int bytes = 77;

	KUNIT_EXPECT_EQ(test, pgem_fault_parse_window(param->text, &bytes), param->ret);
	KUNIT_EXPECT_EQ(test, bytes, param->ret ? 77 : param->bytes);
}

/* As much as a page table covers, and not a byte more. */
static void pgem_around_test_parse_max(struct kunit *test)
{
	unsigned int bytes = 77;
	char text[16];

	snprintf(text, sizeof(text), "%lu", PMD_SIZE + 1);
	KUNIT_EXPECT_EQ(test, pgem_fault_parse_window(text, &bytes), -EINVAL);
	KUNIT_EXPECT_EQ(test, bytes, 77);
	snprintf(text, sizeof(text), "%lu", PMD_SIZE);
	KUNIT_EXPECT_EQ(test, pgem_fault_parse_window(text, &bytes), 0);
	KUNIT_EXPECT_EQ(test, bytes, PMD_SIZE);
	snprintf(text, sizeof(text), "%lu", PMD_SIZE - 1);
	KUNIT_EXPECT_EQ(test, pgem_fault_parse_window(text, &bytes), 0);
	KUNIT_EXPECT_EQ(test, bytes, PMD_SIZE / 2);
}

/**
 * struct pgem_around_test - an object of which all pages exist, mapped in one window
 */
struct pgem_around_test {
	/** @bo: object, of PGEM_TEST_MAPPING_PAGES pages, each with its number */
	struct pgem_bo *bo;

	/** @address: of the mapping */
	unsigned long address;

	/** @pages: the object's pages, each with a reference */
	struct page *pages[PGEM_TEST_MAPPING_PAGES];
};

static void pgem_around_test_setup(struct kunit *test, struct pgem_around_test *around)
{
	struct file *file;
	unsigned long i;

	around->bo = pgem_test_mapping_bo(test);
	file = pgem_test_mapping_export(test, around->bo, O_RDWR);
	pgem_test_mapping_number_pages(test, around->bo);
	for (i = 0; i < PGEM_TEST_MAPPING_PAGES; i++) {
		around->pages[i] = shmem_read_mapping_page(around->bo->base.filp->f_mapping, i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, around->pages[i]);
	}
	around->address = pgem_test_mapping_create_aligned(test, file);
}

static void pgem_around_test_cleanup(struct pgem_around_test *around)
{
	unsigned long i;

	vm_munmap(around->address, around->bo->base.size);
	for (i = 0; i < PGEM_TEST_MAPPING_PAGES; i++)
		put_page(around->pages[i]);
}

/* As if the page had never been mapped. */
static void pgem_around_test_forget(struct pgem_around_test *around, unsigned long page)
{
	unmap_mapping_range(around->bo->base.filp->f_mapping, page << PAGE_SHIFT, PAGE_SIZE, 1);
}

/* Reads one page; all but @missing are mapped then, each once. */
static void pgem_around_test_read(struct kunit *test, struct pgem_around_test *around,
				  unsigned long page, unsigned long missing)
{
	u32 value = U32_MAX;
	unsigned long i;

	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(around->address, page, &value), 0);
	KUNIT_EXPECT_EQ(test, value, page);
	for (i = 0; i < PGEM_TEST_MAPPING_PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, folio_mapcount(page_folio(around->pages[i])),
				    i != missing, "page %lu", i);
}

static void pgem_around_test_all(struct kunit *test)
{
	struct pgem_around_test around;

	pgem_around_test_setup(test, &around);
	pgem_around_test_read(test, &around, 3, -1UL);
	pgem_around_test_cleanup(&around);
}

/* Who has locked it may be about to write it to swap. It is not waited for. */
static void pgem_around_test_locked(struct kunit *test)
{
	struct pgem_around_test around;

	pgem_around_test_setup(test, &around);
	folio_lock(page_folio(around.pages[5]));
	pgem_around_test_read(test, &around, 2, 5);
	folio_unlock(page_folio(around.pages[5]));
	pgem_around_test_read(test, &around, 5, -1UL);
	pgem_around_test_cleanup(&around);
}

static void pgem_around_test_not_uptodate(struct kunit *test)
{
	struct pgem_around_test around;

	pgem_around_test_setup(test, &around);
	folio_clear_uptodate(page_folio(around.pages[0]));
	pgem_around_test_read(test, &around, 7, 0);
	folio_mark_uptodate(page_folio(around.pages[0]));
	pgem_around_test_read(test, &around, 0, -1UL);
	pgem_around_test_cleanup(&around);
}

/* Nobody asks for it: there is no signal, and it is not mapped. */
static void pgem_around_test_poisoned(struct kunit *test)
{
	struct pgem_around_test around;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "needs CONFIG_MEMORY_FAILURE");

	pgem_around_test_setup(test, &around);
	SetPageHWPoison(around.pages[6]);
	pgem_around_test_read(test, &around, 1, 6);
	ClearPageHWPoison(around.pages[6]);
	pgem_around_test_read(test, &around, 6, -1UL);
	pgem_around_test_cleanup(&around);
}

/*
 * The fault has its own page's folio locked already: that is no reason to leave out the
 * rest of it.
 */
static void pgem_around_test_own_folio(struct kunit *test)
{
	struct pgem_bo *bo = pgem_bo_create(test->priv, SZ_4M, DRM_PGEM_GEM_HUGE);
	unsigned long address;
	struct page *page;
	u32 value;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bo);
	pgem_test_bo_adopt(test, bo);
	page = shmem_read_mapping_page(bo->base.filp->f_mapping, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_EXPECT_GE(test, folio_nr_pages(page_folio(page)), PGEM_TEST_MAPPING_PAGES);

	address = pgem_test_mapping_create_aligned(test, pgem_test_mapping_open(test, bo));
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 3, &value), 0);
	KUNIT_EXPECT_EQ(test, folio_mapcount(page_folio(page)), PGEM_TEST_MAPPING_PAGES);
	put_page(page);
	pgem_test_mapping_remove(address, PGEM_TEST_MAPPING_PAGES);
}

/* A lock that stays would stop whoever frees the page. */
static void pgem_around_test_unlocked(struct kunit *test)
{
	struct pgem_around_test around;
	unsigned long i;

	pgem_around_test_setup(test, &around);
	pgem_around_test_read(test, &around, 4, -1UL);
	for (i = 0; i < PGEM_TEST_MAPPING_PAGES; i++)
		KUNIT_EXPECT_FALSE(test, folio_test_locked(page_folio(around.pages[i])));
	pgem_around_test_cleanup(&around);
}

/*
 * Neither a look at neighbours nor one that is mapped already leaves a reference. Many
 * times, as batches of the page cache come and go with one.
 */
static void pgem_around_test_references(struct kunit *test)
{
	struct pgem_around_test around;
	int i, references, times = 32;

	pgem_around_test_setup(test, &around);
	pgem_around_test_read(test, &around, 0, -1UL);
	references = page_ref_count(around.pages[6]);
	for (i = 0; i < times; i++) {
		pgem_around_test_forget(&around, 0);
		KUNIT_EXPECT_TRUE(test, pgem_test_mapping_fault(around.bo, around.address) ==
					VM_FAULT_NOPAGE);
	}
	KUNIT_EXPECT_LT(test, page_ref_count(around.pages[6]), references + times);
	pgem_around_test_cleanup(&around);
}

/* Who finds the fault's own page mapped leaves its neighbours to who was first. */
static void pgem_around_test_second(struct kunit *test)
{
	struct pgem_around_test around;

	pgem_around_test_setup(test, &around);
	pgem_around_test_read(test, &around, 0, -1UL);
	pgem_around_test_forget(&around, 6);
	KUNIT_EXPECT_TRUE(test, pgem_test_mapping_fault(around.bo, around.address) ==
				VM_FAULT_NOPAGE);
	KUNIT_EXPECT_EQ(test, folio_mapcount(page_folio(around.pages[6])), 0);
	pgem_around_test_forget(&around, 0);
	KUNIT_EXPECT_TRUE(test, pgem_test_mapping_fault(around.bo, around.address) ==
				VM_FAULT_NOPAGE);
	KUNIT_EXPECT_EQ(test, folio_mapcount(page_folio(around.pages[6])), 1);
	pgem_around_test_cleanup(&around);
}

static struct kunit_case pgem_around_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_around_test_parse, pgem_around_test_text_gen_params),
	KUNIT_CASE(pgem_around_test_parse_max),
	KUNIT_CASE(pgem_around_test_all),
	KUNIT_CASE(pgem_around_test_locked),
	KUNIT_CASE(pgem_around_test_not_uptodate),
	KUNIT_CASE(pgem_around_test_poisoned),
	KUNIT_CASE(pgem_around_test_own_folio),
	KUNIT_CASE(pgem_around_test_unlocked),
	KUNIT_CASE(pgem_around_test_references),
	KUNIT_CASE(pgem_around_test_second),
	{ }
};

static struct kunit_suite pgem_around_test_suite = {
	.name = "pgem_around",
	.init = pgem_test_device_init,
	.test_cases = pgem_around_test_cases,
};

kunit_test_suite(pgem_around_test_suite);
