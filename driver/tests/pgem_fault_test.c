// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of the fault handler's arithmetic
 *
 * Which page of an object a fault is at. The faults are made by hand, in a VMA
 * that belongs to no process: so they can be where no mmap() gets to, above all
 * outside of the object. Those inside stop short of the page tables; mapped for
 * good is in pgem_mmap_test.c.
 */

#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_fault.h"
#include "pgem_test_device.h"

/* Pages in each object here. */
#define PGEM_FAULT_TEST_PAGES	8UL

/* Where the VMA begins: any address will do, and page 0 would hide mistakes. */
#define PGEM_FAULT_TEST_ADDRESS	SZ_256M

/**
 * struct pgem_fault_test_place - where a fault is
 */
struct pgem_fault_test_place {
	/** @desc: name of the case */
	const char *desc;

	/** @first: page of the object at the VMA's start */
	unsigned long first;

	/** @page: page of the VMA that is touched */
	unsigned long page;

	/** @index: page of the object that is touched */
	unsigned long index;

	/** @inside: the object has that page */
	bool inside;
};

static const struct pgem_fault_test_place pgem_fault_test_places[] = {
	{ .desc = "first-page", .first = 0, .page = 0, .index = 0, .inside = true },
	{ .desc = "last-page", .first = 0, .page = 7, .index = 7, .inside = true },
	{ .desc = "head-cut-off-first", .first = 3, .page = 0, .index = 3, .inside = true },
	{ .desc = "head-cut-off-last", .first = 3, .page = 4, .index = 7, .inside = true },
	{ .desc = "tail-alone", .first = 7, .page = 0, .index = 7, .inside = true },
	{ .desc = "one-past-end", .first = 0, .page = 8, .index = 8 },
	{ .desc = "one-past-end-of-tail", .first = 6, .page = 2, .index = 8 },
	{ .desc = "far-past-end", .first = SZ_1M, .page = 0, .index = SZ_1M },
	{ .desc = "one-before-start", .first = -1UL, .page = 0, .index = -1UL },
	{ .desc = "far-before-start", .first = -1UL * SZ_1M, .page = 2, .index = 2 - 1UL * SZ_1M },
#ifdef CONFIG_64BIT
	/* The object's second page for whoever keeps 32 bits. */
	{ .desc = "4g-past-start", .first = 1UL << 32, .page = 1, .index = (1UL << 32) + 1 },
#endif
};

KUNIT_ARRAY_PARAM_DESC(pgem_fault_test_place, pgem_fault_test_places, desc);

/*
 * A VMA with @first of @bo at its start, such as splitting leaves behind. But it is
 * empty: a page that is let in by mistake then finds no room, instead of an oops.
 */
static struct vm_area_struct *pgem_fault_test_vma(struct kunit *test, struct pgem_bo *bo,
						  unsigned long first)
{
	struct vm_area_struct *vma;

	vma = kunit_kzalloc(test, sizeof(*vma), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vma);

	vma->vm_start = PGEM_FAULT_TEST_ADDRESS + (first << PAGE_SHIFT);
	vma->vm_end = vma->vm_start;
	vma->vm_pgoff = pgem_test_bo_offset(test, bo) + first;
	vma->vm_private_data = &bo->base;

	return vma;
}

static void pgem_fault_test_check(struct kunit *test, const struct pgem_fault_test_place *place)
{
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_FAULT_TEST_PAGES << PAGE_SHIFT);
	struct vm_area_struct *vma = pgem_fault_test_vma(test, bo, place->first);
	unsigned long address = vma->vm_start + (place->page << PAGE_SHIFT);
	const struct vm_fault vmf = {
		.vma = vma,
		.address = address,
		.pgoff = linear_page_index(vma, address),
	};
	pgoff_t index = 0;

	KUNIT_EXPECT_EQ(test, pgem_fault_index(&vmf, &bo->base, &index), place->inside);
	KUNIT_EXPECT_EQ(test, index, place->index);
}

static void pgem_fault_test_index(struct kunit *test)
{
	pgem_fault_test_check(test, test->param_value);
}

/* The same for the object with the largest offset there can be. */
static void pgem_fault_test_index_at_top(struct kunit *test)
{
	pgem_test_device_leave_offsets(test, PGEM_FAULT_TEST_PAGES);
	pgem_fault_test_check(test, test->param_value);
}

/* No page of @other may be taken for one of @bo. */
static void pgem_fault_test_stranger(struct kunit *test, struct pgem_bo *bo, struct pgem_bo *other)
{
	struct vm_area_struct *vma = pgem_fault_test_vma(test, bo, 0);
	unsigned long i;

	for (i = 0; i < PGEM_FAULT_TEST_PAGES; i++) {
		const struct vm_fault vmf = {
			.vma = vma,
			.address = vma->vm_start,
			.pgoff = pgem_test_bo_offset(test, other) + i,
		};
		pgoff_t index;

		KUNIT_EXPECT_FALSE_MSG(test, pgem_fault_index(&vmf, &bo->base, &index),
				       "page %lu of another object", i);
	}
}

static void pgem_fault_test_neighbours(struct kunit *test)
{
	struct pgem_bo *a, *b;

	/* Room for two: they cannot but lie side by side. */
	pgem_test_device_leave_offsets(test, 2 * PGEM_FAULT_TEST_PAGES);
	a = pgem_test_bo_create(test, PGEM_FAULT_TEST_PAGES << PAGE_SHIFT);
	b = pgem_test_bo_create(test, PGEM_FAULT_TEST_PAGES << PAGE_SHIFT);

	pgem_fault_test_stranger(test, a, b);
	pgem_fault_test_stranger(test, b, a);
}

/* What is not the object's ends in SIGBUS, and not in a fault that comes again and again. */
static void pgem_fault_test_refused(struct kunit *test)
{
	static const unsigned long firsts[] = { PGEM_FAULT_TEST_PAGES, -1UL };
	struct pgem_bo *bo = pgem_test_bo_create(test, PGEM_FAULT_TEST_PAGES << PAGE_SHIFT);
	int i;

	for (i = 0; i < ARRAY_SIZE(firsts); i++) {
		struct vm_area_struct *vma = pgem_fault_test_vma(test, bo, firsts[i]);
		struct vm_fault vmf = {
			.vma = vma,
			.address = vma->vm_start,
			.pgoff = vma->vm_pgoff,
		};

		KUNIT_EXPECT_TRUE(test, bo->base.funcs->vm_ops->fault(&vmf) == VM_FAULT_SIGBUS);
		KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
	}
}

static struct kunit_case pgem_fault_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_fault_test_index, pgem_fault_test_place_gen_params),
	KUNIT_CASE_PARAM(pgem_fault_test_index_at_top, pgem_fault_test_place_gen_params),
	KUNIT_CASE(pgem_fault_test_neighbours),
	KUNIT_CASE(pgem_fault_test_refused),
	{ }
};

static struct kunit_suite pgem_fault_test_suite = {
	.name = "pgem_fault",
	.init = pgem_test_device_init,
	.test_cases = pgem_fault_test_cases,
};

kunit_test_suite(pgem_fault_test_suite);
