// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Test mapping
 *
 * An object mapped for good, by way of a dma-buf, into an address space that KUnit
 * makes for the test's thread: mmap(), first touches and splits by munmap() go
 * through all of the kernel as a program's would. A dma-buf, and not a file of the
 * device, since that would need a registered device; both end in pgem_mmap(). For tests
 * of what happens to objects without a dma-buf there is a file that leads to one object.
 *
 * A test takes its mapping down itself, as nobody else can get at its address
 * space. Where a test ends early, the thread's end does it.
 *
 * The mapping has a file of its own, which holds the one that it was made by. Both are
 * gone some time after the mapping, see pgem_test_dmabuf.c.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>

#include "pgem_bo.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_mapping.h"

/**
 * pgem_test_mapping_bo() - create an object to map
 * @test: test; ends here if the object cannot be created
 *
 * Return: an object of PGEM_TEST_MAPPING_PAGES pages, see pgem_test_bo_create().
 */
struct pgem_bo *pgem_test_mapping_bo(struct kunit *test)
{
	return pgem_test_bo_create(test, PGEM_TEST_MAPPING_PAGES << PAGE_SHIFT);
}

/**
 * pgem_test_mapping_number_pages() - write to each page which one it is
 * @test: test; ends here without memory
 * @bo: object of pgem_test_mapping_bo()
 *
 * Not by way of a mapping, as those are what the numbers are there to check.
 */
void pgem_test_mapping_number_pages(struct kunit *test, struct pgem_bo *bo)
{
	u32 i;

	for (i = 0; i < PGEM_TEST_MAPPING_PAGES; i++) {
		struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, i);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
		memcpy_to_page(page, 0, (char *)&i, sizeof(i));
		set_page_dirty(page);
		put_page(page);
	}
}

/**
 * pgem_test_mapping_export() - export an object
 * @test: test; ends here if that fails
 * @bo: object
 * @flags: O_RDWR or O_RDONLY
 *
 * Return: the dma-buf's file; its reference is KUnit's.
 */
struct file *pgem_test_mapping_export(struct kunit *test, struct pgem_bo *bo, int flags)
{
	return pgem_test_dmabuf_export(test, bo, flags)->file;
}

/**
 * pgem_test_mapping_close() - drop the reference of pgem_test_mapping_export() now
 * @test: test
 * @file: the dma-buf's file, gone when this returns unless it is mapped
 */
void pgem_test_mapping_close(struct kunit *test, struct file *file)
{
	pgem_test_dmabuf_put(test, file->private_data);
}

static int pgem_test_mapping_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct pgem_bo *bo = file->private_data;

	/* As if it came from the object's mmap offset. */
	vma->vm_pgoff += drm_vma_node_start(&bo->base.vma_node);

	return drm_gem_mmap_obj(&bo->base, bo->base.size, vma);
}

static const struct file_operations pgem_test_mapping_fops = {
	.owner = THIS_MODULE,
	.mmap = pgem_test_mapping_mmap,
};

static void pgem_test_mapping_release(void *data)
{
	fput(data);
	flush_delayed_fput();
}

/**
 * pgem_test_mapping_open() - open a file to map an object by, without a dma-buf
 * @test: test; ends here if that fails
 * @bo: object
 *
 * Return: a file; its reference is KUnit's.
 */
struct file *pgem_test_mapping_open(struct kunit *test, struct pgem_bo *bo)
{
	struct file *file;

	pgem_test_bo_offset(test, bo);
	file = anon_inode_getfile("pgem-test", &pgem_test_mapping_fops, bo, O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_test_mapping_release,
							   file));

	return file;
}

/**
 * pgem_test_mapping_create() - map an object, shared, for reading and writing
 * @test: test; ends here if that fails
 * @file: the dma-buf's file, or that of pgem_test_mapping_open()
 * @first: page to start with; the mapping reaches to the last one
 *
 * Return: address of the mapping.
 */
unsigned long pgem_test_mapping_create(struct kunit *test, struct file *file, unsigned long first)
{
	unsigned long address;

	address = kunit_vm_mmap(test, file, 0, (PGEM_TEST_MAPPING_PAGES - first) << PAGE_SHIFT,
				PROT_READ | PROT_WRITE, MAP_SHARED, first << PAGE_SHIFT);
	KUNIT_ASSERT_FALSE(test, !address || IS_ERR_VALUE(address));

	return address;
}

/**
 * pgem_test_mapping_create_aligned() - map a whole object, in one window of fault-around
 * @test: test; ends here if that fails
 * @file: the dma-buf's file, or that of pgem_test_mapping_open()
 *
 * Aligned for any window, of which the default one reaches beyond the object. One such
 * mapping at a time.
 *
 * Return: address of the mapping.
 */
unsigned long pgem_test_mapping_create_aligned(struct kunit *test, struct file *file)
{
	unsigned long address;

	address = kunit_vm_mmap(test, file, SZ_256M, PGEM_TEST_MAPPING_PAGES << PAGE_SHIFT,
				PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, address, SZ_256M);

	return address;
}

/**
 * pgem_test_mapping_remove() - unmap, and wait until files that nobody has are gone
 * @address: address of a mapping, or in one
 * @pages: how many pages to unmap
 */
void pgem_test_mapping_remove(unsigned long address, unsigned long pages)
{
	vm_munmap(address, pages << PAGE_SHIFT);

	/* The mapping's own file puts the one that it was made by. */
	flush_delayed_fput();
	flush_delayed_fput();
}

/**
 * pgem_test_mapping_file() - find the file that is mapped at an address
 * @address: address in a mapping
 * @index: out: page of the file that is mapped there
 *
 * Return: the file, which the mapping keeps, or NULL without a mapping.
 */
struct file *pgem_test_mapping_file(unsigned long address, pgoff_t *index)
{
	struct file *file = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, address);
	if (vma) {
		file = vma->vm_file;
		*index = linear_page_index(vma, address);
	}
	mmap_read_unlock(current->mm);

	return file;
}

/**
 * pgem_test_mapping_read() - read through a mapping, as a program would
 * @address: address of the mapping
 * @page: page of the mapping
 * @value: set to the page's first four bytes
 *
 * Return: 0, or -EFAULT where a program would get a signal.
 */
int pgem_test_mapping_read(unsigned long address, unsigned long page, u32 *value)
{
	return get_user(*value, (u32 __user *)(address + (page << PAGE_SHIFT)));
}

/**
 * pgem_test_mapping_fault() - make a fault by hand, for its answer
 * @bo: object
 * @address: address in a mapping of it
 *
 * In a program one with the wrong answer might never end.
 *
 * Return: what the fault handler says, or VM_FAULT_SIGSEGV without a mapping.
 */
vm_fault_t pgem_test_mapping_fault(struct pgem_bo *bo, unsigned long address)
{
	/* Something that is not none, so that vm_insert_page() is left to see to the table. */
	pmd_t pmd = __pmd(1);
	vm_fault_t ret = VM_FAULT_SIGSEGV;
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, address);
	if (vma) {
		struct vm_fault vmf = {
			.vma = vma,
			.pmd = &pmd,
			.address = address,
			.pgoff = linear_page_index(vma, address),
		};

		ret = bo->base.funcs->vm_ops->fault(&vmf);
	}
	mmap_read_unlock(current->mm);

	return ret;
}
