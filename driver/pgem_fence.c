// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Fences
 *
 * Fences that a client makes and signals, with the interface of vgem. A fence
 * promises that it will signal, and a client keeps no promises: so each has a timer
 * that signals it, with an error, and closing the file signals what is left.
 *
 * Objects of other drivers get no fence. Their exporter may have to wait for every
 * fence before it can move the memory, as TTM does when it evicts, and a client could
 * make it wait for 10 seconds at a time.
 *
 * The check for a conflict and the insertion happen under one hold of the
 * reservation lock. Of two clients that want to write at the same time one gets
 * -EBUSY.
 *
 * Others hold fences for as long as they like, longer than the module may stay. A
 * signalled fence therefore has nothing left of the module: it needs no release
 * function, its timer is dead before the client's table lets go of it, and its
 * operations and its lock are the core's by then. All fences are signalled when
 * their file is closed, and open files keep the module.
 */

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/container_of.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stddef.h>
#include <linux/timer.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_fence.h"

/* As long as vgem's. */
#define PGEM_FENCE_TIMEOUT	(10 * HZ)

/*
 * Fences that a file may have at a time. Each new fence of an object is compared with
 * those that the object has, under its reservation lock, and closing the file ends them
 * one by one. No real client has thousands of buffers in flight; an object that has all of
 * them keeps a list of 128 KiB.
 */
#define PGEM_FENCE_LIMIT	16384

/**
 * struct pgem_fence - a fence that a client signals, or the timer
 */
struct pgem_fence {
	/** @base: fence; first, as the core frees the whole by its address */
	struct dma_fence base;

	/** @lock: lock of @base where that brings none, see pgem_compat.h */
	spinlock_t lock;

	/** @timer: signals the fence; dead once the fence has left its table */
	struct timer_list timer;
};

static_assert(offsetof(struct pgem_fence, base) == 0);

/**
 * struct pgem_fence_table - fences that a file has not signalled yet
 */
struct pgem_fence_table {
	/**
	 * @fences: &struct pgem_fence by number, with a reference. Its own lock
	 * makes sure that only one call takes a fence out.
	 */
	struct xarray fences;

	/**
	 * @next: where to look for a free number, under the lock of @fences.
	 * Numbers are not given again soon, so that one used by mistake is
	 * unknown rather than another fence's.
	 */
	u32 next;

	/** @count: entries in @fences, or about to be; at most PGEM_FENCE_LIMIT */
	atomic_t count;
};

static const char *pgem_fence_get_driver_name(struct dma_fence *fence)
{
	return "pgem";
}

static const char *pgem_fence_get_timeline_name(struct dma_fence *fence)
{
	return "client";
}

/* No release and no wait, so that the core lets go of these once signalled. */
static const struct dma_fence_ops pgem_fence_ops = {
	.get_driver_name = pgem_fence_get_driver_name,
	.get_timeline_name = pgem_fence_get_timeline_name,
};

static void pgem_fence_expire(struct timer_list *timer)
{
	struct pgem_fence *fence = container_of(timer, struct pgem_fence, timer);

	/* What dma-fence.h wants of a timeout. FENCE_SIGNAL says what vgem's does. */
	dma_fence_set_error(&fence->base, -ETIME);
	dma_fence_signal(&fence->base);
}

/* Each has a context of its own: no order holds among what a client does. */
static struct pgem_fence *pgem_fence_create(void)
{
	struct pgem_fence *fence;

	/* Charged to the client, who decides how many there are. */
	fence = kzalloc_obj(*fence, GFP_KERNEL_ACCOUNT);
	if (!fence)
		return NULL;

	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &pgem_fence_ops, pgem_compat_fence_lock(&fence->lock),
		       dma_fence_context_alloc(1), 1);
	timer_setup(&fence->timer, pgem_fence_expire, 0);
	mod_timer(&fence->timer, jiffies + PGEM_FENCE_TIMEOUT);

	return fence;
}

/*
 * Signals a fence that is in no table any more, with @error if that is not 0, and
 * drops the table's reference.
 *
 * Returns -ETIMEDOUT if the timer was first.
 */
static int pgem_fence_retire(struct pgem_fence *fence, int error)
{
	int ret = 0;

	timer_delete_sync(&fence->timer);

	if (dma_fence_is_signaled(&fence->base)) {
		ret = -ETIMEDOUT;
	} else {
		if (error)
			dma_fence_set_error(&fence->base, error);
		dma_fence_signal(&fence->base);
	}
	dma_fence_put(&fence->base);

	return ret;
}

/*
 * The number is public, and another thread can signal the fence, as soon as it is in
 * the table; the reservation then gets a fence that is signalled already.
 */
static int pgem_fence_add_locked(struct pgem_fence_table *table, struct dma_resv *resv,
				 struct pgem_fence *fence, bool write, u32 *id)
{
	int ret;

	dma_resv_assert_held(resv);

	if (!dma_resv_test_signaled(resv, dma_resv_usage_rw(write)))
		return -EBUSY;

	ret = dma_resv_reserve_fences(resv, 1);
	if (ret)
		return ret;

	/* The reservation's own, as the table's may be gone before it gets it. */
	dma_fence_get(&fence->base);
	ret = xa_alloc_cyclic(&table->fences, id, fence, xa_limit_31b, &table->next,
			      GFP_KERNEL);
	if (ret >= 0)
		dma_resv_add_fence(resv, &fence->base,
				   write ? DMA_RESV_USAGE_WRITE : DMA_RESV_USAGE_READ);
	dma_fence_put(&fence->base);

	/* 1 says that numbers have started over. */
	return min(ret, 0);
}

static int pgem_fence_add(struct pgem_fence_table *table, struct drm_gem_object *obj,
			  bool write, u32 *id)
{
	struct pgem_fence *fence;
	int ret;

	if (!atomic_add_unless(&table->count, 1, PGEM_FENCE_LIMIT))
		return -ENOSPC;

	fence = pgem_fence_create();
	if (!fence) {
		ret = -ENOMEM;
		goto err_count;
	}

	ret = dma_resv_lock_interruptible(obj->resv, NULL);
	if (!ret) {
		ret = pgem_fence_add_locked(table, obj->resv, fence, write, id);
		dma_resv_unlock(obj->resv);
	}
	if (ret)
		goto err_retire_fence;

	return 0;

err_retire_fence:
	pgem_fence_retire(fence, 0);
err_count:
	atomic_dec(&table->count);
	/* vgem does not know EINTR here: let the kernel make the call again. */
	return ret == -EINTR ? -ERESTARTSYS : ret;
}

/**
 * pgem_ioctl_fence_attach() - handler of DRM_IOCTL_PGEM_FENCE_ATTACH
 * @drm: device, not used
 * @data: &struct drm_pgem_fence_attach
 * @file: caller's file, which gets the fence
 *
 * Return: 0; -EINVAL for an unknown flag or a set pad; -ENOENT for an unknown
 * handle; -EOPNOTSUPP for an imported object; -EBUSY if a fence is in the way; -ENOSPC
 * if the file has PGEM_FENCE_LIMIT fences; -ENOMEM; -ERESTARTSYS.
 */
int pgem_ioctl_fence_attach(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_fence_attach *args = data;
	struct drm_gem_object *obj;
	u32 id;
	int ret;

	if (args->flags & ~DRM_PGEM_FENCE_WRITE || args->pad)
		return -EINVAL;

	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	if (drm_gem_is_imported(obj))
		ret = -EOPNOTSUPP;
	else
		ret = pgem_fence_add(file->driver_priv, obj,
				     args->flags & DRM_PGEM_FENCE_WRITE, &id);
	drm_gem_object_put(obj);
	if (ret)
		return ret;

	args->out_fence = id;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_fence_attach);

/**
 * pgem_ioctl_fence_signal() - handler of DRM_IOCTL_PGEM_FENCE_SIGNAL
 * @drm: device, not used
 * @data: &struct drm_pgem_fence_signal
 * @file: caller's file
 *
 * Return: 0; -EINVAL for set flags; -ENOENT for an unknown fence; -ETIMEDOUT if
 * the fence had signalled itself.
 */
int pgem_ioctl_fence_signal(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_fence_signal *args = data;
	struct pgem_fence_table *table = file->driver_priv;
	struct pgem_fence *fence;

	if (args->flags)
		return -EINVAL;

	fence = xa_erase(&table->fences, args->fence);
	if (!fence)
		return -ENOENT;

	atomic_dec(&table->count);

	return pgem_fence_retire(fence, 0);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_fence_signal);

/**
 * pgem_fence_open() - &drm_driver.open: give a file its table of fences
 * @drm: device, not used
 * @file: file
 *
 * Return: 0, or -ENOMEM.
 */
int pgem_fence_open(struct drm_device *drm, struct drm_file *file)
{
	struct pgem_fence_table *table;

	table = kzalloc_obj(*table);
	if (!table)
		return -ENOMEM;

	xa_init_flags(&table->fences, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	file->driver_priv = table;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_fence_open);

/**
 * pgem_fence_postclose() - &drm_driver.postclose: signal what a file has left
 * @drm: device, not used
 * @file: file, in nobody else's hands any more
 *
 * The work that these fences stood for was never reported done: say so to who waits.
 */
void pgem_fence_postclose(struct drm_device *drm, struct drm_file *file)
{
	struct pgem_fence_table *table = file->driver_priv;
	struct pgem_fence *fence;
	unsigned long id;

	xa_for_each(&table->fences, id, fence) {
		pgem_fence_retire(fence, -ECANCELED);
		cond_resched();
	}

	xa_destroy(&table->fences);
	kfree(table);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_fence_postclose);
