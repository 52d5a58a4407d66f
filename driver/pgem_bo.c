// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Buffer objects
 *
 * Life of an object and the ioctls that name one. Creating it costs a shmem file
 * and nothing else: no mmap offset, no page, no page array, no pin. Pages come in
 * the fault handler (pgem_fault.c), one at a time.
 *
 * The mmap offset is given to who asks for it. It stays until the object goes.
 */

#include <kunit/visibility.h>
#include <linux/compiler.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/time_namespace.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_mode.h>
#include <drm/drm_prime.h>
#include <drm/drm_utils.h>
#include <drm/drm_vma_manager.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_mmap.h"
#include "pgem_pages.h"
#include "pgem_prime.h"
#include "pgem_purge.h"
#include "pgem_shmem.h"
#include "pgem_stats.h"
#include "pgem_trace.h"

/* What objects are made of. Only from a cache can they be put on a list_lru. */
static struct kmem_cache *pgem_bo_cache;

static void pgem_bo_free(struct drm_gem_object *obj)
{
	struct pgem_device *pdev = to_pgem_device(obj->dev);
	struct pgem_bo *bo = to_pgem_bo(obj);

	trace_pgem_bo_free(bo);

	mutex_lock(&pdev->bos.lock);
	list_del(&bo->link);
	mutex_unlock(&pdev->bos.lock);

	kfree(bo->label);
	pgem_purge_del(bo);
	drm_gem_object_release(obj);
	if (drm_gem_is_imported(obj))
		drm_prime_gem_destroy(obj, NULL);
	kmem_cache_free(pgem_bo_cache, bo);
}

static const struct drm_gem_object_funcs pgem_bo_funcs = {
	.free = pgem_bo_free,
	.export = pgem_prime_export,
	.vmap = pgem_pages_vmap,
	.vunmap = pgem_pages_vunmap,
	.mmap = pgem_mmap,
	.status = pgem_stats_status,
	.rss = pgem_stats_rss,
	.vm_ops = &pgem_vm_ops,
};

/* Last step of creation: from here on debugfs shows the object. */
static void pgem_bo_publish(struct pgem_device *pdev, struct pgem_bo *bo)
{
	mutex_lock(&pdev->bos.lock);
	bo->id = ++pdev->bos.last_id;
	list_add_tail(&bo->link, &pdev->bos.list);
	mutex_unlock(&pdev->bos.lock);

	trace_pgem_bo_create(bo);
}

/*
 * What all objects have. The caller adds the memory. Charged to the client's cgroup,
 * which also says by whose need for memory it will be reclaimed.
 */
static struct pgem_bo *pgem_bo_alloc(struct pgem_device *pdev, u32 flags)
{
	struct pgem_bo *bo;

	bo = kmem_cache_alloc_lru(pgem_bo_cache, &pdev->purge.lru,
				  GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!bo)
		return NULL;

	bo->base.funcs = &pgem_bo_funcs;
	bo->flags = flags;
	bo->pid = task_tgid_nr(current);
	/* A name is padded with zeros, and get_task_comm() costs more than all else here. */
	data_race(memcpy(bo->comm, current->group_leader->comm, sizeof(bo->comm) - 1));
	INIT_LIST_HEAD(&bo->maps);
	INIT_LIST_HEAD(&bo->purge);
	INIT_LIST_HEAD(&bo->queued);

	return bo;
}

/* Returns an object with one reference, owned by the caller, or an ERR_PTR(). */
VISIBLE_IF_KUNIT struct pgem_bo *pgem_bo_create(struct pgem_device *pdev, u64 size, u32 flags)
{
	struct pgem_bo *bo;
	int ret;

	if (!size)
		return ERR_PTR(-EINVAL);
	if (size > pgem_device_max_bo_size())
		return ERR_PTR(-E2BIG);

	bo = pgem_bo_alloc(pdev, flags);
	if (!bo)
		return ERR_PTR(-ENOMEM);

	drm_gem_private_object_init(&pdev->drm, &bo->base, PAGE_ALIGN(size));
	ret = pgem_shmem_create_file(bo);
	if (ret) {
		drm_gem_object_release(&bo->base);
		kmem_cache_free(pgem_bo_cache, bo);
		return ERR_PTR(ret);
	}

	pgem_bo_publish(pdev, bo);

	return bo;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_bo_create);

/**
 * pgem_bo_create_import() - create an object for another driver's memory
 * @pdev: device
 * @attach: attachment of @pdev to the dma-buf; the object's from then on, and with
 * it a reference to the dma-buf that the caller supplies
 *
 * Return: an object with one reference, owned by the caller, or NULL without memory:
 * @attach stays the caller's then.
 */
struct pgem_bo *pgem_bo_create_import(struct pgem_device *pdev,
				      struct dma_buf_attachment *attach)
{
	struct pgem_bo *bo;

	bo = pgem_bo_alloc(pdev, DRM_PGEM_GEM_IMPORTED);
	if (!bo)
		return NULL;

	/* Before the next line, which would take the object's own. */
	bo->base.resv = attach->dmabuf->resv;
	drm_gem_private_object_init(&pdev->drm, &bo->base, PAGE_ALIGN(attach->dmabuf->size));
	bo->base.import_attach = attach;
	pgem_bo_publish(pdev, bo);

	return bo;
}

/*
 * The handle is public, and another thread can close it, before this returns:
 * the creation's own reference keeps the object until all is said about it.
 */
static int pgem_bo_create_with_handle(struct drm_device *drm, struct drm_file *file,
				      u64 size, u32 flags, u32 *handle, u64 *actual)
{
	struct pgem_bo *bo;
	int ret;

	bo = pgem_bo_create(to_pgem_device(drm), size, flags);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	ret = drm_gem_handle_create(file, &bo->base, handle);
	*actual = bo->base.size;
	drm_gem_object_put(&bo->base);

	return ret;
}

/**
 * pgem_bo_cache_init() - make what objects are allocated from, for all devices
 *
 * Return: 0, or -ENOMEM.
 */
int pgem_bo_cache_init(void)
{
	pgem_bo_cache = KMEM_CACHE(pgem_bo, 0);

	return pgem_bo_cache ? 0 : -ENOMEM;
}

/**
 * pgem_bo_cache_fini() - undo pgem_bo_cache_init(), when there is no object left
 */
void pgem_bo_cache_fini(void)
{
	kmem_cache_destroy(pgem_bo_cache);
}

/**
 * pgem_ioctl_gem_create() - handler of DRM_IOCTL_PGEM_GEM_CREATE
 * @drm: device
 * @data: &struct drm_pgem_gem_create
 * @file: caller's file, which gets the handle
 *
 * Return: 0; -EINVAL for a size of zero, unknown flags or a set handle; -E2BIG
 * for a size above the limit; -EOPNOTSUPP for large folios where there are none;
 * -ENOMEM; -ENOSPC without an inode for the shmem file.
 */
int pgem_ioctl_gem_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_gem_create *args = data;
	u32 handle;
	u64 size;
	int ret;

	if (args->flags & ~PGEM_SHMEM_CREATE_FLAGS || args->handle)
		return -EINVAL;

	ret = pgem_bo_create_with_handle(drm, file, args->size, args->flags, &handle, &size);
	if (ret)
		return ret;

	args->size = size;
	args->handle = handle;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_gem_create);

/**
 * pgem_ioctl_gem_mmap_offset() - handler of DRM_IOCTL_PGEM_GEM_MMAP_OFFSET
 * @drm: device, not used
 * @data: &struct drm_pgem_gem_mmap_offset
 * @file: caller's file
 *
 * Return: 0, -EINVAL for set flags, -ENOENT for an unknown handle, -ENOSPC without a
 * free mmap offset.
 */
int pgem_ioctl_gem_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_gem_mmap_offset *args = data;
	struct drm_gem_object *obj;
	int ret;

	if (args->flags)
		return -EINVAL;

	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_gem_mmap_offset);

/**
 * pgem_ioctl_gem_info() - handler of DRM_IOCTL_PGEM_GEM_INFO
 * @drm: device, not used
 * @data: &struct drm_pgem_gem_info
 * @file: caller's file
 *
 * Return: 0, -EINVAL for set flags, -ENOENT for an unknown handle.
 */
int pgem_ioctl_gem_info(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_gem_info *args = data;
	struct drm_gem_object *obj;

	if (args->flags)
		return -EINVAL;

	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	args->flags = to_pgem_bo(obj)->flags;
	args->size = obj->size;
	args->resident = pgem_bo_resident(to_pgem_bo(obj));
	drm_gem_object_put(obj);

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_gem_info);

/*
 * Makes a time of the caller's CLOCK_MONOTONIC one of the kernel's. In a time namespace
 * the two differ by an offset, which can have either sign.
 */
static s64 pgem_bo_host_time(s64 time_ns)
{
	struct timespec64 offset = { };
	s64 host_ns;

	/* It has passed in every namespace, as no clock there is below zero. */
	if (time_ns <= 0)
		return time_ns;

	timens_add_monotonic(&offset);
	if (check_sub_overflow(time_ns, timespec64_to_ns(&offset), &host_ns))
		return S64_MAX;

	return host_ns;
}

/**
 * pgem_ioctl_gem_wait() - handler of DRM_IOCTL_PGEM_GEM_WAIT
 * @drm: device, not used
 * @data: &struct drm_pgem_gem_wait
 * @file: caller's file
 *
 * Return: 0, -EINVAL for an unknown flag, -ENOENT for an unknown handle, -ETIME if
 * the time is up, -ERESTARTSYS.
 */
int pgem_ioctl_gem_wait(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_gem_wait *args = data;
	enum dma_resv_usage usage = dma_resv_usage_rw(args->flags & DRM_PGEM_WAIT_WRITE);
	s64 end_ns = pgem_bo_host_time(args->timeout_ns);
	struct drm_gem_object *obj;
	long ret;

	if (args->flags & ~DRM_PGEM_WAIT_WRITE)
		return -EINVAL;

	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	/* Jiffies can lag behind the clock, and end a wait before its time. */
	do {
		ret = dma_resv_wait_timeout(obj->resv, usage, true,
					    drm_timeout_abs_to_jiffies(end_ns));
	} while (!ret && ktime_to_ns(ktime_get()) < end_ns);
	drm_gem_object_put(obj);
	if (ret < 0)
		return ret;

	return ret ? 0 : -ETIME;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_gem_wait);

/**
 * pgem_dumb_create() - handler of DRM_IOCTL_MODE_CREATE_DUMB
 * @file: caller's file, which gets the handle
 * @drm: device
 * @args: width, height, bits per pixel; gets pitch, size and handle
 *
 * Return: 0, or a negative error code as pgem_ioctl_gem_create() has them.
 */
int pgem_dumb_create(struct drm_file *file, struct drm_device *drm,
		     struct drm_mode_create_dumb *args)
{
	int ret;

	ret = drm_mode_size_dumb(drm, args, 0, 0);
	if (ret)
		return ret;

	return pgem_bo_create_with_handle(drm, file, args->size, 0, &args->handle, &args->size);
}
