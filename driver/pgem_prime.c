// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Sharing
 *
 * Objects as dma-bufs, and dma-bufs as objects.
 *
 * Exporting costs nothing but the dma-buf, and so does another device's attachment.
 * All pages of the object come in, and stay, for as long as a device has them mapped.
 * What differs from DRM's own operations: mappings are synchronised around access by
 * the CPU (DMA_BUF_IOCTL_SYNC), so that they are right also where a device reaches the
 * pages through a bounce buffer or a cache of its own, and segments are no longer than
 * that device can take.
 *
 * A dma-buf of another driver becomes an object without a shmem file. Nothing is
 * known of its memory, and nothing taken for granted: no page of it is looked at, and
 * no mapping for DMA is made, as there is no device that would use it. Whoever wants
 * to see the contents is sent to the exporter, mmap() to dma_buf_mmap(), vmap to
 * dma_buf_vmap(). The object's fences are those of the dma-buf.
 */

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_prime.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_mmap.h"
#include "pgem_pages.h"
#include "pgem_prime.h"
#include "pgem_purge.h"

MODULE_IMPORT_NS("DMA_BUF");

/**
 * struct pgem_prime_map - pages of an object, mapped for a device
 *
 * Lives from map_dma_buf to unmap_dma_buf. The importer gets @sgt.
 */
struct pgem_prime_map {
	/** @link: place in &struct pgem_bo.maps, under the reservation lock */
	struct list_head link;

	/** @dev: device that the pages are mapped for */
	struct device *dev;

	/** @dir: direction that they are mapped for */
	enum dma_data_direction dir;

	/** @sgt: pages and DMA addresses */
	struct sg_table sgt;
};

static int pgem_prime_map_pages(struct pgem_prime_map *map, struct pgem_bo *bo)
{
	size_t segment = min_not_zero((size_t)dma_get_max_seg_size(map->dev),
				      dma_max_mapping_size(map->dev));
	int ret;

	ret = sg_alloc_table_from_pages_segment(&map->sgt, bo->pages,
						bo->base.size >> PAGE_SHIFT, 0, bo->base.size,
						min(segment, UINT_MAX), GFP_KERNEL);
	if (ret)
		return ret;

	ret = dma_map_sgtable(map->dev, &map->sgt, map->dir, 0);
	if (ret)
		sg_free_table(&map->sgt);

	return ret;
}

static struct sg_table *pgem_prime_map_dma_buf(struct dma_buf_attachment *attach,
					       enum dma_data_direction dir)
{
	struct pgem_bo *bo = to_pgem_bo(attach->dmabuf->priv);
	struct pgem_prime_map *map;
	int ret;

	dma_resv_assert_held(bo->base.resv);

	/* As mmap() does. */
	if (drm_dev_is_unplugged(bo->base.dev))
		return ERR_PTR(-ENODEV);

	map = kzalloc_obj(*map);
	if (!map)
		return ERR_PTR(-ENOMEM);

	map->dev = attach->dev;
	map->dir = dir;

	ret = pgem_pages_pin_locked(bo);
	if (ret)
		goto err_free;

	ret = pgem_prime_map_pages(map, bo);
	if (ret)
		goto err_unpin;

	list_add(&map->link, &bo->maps);

	return &map->sgt;

err_unpin:
	pgem_pages_unpin_locked(bo);
err_free:
	kfree(map);
	return ERR_PTR(ret);
}

static void pgem_prime_unmap_dma_buf(struct dma_buf_attachment *attach, struct sg_table *sgt,
				     enum dma_data_direction dir)
{
	struct pgem_prime_map *map = container_of(sgt, struct pgem_prime_map, sgt);
	struct pgem_bo *bo = to_pgem_bo(attach->dmabuf->priv);

	dma_resv_assert_held(bo->base.resv);

	list_del(&map->link);
	dma_unmap_sgtable(map->dev, &map->sgt, map->dir, 0);
	sg_free_table(&map->sgt);
	pgem_pages_unpin_locked(bo);
	kfree(map);
}

/* After a signal the caller's system call is to begin again, if the signal's handler allows. */
static int pgem_prime_lock(struct pgem_bo *bo)
{
	int ret = dma_resv_lock_interruptible(bo->base.resv, NULL);

	return ret == -EINTR ? -ERESTARTSYS : ret;
}

/*
 * Synchronises in the direction of the mapping, the only one that DMA-API allows.
 *
 * The dma-buf core waits for fences after this function. A device that works on a copy
 * may still be writing it, so wait first: what is copied here is what the CPU sees.
 */
static int pgem_prime_begin_cpu_access(struct dma_buf *dma_buf, enum dma_data_direction dir)
{
	struct pgem_bo *bo = to_pgem_bo(dma_buf->priv);
	bool write = dir != DMA_FROM_DEVICE;
	struct pgem_prime_map *map;
	long ret;

	/* Without the lock, which others need to add their fences. */
	ret = dma_resv_wait_timeout(bo->base.resv, dma_resv_usage_rw(write), true,
				    MAX_SCHEDULE_TIMEOUT);
	if (ret < 0)
		return ret;

	ret = pgem_prime_lock(bo);
	if (ret)
		return ret;

	list_for_each_entry(map, &bo->maps, link)
		dma_sync_sgtable_for_cpu(map->dev, &map->sgt, map->dir);
	dma_resv_unlock(bo->base.resv);

	return 0;
}

static int pgem_prime_end_cpu_access(struct dma_buf *dma_buf, enum dma_data_direction dir)
{
	struct pgem_bo *bo = to_pgem_bo(dma_buf->priv);
	struct pgem_prime_map *map;

	/* Not interruptible: data left in a cache would be found nowhere else. */
	dma_resv_lock(bo->base.resv, NULL);
	list_for_each_entry(map, &bo->maps, link)
		dma_sync_sgtable_for_device(map->dev, &map->sgt, map->dir);
	dma_resv_unlock(bo->base.resv);

	return 0;
}

/* What is gone stays gone: no device is given zeros for it. */
static int pgem_prime_get_export(struct pgem_bo *bo)
{
	int ret;

	ret = pgem_prime_lock(bo);
	if (ret)
		return ret;

	if (pgem_purge_is_done(bo))
		ret = -EFAULT;
	else
		atomic_inc(&bo->exports);
	dma_resv_unlock(bo->base.resv);

	return ret;
}

static void pgem_prime_put_export(struct pgem_bo *bo)
{
	atomic_dec(&bo->exports);
}

static void pgem_prime_release(struct dma_buf *dma_buf)
{
	pgem_prime_put_export(to_pgem_bo(dma_buf->priv));
	drm_gem_dmabuf_release(dma_buf);
}

/*
 * DRM's own would add the object's mmap offset to the mapping's, which then would have to
 * exist, and could be made between two mappings of the dma-buf. The dma-buf core has
 * checked the range. Another driver may call this for a dma-buf that it has imported.
 */
static int pgem_prime_mmap(struct dma_buf *dma_buf, struct vm_area_struct *vma)
{
	struct drm_gem_object *obj = dma_buf->priv;
	int ret;

	/* The mapping's, dropped by its close operation. */
	drm_gem_object_get(obj);
	vma->vm_private_data = obj;
	vma->vm_ops = &pgem_vm_ops;

	ret = pgem_mmap_object(obj, vma);
	if (ret)
		drm_gem_object_put(obj);

	return ret;
}

/* Attaching and pinning need nothing: an importer's mapping pins. */
static const struct dma_buf_ops pgem_dma_buf_ops = {
	.map_dma_buf = pgem_prime_map_dma_buf,
	.unmap_dma_buf = pgem_prime_unmap_dma_buf,
	.release = pgem_prime_release,
	.begin_cpu_access = pgem_prime_begin_cpu_access,
	.end_cpu_access = pgem_prime_end_cpu_access,
	.mmap = pgem_prime_mmap,
	.vmap = drm_gem_dmabuf_vmap,
	.vunmap = drm_gem_dmabuf_vunmap,
};

/**
 * pgem_prime_export() - &drm_gem_object_funcs.export: make an object's dma-buf
 * @obj: object, not imported: DRM gives those the dma-buf they came from
 * @flags: O_CLOEXEC and O_RDWR or not, for the file
 *
 * Return: the dma-buf, which holds @obj, its device and the module, or an ERR_PTR():
 * -EFAULT for a purged object, -ENOMEM, -ERESTARTSYS.
 */
struct dma_buf *pgem_prime_export(struct drm_gem_object *obj, int flags)
{
	struct dma_buf_export_info info = {
		.exp_name = KBUILD_MODNAME,
		.owner = THIS_MODULE,
		.ops = &pgem_dma_buf_ops,
		.size = obj->size,
		.flags = flags,
		.priv = obj,
		.resv = obj->resv,
	};
	struct dma_buf *dma_buf;
	int ret;

	ret = pgem_prime_get_export(to_pgem_bo(obj));
	if (ret)
		return ERR_PTR(ret);

	dma_buf = drm_gem_dmabuf_export(obj->dev, &info);
	if (IS_ERR(dma_buf))
		pgem_prime_put_export(to_pgem_bo(obj));

	return dma_buf;
}

/**
 * pgem_prime_import() - &drm_driver.gem_prime_import: make an object from a dma-buf
 * @drm: device
 * @dma_buf: dma-buf, of this device or any other
 *
 * Return: an object with one reference, owned by the caller; for a dma-buf of @drm
 * the object it was made from. Or an ERR_PTR(): -ENOMEM, or what the exporter says to
 * an attachment.
 */
struct drm_gem_object *pgem_prime_import(struct drm_device *drm, struct dma_buf *dma_buf)
{
	struct dma_buf_attachment *attach;
	struct drm_gem_object *obj;
	struct pgem_bo *bo;

	if (dma_buf->ops == &pgem_dma_buf_ops) {
		obj = dma_buf->priv;
		if (obj->dev == drm) {
			drm_gem_object_get(obj);
			return obj;
		}
	}

	attach = dma_buf_attach(dma_buf, drm->dev);
	if (IS_ERR(attach))
		return ERR_CAST(attach);

	bo = pgem_bo_create_import(to_pgem_device(drm), attach);
	if (!bo) {
		dma_buf_detach(dma_buf, attach);
		return ERR_PTR(-ENOMEM);
	}

	/* The object's, returned by drm_prime_gem_destroy(). */
	get_dma_buf(dma_buf);

	return &bo->base;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_prime_import);
