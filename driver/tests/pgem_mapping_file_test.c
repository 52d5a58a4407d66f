// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tests of a mapping's file
 *
 * What the file of a mapping is and is not, what it holds, and for how long. It is found
 * by the mapping: no program has a descriptor of it.
 */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/shmem_fs.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_test_device.h"
#include "pgem_test_mapping.h"

/**
 * struct pgem_mapping_file_test - a mapping and its file
 */
struct pgem_mapping_file_test {
	/** @bo: object */
	struct pgem_bo *bo;

	/** @address: of the mapping, of all of @bo */
	unsigned long address;

	/** @origin: what it was made by */
	struct file *origin;

	/** @file: its file */
	struct file *file;
};

/**
 * struct pgem_mapping_file_test_way - a way to map an object
 */
struct pgem_mapping_file_test_way {
	/** @desc: name of the case */
	const char *desc;

	/** @dmabuf: by a dma-buf, else by a file such as the device's */
	bool dmabuf;
};

static const struct pgem_mapping_file_test_way pgem_mapping_file_test_ways[] = {
	{ .desc = "file" },
	{ .desc = "dmabuf", .dmabuf = true },
};

KUNIT_ARRAY_PARAM_DESC(pgem_mapping_file_test_way, pgem_mapping_file_test_ways, desc);

static void pgem_mapping_file_test_map(struct kunit *test, struct pgem_mapping_file_test *mft)
{
	pgoff_t index;

	mft->address = pgem_test_mapping_create(test, mft->origin, 0);
	mft->file = pgem_test_mapping_file(mft->address, &index);
	KUNIT_ASSERT_NOT_NULL(test, mft->file);
}

static void pgem_mapping_file_test_open(struct kunit *test, struct pgem_mapping_file_test *mft)
{
	const struct pgem_mapping_file_test_way *param = test->param_value;

	/* Files of other tests' mappings have the module, too. */
	flush_delayed_fput();
	flush_delayed_fput();

	mft->bo = pgem_test_mapping_bo(test);
	if (param->dmabuf)
		mft->origin = pgem_test_mapping_export(test, mft->bo, O_RDWR);
	else
		mft->origin = pgem_test_mapping_open(test, mft->bo);
}

static void pgem_mapping_file_test_setup(struct kunit *test, struct pgem_mapping_file_test *mft)
{
	pgem_mapping_file_test_open(test, mft);
	pgem_mapping_file_test_map(test, mft);
}

static void pgem_mapping_file_test_unmap(struct pgem_mapping_file_test *mft)
{
	pgem_test_mapping_remove(mft->address, PGEM_TEST_MAPPING_PAGES);
}

/* Where memory management looks for those who have one of the object's pages mapped. */
static void pgem_mapping_file_test_inode(struct kunit *test)
{
	struct pgem_mapping_file_test mft;
	struct file *backing;

	pgem_mapping_file_test_setup(test, &mft);
	backing = mft.bo->base.filp;
	KUNIT_EXPECT_PTR_EQ(test, mft.file->f_mapping, backing->f_mapping);
	KUNIT_EXPECT_PTR_EQ(test, file_inode(mft.file), file_inode(backing));
	KUNIT_EXPECT_PTR_NE(test, mft.file, backing);
	KUNIT_EXPECT_PTR_NE(test, mft.file, mft.origin);
	pgem_mapping_file_test_unmap(&mft);
}

/* Two mappings, by the same file or not, have nothing in common but the inode. */
static void pgem_mapping_file_test_one_each(struct kunit *test)
{
	struct pgem_mapping_file_test first, second;

	pgem_mapping_file_test_setup(test, &first);
	second = first;
	pgem_mapping_file_test_map(test, &second);
	KUNIT_EXPECT_PTR_NE(test, first.file, second.file);
	pgem_mapping_file_test_unmap(&second);
	KUNIT_EXPECT_EQ(test, file_count(first.file), 1);
	pgem_mapping_file_test_unmap(&first);
}

/* As remap_file_pages() would, past all that is asked when an object is mapped. */
static void pgem_mapping_file_test_not_mapped_anew(struct kunit *test)
{
	struct pgem_mapping_file_test mft;
	long files;

	pgem_mapping_file_test_setup(test, &mft);
	files = file_count(mft.file);
	KUNIT_EXPECT_EQ(test, (long)kunit_vm_mmap(test, mft.file, 0, PAGE_SIZE, PROT_READ,
						  MAP_SHARED, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, (long)kunit_vm_mmap(test, mft.file, 0, PAGE_SIZE,
						  PROT_READ | PROT_WRITE, MAP_PRIVATE, 0),
			-ENODEV);
	KUNIT_EXPECT_EQ(test, file_count(mft.file), files);
	pgem_mapping_file_test_unmap(&mft);
}

/* As MADV_REMOVE would. */
static void pgem_mapping_file_test_no_holes(struct kunit *test)
{
	struct pgem_mapping_file_test mft;

	pgem_mapping_file_test_setup(test, &mft);
	pgem_test_bo_touch(test, mft.bo, PGEM_TEST_MAPPING_PAGES);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(mft.file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					    0, PAGE_SIZE), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, pgem_bo_resident(mft.bo), mft.bo->base.size);
	pgem_mapping_file_test_unmap(&mft);
}

/* As msync() does: of memory there is nothing to write. */
static void pgem_mapping_file_test_fsync(struct kunit *test)
{
	struct pgem_mapping_file_test mft;

	pgem_mapping_file_test_setup(test, &mft);
	KUNIT_EXPECT_EQ(test, vfs_fsync(mft.file, 0), 0);
	pgem_mapping_file_test_unmap(&mft);
}

/* Neither from the mapping nor from its making: root can have the inode after the module. */
static void pgem_mapping_file_test_inode_is_plain(struct kunit *test)
{
	struct pgem_mapping_file_test mft;
	const struct inode *inode, *plain;
	struct pgem_bo *bo;

	pgem_mapping_file_test_setup(test, &mft);
	bo = pgem_test_bo_create(test, PAGE_SIZE);
	inode = file_inode(mft.file);
	plain = file_inode(bo->base.filp);
	/* The one that was never mapped has shmem's, as the file's own still are. */
	KUNIT_EXPECT_PTR_EQ(test, inode->i_fop, bo->base.filp->f_op);
	KUNIT_EXPECT_PTR_EQ(test, inode->i_fop, plain->i_fop);
	KUNIT_EXPECT_PTR_EQ(test, inode->i_op, plain->i_op);
	KUNIT_EXPECT_PTR_EQ(test, inode->i_mapping->a_ops, plain->i_mapping->a_ops);
	KUNIT_EXPECT_TRUE(test, shmem_mapping(inode->i_mapping));
	KUNIT_EXPECT_PTR_NE(test, mft.file->f_op, inode->i_fop);
	pgem_mapping_file_test_unmap(&mft);
}

/* However it is cut: until its last piece goes, and once. */
static void pgem_mapping_file_test_holds_origin(struct kunit *test)
{
	struct pgem_mapping_file_test mft;
	long files;

	pgem_mapping_file_test_open(test, &mft);
	files = file_count(mft.origin);
	pgem_mapping_file_test_map(test, &mft);
	KUNIT_EXPECT_EQ(test, file_count(mft.origin), files + 1);
	KUNIT_EXPECT_EQ(test, file_count(mft.file), 1);
	pgem_test_mapping_remove(mft.address + 2 * PAGE_SIZE, 1);
	KUNIT_EXPECT_EQ(test, file_count(mft.origin), files + 1);
	KUNIT_EXPECT_EQ(test, file_count(mft.file), 2);
	pgem_test_mapping_remove(mft.address, 2);
	KUNIT_EXPECT_EQ(test, file_count(mft.origin), files + 1);
	pgem_mapping_file_test_unmap(&mft);
	KUNIT_EXPECT_EQ(test, file_count(mft.origin), files);
}

/* The file's operations are the module's, and run for the last time after all else. */
static void pgem_mapping_file_test_holds_module(struct kunit *test)
{
	struct pgem_mapping_file_test mft, second;
	struct module *owner;
	int references;

	pgem_mapping_file_test_setup(test, &mft);
	owner = mft.file->f_op->owner;
	if (!owner) {
		pgem_mapping_file_test_unmap(&mft);
		kunit_skip(test, "needs pgem as a module");
	}
	references = module_refcount(owner);
	KUNIT_EXPECT_PTR_NE(test, owner, THIS_MODULE);

	second = mft;
	pgem_mapping_file_test_map(test, &second);
	KUNIT_EXPECT_EQ(test, module_refcount(owner), references + 1);
	pgem_mapping_file_test_unmap(&second);
	KUNIT_EXPECT_EQ(test, module_refcount(owner), references);
	pgem_mapping_file_test_unmap(&mft);
	KUNIT_EXPECT_EQ(test, module_refcount(owner), references - 1);
}

/* A mapping that is refused leaves nothing of all that. */
static void pgem_mapping_file_test_refused(struct kunit *test)
{
	struct pgem_mapping_file_test mft;
	struct module *owner;
	int references;
	long files;

	pgem_mapping_file_test_setup(test, &mft);
	owner = mft.file->f_op->owner;
	references = owner ? module_refcount(owner) : 0;
	files = file_count(mft.origin);
	KUNIT_EXPECT_EQ(test, (long)kunit_vm_mmap(test, mft.origin, 0, PAGE_SIZE, PROT_READ,
						  MAP_PRIVATE, 0), -EINVAL);
	pgem_test_device_unplug(test);
	KUNIT_EXPECT_EQ(test, (long)kunit_vm_mmap(test, mft.origin, 0, PAGE_SIZE, PROT_READ,
						  MAP_SHARED, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, file_count(mft.origin), files);
	KUNIT_EXPECT_EQ(test, owner ? module_refcount(owner) : 0, references);
	pgem_mapping_file_test_unmap(&mft);
}

static struct kunit_case pgem_mapping_file_test_cases[] = {
	KUNIT_CASE_PARAM(pgem_mapping_file_test_inode, pgem_mapping_file_test_way_gen_params),
	KUNIT_CASE_PARAM(pgem_mapping_file_test_one_each, pgem_mapping_file_test_way_gen_params),
	KUNIT_CASE_PARAM(pgem_mapping_file_test_not_mapped_anew,
			 pgem_mapping_file_test_way_gen_params),
	KUNIT_CASE_PARAM(pgem_mapping_file_test_no_holes, pgem_mapping_file_test_way_gen_params),
	KUNIT_CASE_PARAM(pgem_mapping_file_test_fsync, pgem_mapping_file_test_way_gen_params),
	KUNIT_CASE_PARAM(pgem_mapping_file_test_inode_is_plain,
			 pgem_mapping_file_test_way_gen_params),
	KUNIT_CASE_PARAM(pgem_mapping_file_test_holds_origin,
			 pgem_mapping_file_test_way_gen_params),
	KUNIT_CASE_PARAM(pgem_mapping_file_test_holds_module,
			 pgem_mapping_file_test_way_gen_params),
	KUNIT_CASE_PARAM(pgem_mapping_file_test_refused, pgem_mapping_file_test_way_gen_params),
	{ }
};

static struct kunit_suite pgem_mapping_file_test_suite = {
	.name = "pgem_mapping_file",
	.init = pgem_test_device_init,
	.test_cases = pgem_mapping_file_test_cases,
};

kunit_test_suite(pgem_mapping_file_test_suite);
