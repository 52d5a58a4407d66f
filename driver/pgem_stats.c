// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Statistics
 *
 * What an object takes, told to those who account for memory: DRM's fdinfo, and
 * debugfs. Resident are pages that exist, and not the size, as it is with drivers that
 * allocate all of an object at once; of a large folio all pages exist. GEM_INFO has the
 * same figure, from pgem_bo_resident().
 *
 * And the name that a client gives an object, so that people can tell which is which.
 */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/rcupdate_wait.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_purge.h"
#include "pgem_stats.h"

/**
 * pgem_stats_mapped() - count the pages of an object that a process has mapped
 * @bo: object
 *
 * Looks at each page, so it is for debugfs. A folio counts whole if one of its pages
 * is mapped.
 *
 * Return: bytes, of which none are counted twice; 0 for an imported object.
 */
u64 pgem_stats_mapped(struct pgem_bo *bo)
{
	struct folio *folio;
	u64 pages = 0;

	if (!bo->base.filp)
		return 0;

	XA_STATE(xas, &bo->base.filp->f_mapping->i_pages, 0);

	rcu_read_lock();
	xas_for_each(&xas, folio, ULONG_MAX) {
		/* A value is a page in swap. */
		if (xas_retry(&xas, folio) || xa_is_value(folio))
			continue;
		/* Could be freed, and something else, without a reference. */
		if (!folio_try_get(folio)) {
			xas_reset(&xas);
			continue;
		}
		if (folio == xas_reload(&xas)) {
			if (folio_mapped(folio))
				pages += folio_nr_pages(folio);
		} else {
			xas_reset(&xas);
		}
		folio_put(folio);
		if (need_resched()) {
			xas_pause(&xas);
			cond_resched_rcu();
		}
	}
	rcu_read_unlock();

	/* The last folio can reach beyond the object's end. */
	return min(pages << PAGE_SHIFT, (u64)bo->base.size);
}
EXPORT_SYMBOL_IF_KUNIT(pgem_stats_mapped);

/**
 * pgem_stats_status() - &drm_gem_object_funcs.status: say what DRM may count
 * @obj: object
 *
 * Return: resident, as pgem_stats_rss() tells how much; purgeable if its client said so,
 * and no one else has it.
 */
enum drm_gem_object_status pgem_stats_status(struct drm_gem_object *obj)
{
	enum drm_gem_object_status status = DRM_GEM_OBJECT_RESIDENT;

	if (pgem_purge_is_wanted(to_pgem_bo(obj)))
		status |= DRM_GEM_OBJECT_PURGEABLE;

	return status;
}

/**
 * pgem_stats_rss() - &drm_gem_object_funcs.rss: say how much of an object exists
 * @obj: object
 *
 * Return: bytes.
 */
size_t pgem_stats_rss(struct drm_gem_object *obj)
{
	return pgem_bo_resident(to_pgem_bo(obj));
}

/* Few objects have a label, so it is not in all of them. */
VISIBLE_IF_KUNIT int pgem_stats_set_label(struct pgem_bo *bo, const char *label)
{
	struct pgem_device *pdev = to_pgem_device(bo->base.dev);
	char *copy = NULL;

	if (*label) {
		copy = kstrdup(label, GFP_KERNEL_ACCOUNT);
		if (!copy)
			return -ENOMEM;
	}

	mutex_lock(&pdev->bos.lock);
	swap(bo->label, copy);
	mutex_unlock(&pdev->bos.lock);
	kfree(copy);

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_stats_set_label);

/**
 * pgem_ioctl_gem_label() - handler of DRM_IOCTL_PGEM_GEM_LABEL
 * @drm: device, not used
 * @data: &struct drm_pgem_gem_label
 * @file: caller's file
 *
 * Return: 0; -EINVAL for a set pad; -ENOENT for an unknown handle; -E2BIG for a label
 * that is too long; -EFAULT; -ENOMEM.
 */
int pgem_ioctl_gem_label(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_pgem_gem_label *args = data;
	struct drm_gem_object *obj;
	char label[DRM_PGEM_LABEL_SIZE] = "";
	long length = 0;
	int ret;

	if (args->pad)
		return -EINVAL;

	if (args->label)
		length = strncpy_from_user(label, u64_to_user_ptr(args->label), sizeof(label));
	if (length < 0)
		return length;
	if (length == sizeof(label))
		return -E2BIG;

	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	ret = pgem_stats_set_label(to_pgem_bo(obj), label);
	drm_gem_object_put(obj);

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_ioctl_gem_label);
