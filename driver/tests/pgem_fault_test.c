// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of the fault handler
 *
 * Which page of an object a fault is at, what the kernel is told of it, and that a page is
 * mapped under its folio's lock. Most faults are made by hand, in a VMA that belongs to no
 * process: so they can be where no mmap() gets to, above all outside of the object. Those
 * inside stop short of the page tables; the last tests have real mappings.
 */

#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/swapops.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_fault.h"
#include "pgem_test_device.h"
#include "pgem_test_mapping.h"
#include "pgem_test_thread.h"

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
	vma->vm_pgoff = first;
	vma->vm_private_data = &bo->base;

	return vma;
}

static void pgem_fault_test_index(struct kunit *test)
{
	const struct pgem_fault_test_place *place = test->param_value;
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

/**
 * struct pgem_fault_test_answer - how a fault went, and what the kernel is told
 */
struct pgem_fault_test_answer {
	/** @desc: name of the case */
	const char *desc;

	/** @error: of the page or its mapping, or 0 */
	int error;

	/** @flags: FAULT_FLAG_ORIG_PTE_VALID if @marker counts, and others */
	unsigned int flags;

	/** @marker: the entry is a marker of memory management's, else none */
	bool marker;

	/** @major: the page came from swap */
	bool major;

	/** @answer: the answer */
	vm_fault_t answer;
};

static const struct pgem_fault_test_answer pgem_fault_test_answers[] = {
	{ .desc = "mapped", .answer = VM_FAULT_NOPAGE },
	{ .desc = "mapped-from-swap", .major = true, .answer = VM_FAULT_NOPAGE | VM_FAULT_MAJOR },
	{ .desc = "no-memory", .error = -ENOMEM, .answer = VM_FAULT_OOM },
	{ .desc = "no-memory-from-swap", .error = -ENOMEM, .major = true,
	  .answer = VM_FAULT_OOM },
	{ .desc = "poisoned", .error = -EHWPOISON, .answer = VM_FAULT_HWPOISON },
	{ .desc = "outside-of-the-vma", .error = -EFAULT, .answer = VM_FAULT_SIGBUS },
	{ .desc = "truncated", .error = -EINVAL, .answer = VM_FAULT_SIGBUS },
	{ .desc = "second", .error = -EBUSY, .answer = VM_FAULT_NOPAGE },
	{ .desc = "second-from-swap", .error = -EBUSY, .major = true,
	  .answer = VM_FAULT_NOPAGE },
	{ .desc = "second-at-none", .error = -EBUSY, .flags = FAULT_FLAG_ORIG_PTE_VALID,
	  .answer = VM_FAULT_NOPAGE },
	/* Not said to be valid: what is there is left from another fault. */
	{ .desc = "second-at-marker-not-valid", .error = -EBUSY, .flags = FAULT_FLAG_WRITE,
	  .marker = true, .answer = VM_FAULT_NOPAGE },
	/* The kernel would come again at once, and find the marker again. */
	{ .desc = "at-marker", .error = -EBUSY, .flags = FAULT_FLAG_ORIG_PTE_VALID,
	  .marker = true, .answer = VM_FAULT_SIGBUS },
	{ .desc = "written-at-marker", .error = -EBUSY,
	  .flags = FAULT_FLAG_ORIG_PTE_VALID | FAULT_FLAG_WRITE, .marker = true,
	  .answer = VM_FAULT_SIGBUS },
	/* Whatever was there went away with the page table. */
	{ .desc = "again", .error = -EAGAIN, .answer = VM_FAULT_NOPAGE },
	{ .desc = "again-from-swap", .error = -EAGAIN, .major = true,
	  .answer = VM_FAULT_NOPAGE | VM_FAULT_MAJOR },
	{ .desc = "again-at-marker", .error = -EAGAIN, .flags = FAULT_FLAG_ORIG_PTE_VALID,
	  .marker = true, .answer = VM_FAULT_NOPAGE },
};

KUNIT_ARRAY_PARAM_DESC(pgem_fault_test_answer, pgem_fault_test_answers, desc);

static void pgem_fault_test_result(struct kunit *test)
{
	const struct pgem_fault_test_answer *param = test->param_value;
	const struct vm_fault vmf = {
		.flags = param->flags,
		.orig_pte = param->marker ? make_pte_marker(PTE_MARKER_UFFD_WP) : __pte(0),
	};

	KUNIT_EXPECT_TRUE(test, pgem_fault_result(&vmf, param->error, param->major) ==
				param->answer);
}

/**
 * struct pgem_fault_test_mapped - an object of which all pages exist, and none is mapped
 */
struct pgem_fault_test_mapped {
	/** @bo: object, of PGEM_TEST_MAPPING_PAGES pages, each with its number */
	struct pgem_bo *bo;

	/** @address: address of page 3 in a mapping of the object */
	unsigned long address;

	/** @page: page 3, with a reference */
	struct page *page;

	/** @folio: its folio, of this page alone */
	struct folio *folio;
};

static void pgem_fault_test_map(struct kunit *test, struct pgem_fault_test_mapped *mapped)
{
	struct file *file;

	mapped->bo = pgem_test_mapping_bo(test);
	file = pgem_test_mapping_export(test, mapped->bo, O_RDWR);
	pgem_test_mapping_number_pages(test, mapped->bo);
	mapped->address = pgem_test_mapping_create_aligned(test, file) + 3 * PAGE_SIZE;
	mapped->page = shmem_read_mapping_page(mapped->bo->base.filp->f_mapping, 3);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mapped->page);
	mapped->folio = page_folio(mapped->page);
}

static void pgem_fault_test_unmap(struct pgem_fault_test_mapped *mapped)
{
	put_page(mapped->page);
	pgem_test_mapping_remove(mapped->address - 3 * PAGE_SIZE, PGEM_TEST_MAPPING_PAGES);
}

static void pgem_fault_test_touch(void *data)
{
	struct pgem_fault_test_mapped *mapped = data;
	u32 value;

	pgem_test_mapping_read(mapped->address, 0, &value);
}

/* Somebody else is about to move the page, or to remove it. */
static void pgem_fault_test_waits(struct kunit *test)
{
	struct pgem_fault_test_mapped mapped;
	struct pgem_test_thread thread;

	pgem_fault_test_map(test, &mapped);
	pgem_test_thread_create(test, &thread, pgem_fault_test_touch, &mapped);
	folio_lock(mapped.folio);
	pgem_test_thread_start(&thread);
	KUNIT_EXPECT_FALSE(test, pgem_test_thread_ends(&thread, 200));
	KUNIT_EXPECT_EQ(test, folio_mapcount(mapped.folio), 0);
	folio_unlock(mapped.folio);
	pgem_test_thread_join(&thread);
	KUNIT_EXPECT_EQ(test, folio_mapcount(mapped.folio), 1);
	KUNIT_EXPECT_FALSE(test, folio_test_locked(mapped.folio));
	pgem_fault_test_unmap(&mapped);
}

static void pgem_fault_test_fault(void *data)
{
	struct pgem_fault_test_mapped *mapped = data;

	pgem_test_mapping_fault(mapped->bo, mapped->address);
}

/* Waits for a folio's lock to be taken, and says whether it stays so. */
static bool pgem_fault_test_stays_locked(struct folio *folio)
{
	int i;

	for (i = 0; i < 5000 && !folio_test_locked(folio); i++)
		mdelay(1);
	mdelay(50);

	return folio_test_locked(folio);
}

/*
 * P27: the lock is still held when the page is mapped. The address space is new, and the
 * fault is made by hand: so it is vm_insert_page() that makes the page's tables, and is
 * stopped there, by the lock that a new table is entered under.
 */
static void pgem_fault_test_maps_under_lock(struct kunit *test)
{
	struct pgem_fault_test_mapped mapped;
	struct pgem_test_thread thread;
	bool locked;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs a second CPU");

	pgem_fault_test_map(test, &mapped);
	pgem_test_thread_create(test, &thread, pgem_fault_test_fault, &mapped);
	migrate_disable();
	kthread_bind(thread.task, cpumask_any_but(cpu_online_mask, smp_processor_id()));
	spin_lock(&current->mm->page_table_lock);
	pgem_test_thread_start(&thread);
	locked = pgem_fault_test_stays_locked(mapped.folio);
	spin_unlock(&current->mm->page_table_lock);
	migrate_enable();
	pgem_test_thread_join(&thread);
	KUNIT_EXPECT_TRUE(test, locked);
	KUNIT_EXPECT_FALSE(test, folio_test_locked(mapped.folio));
	KUNIT_EXPECT_EQ(test, folio_mapcount(mapped.folio), 1);
	pgem_fault_test_unmap(&mapped);
}

/* As a fault in a file: the signal says that it is about memory, and where. */
static void pgem_fault_test_poisoned(struct kunit *test)
{
	struct pgem_fault_test_mapped mapped;
	int references;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "needs CONFIG_MEMORY_FAILURE");

	pgem_fault_test_map(test, &mapped);
	references = page_ref_count(mapped.page);
	SetPageHWPoison(mapped.page);
	KUNIT_EXPECT_TRUE(test, pgem_test_mapping_fault(mapped.bo, mapped.address) ==
				VM_FAULT_HWPOISON);
	ClearPageHWPoison(mapped.page);
	KUNIT_EXPECT_EQ(test, folio_mapcount(mapped.folio), 0);
	KUNIT_EXPECT_FALSE(test, folio_test_locked(mapped.folio));
	KUNIT_EXPECT_LE(test, page_ref_count(mapped.page), references);
	KUNIT_EXPECT_TRUE(test, pgem_test_mapping_fault(mapped.bo, mapped.address) ==
				VM_FAULT_NOPAGE);
	KUNIT_EXPECT_EQ(test, folio_mapcount(mapped.folio), 1);
	pgem_fault_test_unmap(&mapped);
}

static struct kunit_case pgem_fault_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_fault_test_index, pgem_fault_test_place_gen_params),
	KUNIT_CASE(pgem_fault_test_refused),
	KUNIT_CASE_PARAM(pgem_fault_test_result, pgem_fault_test_answer_gen_params),
	KUNIT_CASE(pgem_fault_test_waits),
	KUNIT_CASE(pgem_fault_test_maps_under_lock),
	KUNIT_CASE(pgem_fault_test_poisoned),
	{ }
};

static struct kunit_suite pgem_fault_test_suite = {
	.name = "pgem_fault",
	.init = pgem_test_device_init,
	.test_cases = pgem_fault_test_cases,
};

kunit_test_suite(pgem_fault_test_suite);
