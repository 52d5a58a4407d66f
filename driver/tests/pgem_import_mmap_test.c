// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of mappings of imports
 *
 * That a mapping of an imported object is its exporter's and nothing of pgem's is left
 * in it. A file made by hand stands for the device file: it maps the object that it is
 * given as drm_gem_mmap() does, and notes what has become of the mapping.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>

#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_mmap.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"
#include "pgem_test_mapping.h"

/**
 * struct pgem_import_mmap_test - a device file that maps one object
 */
struct pgem_import_mmap_test {
	/** @bo: the object */
	struct pgem_bo *bo;

	/** @file: the file */
	struct file *file;

	/** @flags: &vm_area_struct.vm_flags of the last mapping, when it was made */
	unsigned long flags;

	/** @data: its &vm_area_struct.vm_private_data */
	void *data;

	/** @ops: its &vm_area_struct.vm_ops */
	const struct vm_operations_struct *ops;

	/** @given_ops: those that it came with */
	const struct vm_operations_struct *given_ops;
};

static int pgem_import_mmap_test_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct pgem_import_mmap_test *imt = file->private_data;
	struct drm_gem_object *obj = &imt->bo->base;
	int ret;

	imt->given_ops = vma->vm_ops;
	vma->vm_pgoff += drm_vma_node_start(&obj->vma_node);
	ret = drm_gem_mmap_obj(obj, obj->size, vma);
	if (!ret)
		pgem_mmap_keep_ops(vma, imt->given_ops);
	imt->flags = vma->vm_flags;
	imt->data = vma->vm_private_data;
	imt->ops = vma->vm_ops;

	return ret;
}

static const struct file_operations pgem_import_mmap_test_fops = {
	.owner = THIS_MODULE,
	.mmap = pgem_import_mmap_test_mmap,
};

static void pgem_import_mmap_test_release(void *data)
{
	struct file *file = data;

	fput(file);
	flush_delayed_fput();
}

static struct pgem_import_mmap_test *pgem_import_mmap_test_open(struct kunit *test,
								struct pgem_bo *bo)
{
	struct pgem_import_mmap_test *imt;

	imt = kunit_kzalloc(test, sizeof(*imt), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, imt);

	/* Else the page would be right without being counted from the offset. */
	pgem_test_bo_offset(test, bo);
	imt->bo = bo;
	imt->file = anon_inode_getfile("pgem-test", &pgem_import_mmap_test_fops, imt, O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, imt->file);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_import_mmap_test_release,
							   imt->file));

	return imt;
}

/* Maps all pages from @first on. */
static long pgem_import_mmap_test_map(struct kunit *test, struct pgem_import_mmap_test *imt,
				      unsigned long first)
{
	return kunit_vm_mmap(test, imt->file, 0, imt->bo->base.size - (first << PAGE_SHIFT),
			     PROT_READ | PROT_WRITE, MAP_SHARED, first << PAGE_SHIFT);
}

/* An import of the neighbour's numbered object, and its mapping from @first on. */
static long pgem_import_mmap_test_neighbours(struct kunit *test, struct pgem_bo **bo,
					     struct pgem_import_mmap_test **imt,
					     unsigned long first)
{
	struct pgem_device *neighbour = pgem_test_device_create(test, "pgem-neighbour");
	struct dma_buf *dmabuf;
	long address;

	*bo = pgem_test_bo_create_on(test, neighbour, PGEM_TEST_MAPPING_PAGES << PAGE_SHIFT);
	pgem_test_mapping_number_pages(test, *bo);
	dmabuf = pgem_test_dmabuf_export(test, *bo, O_RDWR);
	*imt = pgem_import_mmap_test_open(test, pgem_test_dmabuf_import(test, dmabuf));
	address = pgem_import_mmap_test_map(test, *imt, first);
	KUNIT_ASSERT_FALSE(test, !address || IS_ERR_VALUE(address));

	return address;
}

static void pgem_import_mmap_test_shows_exporters_pages(struct kunit *test)
{
	struct pgem_import_mmap_test *imt;
	struct pgem_bo *bo;
	unsigned long page, address = pgem_import_mmap_test_neighbours(test, &bo, &imt, 0);
	u32 value;

	for (page = 0; page < PGEM_TEST_MAPPING_PAGES; page++) {
		KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, page, &value), 0);
		KUNIT_EXPECT_EQ(test, value, page);
	}
	vm_munmap(address, bo->base.size);
}

/* P3: no mmap() of the device file gets here, but the exporter has to be told. */
static void pgem_import_mmap_test_offset_is_passed_on(struct kunit *test)
{
	struct pgem_import_mmap_test *imt;
	struct pgem_bo *bo;
	unsigned long address = pgem_import_mmap_test_neighbours(test, &bo, &imt, 3);
	u32 value;

	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 0, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 3);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 4, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 7);
	vm_munmap(address, bo->base.size - 3 * PAGE_SIZE);
}

/* P6: and not the import, which the exporter's operations would take for theirs. */
static void pgem_import_mmap_test_belongs_to_exporter(struct kunit *test)
{
	struct pgem_import_mmap_test *imt;
	struct pgem_bo *bo;
	unsigned long address = pgem_import_mmap_test_neighbours(test, &bo, &imt, 0);

	KUNIT_EXPECT_PTR_EQ(test, imt->data, &bo->base);
	KUNIT_EXPECT_PTR_EQ(test, imt->ops, bo->base.funcs->vm_ops);
	KUNIT_EXPECT_PTR_NE(test, imt->bo, bo);
	vm_munmap(address, bo->base.size);
}

/* P6, P7: the mapping holds the dma-buf and what is behind it, but not the import. */
static void pgem_import_mmap_test_references(struct kunit *test)
{
	struct pgem_import_mmap_test *imt;
	struct pgem_bo *bo;
	unsigned long address = pgem_import_mmap_test_neighbours(test, &bo, &imt, 0);
	struct file *file = imt->bo->base.import_attach->dmabuf->file;
	unsigned int mapped = kref_read(&bo->base.refcount);
	long files = file_count(file);

	KUNIT_EXPECT_EQ(test, kref_read(&imt->bo->base.refcount), 1);
	vm_munmap(address, bo->base.size);
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, kref_read(&imt->bo->base.refcount), 1);
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), mapped - 1);
	KUNIT_EXPECT_EQ(test, file_count(file), files - 1);
}

static void pgem_import_mmap_test_outlives_the_import(struct kunit *test)
{
	struct pgem_import_mmap_test *imt;
	struct pgem_bo *bo;
	unsigned long address = pgem_import_mmap_test_neighbours(test, &bo, &imt, 0);
	u32 value;

	pgem_test_dmabuf_put(test, imt->bo->base.import_attach->dmabuf);
	pgem_test_bo_put(test, imt->bo);
	KUNIT_EXPECT_EQ(test, pgem_test_device_count_bos(test), 0);
	KUNIT_EXPECT_EQ(test, pgem_test_mapping_read(address, 5, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 5);
	vm_munmap(address, bo->base.size);
	flush_delayed_fput();
	/* The test's alone. */
	KUNIT_EXPECT_EQ(test, kref_read(&bo->base.refcount), 1);
}

/*
 * An exporter that sets nothing finds nothing, and gets what DRM insists on. The mapping
 * has the operations that the kernel gave it, or it would be anonymous memory.
 */
static void pgem_import_mmap_test_exporter_sets_nothing(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, 4 * PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct pgem_import_mmap_test *imt = pgem_import_mmap_test_open(test, import);
	long address = pgem_import_mmap_test_map(test, imt, 2);

	KUNIT_ASSERT_FALSE(test, !address || IS_ERR_VALUE(address));
	KUNIT_EXPECT_EQ(test, exporter->mmaps, 1);
	KUNIT_EXPECT_EQ(test, exporter->mmap_first, 2);
	KUNIT_EXPECT_NULL(test, exporter->mmap_data);
	KUNIT_EXPECT_NULL(test, exporter->mmap_ops);
	KUNIT_EXPECT_NULL(test, imt->data);
	KUNIT_EXPECT_NOT_NULL(test, imt->ops);
	KUNIT_EXPECT_PTR_EQ(test, imt->ops, imt->given_ops);
	KUNIT_EXPECT_EQ(test, imt->flags & (VM_DONTEXPAND | VM_MIXEDMAP | VM_PFNMAP | VM_IO),
			VM_DONTEXPAND);
	KUNIT_EXPECT_EQ(test, kref_read(&import->base.refcount), 1);
	vm_munmap(address, 2 * PAGE_SIZE);
}

/* Expects that a mapping is refused, and takes or drops no reference. */
static void pgem_import_mmap_test_refused(struct kunit *test, struct pgem_test_exporter *exporter,
					  int error, int mmaps)
{
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct pgem_import_mmap_test *imt = pgem_import_mmap_test_open(test, import);
	long files = file_count(exporter->dmabuf->file);

	KUNIT_EXPECT_EQ(test, pgem_import_mmap_test_map(test, imt, 0), error);
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, exporter->mmaps, mmaps);
	KUNIT_EXPECT_EQ(test, kref_read(&import->base.refcount), 1);
	KUNIT_EXPECT_EQ(test, file_count(exporter->dmabuf->file), files);
}

static void pgem_import_mmap_test_exporter_refuses(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);

	exporter->mmap_error = -EACCES;
	pgem_import_mmap_test_refused(test, exporter, -EACCES, 1);
}

static void pgem_import_mmap_test_exporter_without_mmap(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);

	exporter->ops.mmap = NULL;
	pgem_import_mmap_test_refused(test, exporter, -EINVAL, 0);
}

/* The object's last page is more than the exporter has. */
static void pgem_import_mmap_test_past_exporters_end(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE + 1);

	pgem_import_mmap_test_refused(test, exporter, -EINVAL, 0);
}

/* The dma-buf core does not ask what the dma-buf's file is open for. */
static void pgem_import_mmap_test_read_only(struct kunit *test)
{
	struct pgem_device *neighbour = pgem_test_device_create(test, "pgem-neighbour");
	struct pgem_bo *bo = pgem_test_bo_create_on(test, neighbour, PAGE_SIZE);
	struct dma_buf *dmabuf = pgem_test_dmabuf_export(test, bo, O_RDONLY);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, dmabuf);
	struct pgem_import_mmap_test *imt = pgem_import_mmap_test_open(test, import);
	unsigned long address;

	KUNIT_EXPECT_EQ(test, pgem_import_mmap_test_map(test, imt, 0), -EACCES);
	KUNIT_EXPECT_EQ(test, kref_read(&import->base.refcount), 1);

	address = kunit_vm_mmap(test, imt->file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, 0);
	KUNIT_ASSERT_FALSE(test, !address || IS_ERR_VALUE(address));
	/* Nor may mprotect() make it so. */
	KUNIT_EXPECT_EQ(test, imt->flags & (VM_WRITE | VM_MAYWRITE), 0);
	vm_munmap(address, PAGE_SIZE);
}

/* P4: refused before the exporter is asked, who might not. */
static void pgem_import_mmap_test_private_refused(struct kunit *test)
{
	struct pgem_test_exporter *exporter = pgem_test_exporter_create(test, PAGE_SIZE);
	struct pgem_bo *import = pgem_test_dmabuf_import(test, exporter->dmabuf);
	struct pgem_import_mmap_test *imt = pgem_import_mmap_test_open(test, import);

	KUNIT_EXPECT_EQ(test, (long)kunit_vm_mmap(test, imt->file, 0, PAGE_SIZE, PROT_READ,
						  MAP_PRIVATE, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, exporter->mmaps, 0);
	KUNIT_EXPECT_EQ(test, kref_read(&import->base.refcount), 1);
}

/* References first, see pgem_prime_test.c. */
static struct kunit_case pgem_import_mmap_test_cases[] = {
	KUNIT_CASE(pgem_import_mmap_test_references),
	KUNIT_CASE(pgem_import_mmap_test_shows_exporters_pages),
	KUNIT_CASE(pgem_import_mmap_test_offset_is_passed_on),
	KUNIT_CASE(pgem_import_mmap_test_belongs_to_exporter),
	KUNIT_CASE(pgem_import_mmap_test_outlives_the_import),
	KUNIT_CASE(pgem_import_mmap_test_exporter_sets_nothing),
	KUNIT_CASE(pgem_import_mmap_test_exporter_refuses),
	KUNIT_CASE(pgem_import_mmap_test_exporter_without_mmap),
	KUNIT_CASE(pgem_import_mmap_test_past_exporters_end),
	KUNIT_CASE(pgem_import_mmap_test_read_only),
	KUNIT_CASE(pgem_import_mmap_test_private_refused),
	{ }
};

static struct kunit_suite pgem_import_mmap_test_suite = {
	.name = "pgem_import_mmap",
	.init = pgem_test_device_init,
	.test_cases = pgem_import_mmap_test_cases,
};

kunit_test_suite(pgem_import_mmap_test_suite);
