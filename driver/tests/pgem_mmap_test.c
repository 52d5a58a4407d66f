// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of mappings
 *
 * What a mapping shows after it has been split, what it refuses, and what it holds
 * on to. The mappings are real ones, see pgem_test_mapping.c.
 */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_test_device.h"
#include "pgem_test_mapping.h"

/**
 * struct pgem_mmap_test_split - a mapping with a hole
 */
struct pgem_mmap_test_split {
	/** @desc: name of the case */
	const char *desc;

	/** @first: page of the dma-buf that the mapping starts with */
	unsigned long first;

	/** @hole: page of the mapping where the hole starts */
	unsigned long hole;

	/** @hole_pages: pages in the hole, may be none */
	unsigned long hole_pages;
};

static const struct pgem_mmap_test_split pgem_mmap_test_splits[] = {
	{ .desc = "whole" },
	{ .desc = "at-an-offset", .first = 3 },
	{ .desc = "head-cut-off", .hole = 0, .hole_pages = 3 },
	{ .desc = "tail-cut-off", .hole = 5, .hole_pages = 3 },
	{ .desc = "hole-in-the-middle", .hole = 2, .hole_pages = 3 },
	{ .desc = "at-an-offset-head-cut-off", .first = 2, .hole = 0, .hole_pages = 2 },
	{ .desc = "at-an-offset-hole-in-the-middle", .first = 1, .hole = 3, .hole_pages = 1 },
};

KUNIT_ARRAY_PARAM_DESC(pgem_mmap_test_split, pgem_mmap_test_splits, desc);

/*
 * Each page that is still mapped is the object's page of that number. The kernel counts
 * alike, from the object's first page, wherever the mapping starts: by that it finds who
 * has a page mapped.
 */
static void pgem_mmap_test_shows_own_pages(struct kunit *test)
{
	const struct pgem_mmap_test_split *param = test->param_value;
	unsigned long pages = PGEM_TEST_MAPPING_PAGES - param->first;
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);
	unsigned long address, page;

	pgem_test_mapping_number_pages(test, bo);
	address = pgem_test_mapping_create(test, file, param->first);
	if (param->hole_pages)
		vm_munmap(address + (param->hole << PAGE_SHIFT), param->hole_pages << PAGE_SHIFT);

	for (page = 0; page < pages; page++) {
		u32 value = U32_MAX;
		pgoff_t index = -1UL;

		if (page - param->hole < param->hole_pages)
			continue;
		pgem_test_mapping_file(address + (page << PAGE_SHIFT), &index);
		KUNIT_EXPECT_EQ(test, index, param->first + page);
		KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, page, &value), 0);
		KUNIT_EXPECT_EQ(test, value, param->first + page);
	}

	vm_munmap(address, pages << PAGE_SHIFT);
}

/*
 * Two objects that lie side by side, at the top of all mmap offsets. They are mapped from
 * there, and what the offset is shows nowhere.
 */
static void pgem_mmap_test_offset_is_left_out(struct kunit *test)
{
	unsigned long address, page;
	struct pgem_bo *bos[2];
	int i;

	pgem_test_device_leave_offsets(test, 2 * PGEM_TEST_MAPPING_PAGES);
	for (i = 0; i < ARRAY_SIZE(bos); i++) {
		bos[i] = pgem_test_mapping_bo(test);
		pgem_test_mapping_number_pages(test, bos[i]);
	}
	for (i = 0; i < ARRAY_SIZE(bos); i++) {
		address = pgem_test_mapping_create(test, pgem_test_mapping_open(test, bos[i]), 0);
		for (page = 0; page < PGEM_TEST_MAPPING_PAGES; page++) {
			struct file *file;
			pgoff_t index = -1UL;
			u32 value = U32_MAX;

			file = pgem_test_mapping_file(address + (page << PAGE_SHIFT), &index);
			KUNIT_EXPECT_PTR_EQ(test, file->f_mapping, bos[i]->base.filp->f_mapping);
			KUNIT_EXPECT_EQ(test, index, page);
			KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, page, &value), 0);
			KUNIT_EXPECT_EQ(test, value, page);
		}
		pgem_test_mapping_remove(address, PGEM_TEST_MAPPING_PAGES);
	}
}

static void pgem_mmap_test_is_lazy(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);
	unsigned long address = pgem_test_mapping_create(test, file, 0);
	u32 value = U32_MAX;

	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 5, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 0);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), PAGE_SIZE);

	vm_munmap(address, bo->base.size);
}

static void pgem_mmap_test_flags(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);
	unsigned long address = pgem_test_mapping_create(test, file, 0);
	const unsigned long set = VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP;
	struct vm_area_struct *vma;
	unsigned long flags = 0;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, address);
	if (vma)
		flags = vma->vm_flags;
	mmap_read_unlock(current->mm);

	KUNIT_EXPECT_EQ(test, flags & set, set);
	KUNIT_EXPECT_EQ(test, flags & (VM_PFNMAP | VM_IO), 0);

	vm_munmap(address, bo->base.size);
}

/**
 * struct pgem_mmap_test_private - a private mapping
 */
struct pgem_mmap_test_private {
	/** @desc: name of the case */
	const char *desc;

	/** @open: flags that the dma-buf is open with */
	int open;

	/** @prot: protection of the mapping */
	unsigned long prot;
};

static const struct pgem_mmap_test_private pgem_mmap_test_privates[] = {
	{ .desc = "writable", .open = O_RDWR, .prot = PROT_READ | PROT_WRITE },
	/* What mprotect() could make of these. */
	{ .desc = "readable", .open = O_RDWR, .prot = PROT_READ },
	{ .desc = "readable-of-read-only", .open = O_RDONLY, .prot = PROT_READ },
};

KUNIT_ARRAY_PARAM_DESC(pgem_mmap_test_private, pgem_mmap_test_privates, desc);

static void pgem_mmap_test_private_refused(struct kunit *test)
{
	const struct pgem_mmap_test_private *param = test->param_value;
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, param->open);
	unsigned int references = kref_read(&bo->base.refcount);
	long ret;

	ret = kunit_vm_mmap(test, file, 0, bo->base.size, param->prot, MAP_PRIVATE, 0);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), references);
}

/* Shared although it has no VM_SHARED, which the kernel takes from a read-only file. */
static void pgem_mmap_test_shared_of_read_only(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDONLY);
	unsigned long address;
	u32 value;

	address = kunit_vm_mmap(test, file, 0, bo->base.size, PROT_READ, MAP_SHARED, 0);
	KUNIT_ASSERT_FALSE(test, !address || IS_ERR_VALUE(address));
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 0, &value), 0);

	vm_munmap(address, bo->base.size);
}

static void pgem_mmap_test_unplugged_refused(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);

	pgem_test_device_unplug(test);
	KUNIT_EXPECT_EQ(test, (long)kunit_vm_mmap(test, file, 0, bo->base.size, PROT_READ,
						  MAP_SHARED, 0), -ENODEV);
}

/* Pages touched before and pages never touched, both. That they leave is the device's. */
static void pgem_mmap_test_unplug_ends_access(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);
	unsigned long address = pgem_test_mapping_create(test, file, 0);
	u32 value;

	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 0, &value), 0);
	pgem_test_device_unplug(test);
	KUNIT_EXPECT_TRUE(test, pgem_test_mapping_fault(bo, address) == VM_FAULT_SIGBUS);
	KUNIT_EXPECT_TRUE(test,
			  pgem_test_mapping_fault(bo, address + PAGE_SIZE) == VM_FAULT_SIGBUS);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(bo), PAGE_SIZE);

	vm_munmap(address, bo->base.size);
}

/*
 * The loser of a race finds the page mapped: it may neither fail nor keep its reference
 * to the page. Many times, as batches of the page cache come and go with a reference.
 */
static void pgem_mmap_test_fault_on_mapped_page(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);
	unsigned long address = pgem_test_mapping_create(test, file, 0);
	int i, references, times = 32;
	struct page *page;

	page = shmem_read_mapping_page(bo->base.filp->f_mapping, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, pgem_test_mapping_fault(bo, address) == VM_FAULT_NOPAGE);

	references = page_ref_count(page);
	for (i = 0; i < times; i++)
		KUNIT_EXPECT_TRUE(test, pgem_test_mapping_fault(bo, address) == VM_FAULT_NOPAGE);
	KUNIT_EXPECT_LT(test, page_ref_count(page), references + times);

	put_page(page);
	vm_munmap(address, bo->base.size);
}

/* One for each VMA, however the mapping is cut. */
static void pgem_mmap_test_references(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);
	unsigned int before = kref_read(&bo->base.refcount);
	unsigned long address = pgem_test_mapping_create(test, file, 0);

	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), before + 1);
	vm_munmap(address + 2 * PAGE_SIZE, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), before + 2);
	vm_munmap(address, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), before + 1);
	vm_munmap(address, bo->base.size);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), before);
}

static void pgem_mmap_test_outlives_the_rest(struct kunit *test)
{
	struct pgem_bo *bo = pgem_test_mapping_bo(test);
	struct file *file = pgem_test_mapping_export(test, bo, O_RDWR);
	unsigned long address = pgem_test_mapping_create(test, file, 0);
	u32 value;

	pgem_test_bo_put(test, bo);
	pgem_test_mapping_close(test, file);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 1);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 0, &value), 0);

	pgem_test_mapping_remove(address, PGEM_TEST_MAPPING_PAGES);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
}

static struct kunit_case pgem_mmap_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_mmap_test_shows_own_pages, pgem_mmap_test_split_gen_params),
	KUNIT_CASE(pgem_mmap_test_offset_is_left_out),
	KUNIT_CASE(pgem_mmap_test_is_lazy),
	KUNIT_CASE(pgem_mmap_test_flags),
	KUNIT_CASE_PARAM(pgem_mmap_test_private_refused, pgem_mmap_test_private_gen_params),
	KUNIT_CASE(pgem_mmap_test_shared_of_read_only),
	KUNIT_CASE(pgem_mmap_test_unplugged_refused),
	KUNIT_CASE(pgem_mmap_test_unplug_ends_access),
	KUNIT_CASE(pgem_mmap_test_fault_on_mapped_page),
	KUNIT_CASE(pgem_mmap_test_references),
	KUNIT_CASE(pgem_mmap_test_outlives_the_rest),
	{ }
};

static struct kunit_suite pgem_mmap_test_suite = {
	.name = "pgem_mmap",
	.init = pgem_test_device_init,
	.test_cases = pgem_mmap_test_cases,
};

kunit_test_suite(pgem_mmap_test_suite);
