// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Test dma-bufs
 *
 * Dma-bufs of objects, objects of dma-bufs, and an exporter which refuses whatever a
 * test wants it to refuse, counts what it is asked for, and has no memory at all.
 *
 * The last reference to a file is dropped some time later by a worker. All that drops
 * one here waits for that.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_prime.h"
#include "pgem_test_device.h"
#include "pgem_test_dmabuf.h"

static int pgem_test_exporter_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct pgem_test_exporter *exporter = dmabuf->priv;

	if (exporter->attach_error)
		return exporter->attach_error;
	exporter->attached++;

	return 0;
}

static void pgem_test_exporter_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct pgem_test_exporter *exporter = dmabuf->priv;

	exporter->attached--;
}

static struct sg_table *pgem_test_exporter_map(struct dma_buf_attachment *attach,
					       enum dma_data_direction dir)
{
	return ERR_PTR(-ENXIO);
}

static void pgem_test_exporter_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
				     enum dma_data_direction dir)
{
}

static void pgem_test_exporter_release(struct dma_buf *dmabuf)
{
}

/* Sets nothing in @vma, as some exporters do not either. */
static int pgem_test_exporter_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct pgem_test_exporter *exporter = dmabuf->priv;

	exporter->mmaps++;
	exporter->mmap_first = vma->vm_pgoff;
	exporter->mmap_data = vma->vm_private_data;
	exporter->mmap_ops = vma->vm_ops;

	return exporter->mmap_error;
}

/* In I/O memory, for whoever takes every mapping for a pointer. */
static int pgem_test_exporter_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct pgem_test_exporter *exporter = dmabuf->priv;

	exporter->vmaps++;
	iosys_map_set_vaddr_iomem(map, (void __iomem *)exporter);

	return 0;
}

static void pgem_test_exporter_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct pgem_test_exporter *exporter = dmabuf->priv;

	exporter->vmaps--;
}

static const struct dma_buf_ops pgem_test_exporter_ops = {
	.attach = pgem_test_exporter_attach,
	.detach = pgem_test_exporter_detach,
	.map_dma_buf = pgem_test_exporter_map,
	.unmap_dma_buf = pgem_test_exporter_unmap,
	.release = pgem_test_exporter_release,
	.mmap = pgem_test_exporter_mmap,
	.vmap = pgem_test_exporter_vmap,
	.vunmap = pgem_test_exporter_vunmap,
};

static void pgem_test_dmabuf_release(void *data)
{
	struct dma_buf *dmabuf = data;

	dma_buf_put(dmabuf);
	flush_delayed_fput();
}

static struct dma_buf *pgem_test_dmabuf_adopt(struct kunit *test, struct dma_buf *dmabuf)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pgem_test_dmabuf_release,
							   dmabuf));

	return dmabuf;
}

/**
 * pgem_test_exporter_create() - make an exporter and its dma-buf
 * @test: test; ends here if that fails
 * @size: bytes, need not be whole pages
 *
 * Return: an exporter that refuses nothing yet.
 */
struct pgem_test_exporter *pgem_test_exporter_create(struct kunit *test, size_t size)
{
	struct pgem_test_exporter *exporter;
	struct dma_buf_export_info info = {
		.exp_name = "pgem-test",
		.owner = THIS_MODULE,
		.size = size,
		.flags = O_RDWR,
	};

	exporter = kunit_kzalloc(test, sizeof(*exporter), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, exporter);

	exporter->ops = pgem_test_exporter_ops;
	info.ops = &exporter->ops;
	info.priv = exporter;
	exporter->dmabuf = pgem_test_dmabuf_adopt(test, dma_buf_export(&info));

	return exporter;
}

/**
 * pgem_test_dmabuf_export() - export an object, as the driver does
 * @test: test; ends here if that fails
 * @bo: object
 * @flags: O_RDWR or O_RDONLY
 *
 * Return: the dma-buf; its reference is KUnit's.
 */
struct dma_buf *pgem_test_dmabuf_export(struct kunit *test, struct pgem_bo *bo, int flags)
{
	return pgem_test_dmabuf_adopt(test, bo->base.funcs->export(&bo->base, flags));
}

/**
 * pgem_test_dmabuf_put() - drop KUnit's reference to a dma-buf now
 * @test: test
 * @dmabuf: dma-buf of the test, gone when this returns unless something refers to it
 */
void pgem_test_dmabuf_put(struct kunit *test, struct dma_buf *dmabuf)
{
	kunit_release_action(test, pgem_test_dmabuf_release, dmabuf);
}

/**
 * pgem_test_dmabuf_import() - import a dma-buf into the test's device
 * @test: test; ends here if that fails
 * @dmabuf: dma-buf
 *
 * Return: the object; its reference is KUnit's.
 */
struct pgem_bo *pgem_test_dmabuf_import(struct kunit *test, struct dma_buf *dmabuf)
{
	struct pgem_device *pdev = test->priv;
	struct drm_gem_object *obj;

	obj = pgem_prime_import(&pdev->drm, dmabuf);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	pgem_test_bo_adopt(test, to_pgem_bo(obj));

	return to_pgem_bo(obj);
}
