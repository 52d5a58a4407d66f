// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Test device
 *
 * The device that every unit test works on, a new one for each: a struct
 * pgem_device as the driver makes it, below a device of KUnit's. It is never
 * registered, so no program of the running system finds it, and the pgem device
 * that is there already does not notice.
 *
 * KUnit undoes everything, latest first, also for a test that ends early.
 */

#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/shmem_fs.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_mm.h>
#include <drm/drm_vma_manager.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_test_device.h"

/* There is no device file: but a dma-buf pins the module that is said here. */
static const struct file_operations pgem_test_fops = {
	.owner = THIS_MODULE,
};

static const struct drm_driver pgem_test_driver = {
	.driver_features = DRIVER_GEM,
	.fops = &pgem_test_fops,
	.name = "pgem-test",
	.desc = "pgem's unit tests",
};

/**
 * pgem_test_device_create() - make one more device, with nothing in common
 * @test: test; ends here if the device cannot be made
 * @name: name, of no other device of the test
 *
 * Return: a device, which lasts as long as the test.
 */
struct pgem_device *pgem_test_device_create(struct kunit *test, const char *name)
{
	struct pgem_device *pdev;
	struct device *parent;

	parent = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);

	pdev = devm_drm_dev_alloc(parent, &pgem_test_driver, struct pgem_device, drm);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pdev);
	KUNIT_ASSERT_EQ(test, 0, pgem_device_init(pdev));

	return pdev;
}

/**
 * pgem_test_device_init() - a suite's &kunit_suite.init: make the device
 * @test: test, whose priv is the &struct pgem_device from now on
 *
 * Return: 0.
 */
int pgem_test_device_init(struct kunit *test)
{
	test->priv = pgem_test_device_create(test, "pgem-test");

	return 0;
}

/**
 * pgem_test_device_unplug() - let the device be gone, for whoever asks DRM
 * @test: test
 *
 * Not drm_dev_unplug(), which wants a registered device. Mappings stay.
 */
void pgem_test_device_unplug(struct kunit *test)
{
	struct pgem_device *pdev = test->priv;

	pdev->drm.unplugged = true;
}

KUNIT_DEFINE_ACTION_WRAPPER(pgem_test_device_free_offsets, drm_mm_remove_node,
			    struct drm_mm_node *);

/**
 * pgem_test_device_leave_offsets() - take most of the mmap offsets
 * @test: test, without an object yet
 * @pages: how many pages to leave, at the top of the range
 */
void pgem_test_device_leave_offsets(struct kunit *test, unsigned long pages)
{
	struct pgem_device *pdev = test->priv;
	struct drm_mm *offsets = &pdev->drm.vma_offset_manager->vm_addr_space_mm;
	struct drm_mm_node *node;

	node = kunit_kzalloc(test, sizeof(*node), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, node);

	/* No lock: nobody else knows the device. */
	node->start = DRM_FILE_PAGE_OFFSET_START;
	node->size = PGEM_DEVICE_OFFSETS - pages;
	KUNIT_ASSERT_EQ(test, 0, drm_mm_reserve_node(offsets, node));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_test_device_free_offsets,
							   node));
}

/**
 * pgem_test_device_count_bos_of() - count the objects alive on a device
 * @pdev: device
 *
 * Return: how many objects of the device are published and not freed.
 */
size_t pgem_test_device_count_bos_of(struct pgem_device *pdev)
{
	size_t count;

	mutex_lock(&pdev->bos.lock);
	count = list_count_nodes(&pdev->bos.list);
	mutex_unlock(&pdev->bos.lock);

	return count;
}

/**
 * pgem_test_device_count_bos() - count the objects alive on the test's device
 * @test: test
 *
 * Return: as pgem_test_device_count_bos_of().
 */
size_t pgem_test_device_count_bos(struct kunit *test)
{
	return pgem_test_device_count_bos_of(test->priv);
}

static void pgem_test_bo_release(void *data)
{
	struct pgem_bo *bo = data;

	drm_gem_object_put(&bo->base);

	/* An import puts a file, which a worker does unless it is told to do it now. */
	flush_delayed_fput();
}

/**
 * pgem_test_bo_adopt() - let KUnit drop a reference to an object
 * @test: test
 * @bo: object
 */
void pgem_test_bo_adopt(struct kunit *test, struct pgem_bo *bo)
{
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_test_bo_release, bo));
}

/**
 * pgem_test_bo_create_on() - create an object on a device, for as long as the test
 * @test: test; ends here if the object cannot be created
 * @pdev: device
 * @size: bytes
 *
 * Return: an object; its reference is KUnit's.
 */
struct pgem_bo *pgem_test_bo_create_on(struct kunit *test, struct pgem_device *pdev, u64 size)
{
	struct pgem_bo *bo;

	bo = pgem_bo_create(pdev, size, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bo);
	pgem_test_bo_adopt(test, bo);

	return bo;
}

/**
 * pgem_test_bo_create() - create an object on the test's device
 * @test: test; ends here if the object cannot be created
 * @size: bytes
 *
 * Return: an object; its reference is KUnit's.
 */
struct pgem_bo *pgem_test_bo_create(struct kunit *test, u64 size)
{
	return pgem_test_bo_create_on(test, test->priv, size);
}

/**
 * pgem_test_bo_offset() - give an object its mmap offset, if it has none
 * @test: test; ends here if there is none left
 * @bo: object
 *
 * Return: the offset, in pages.
 */
unsigned long pgem_test_bo_offset(struct kunit *test, struct pgem_bo *bo)
{
	KUNIT_ASSERT_EQ(test, 0, drm_gem_create_mmap_offset(&bo->base));

	return drm_vma_node_start(&bo->base.vma_node);
}

/**
 * pgem_test_bo_touch() - bring in an object's first pages
 * @test: test; ends here without memory
 * @bo: object
 * @pages: how many
 *
 * Not by faults: nobody hears of it.
 */
void pgem_test_bo_touch(struct kunit *test, struct pgem_bo *bo, unsigned long pages)
{
	unsigned long i;

	for (i = 0; i < pages; i++) {
		struct page *page = shmem_read_mapping_page(bo->base.filp->f_mapping, i);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
		put_page(page);
	}
}

/**
 * pgem_test_bo_is_listed() - say whether an object is on the list of what can be purged
 * @bo: object
 *
 * Return: true if it is.
 */
bool pgem_test_bo_is_listed(const struct pgem_bo *bo)
{
	return !list_empty(&bo->purge);
}

/**
 * pgem_test_bo_put() - drop KUnit's reference now
 * @test: test
 * @bo: object of the test, gone when this returns unless something else refers to it
 */
void pgem_test_bo_put(struct kunit *test, struct pgem_bo *bo)
{
	kunit_release_action(test, pgem_test_bo_release, bo);
}

/* As tags and not by MODULE_IMPORT_NS(): the one form that all kernels take. */
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
MODULE_INFO(import_ns, "DMA_BUF");
MODULE_DESCRIPTION("Unit tests of pgem");
MODULE_LICENSE("GPL");
