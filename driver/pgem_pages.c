// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: All pages at once
 *
 * The exception to what pgem is about: who does not take page faults, a device or the
 * kernel itself, needs all pages of an object, and needs them to stay. The first such
 * user brings them in, the last one lets them go, and in between they are pinned. A
 * mapping of user space is none of them.
 *
 * The pages are marked dirty when they are let go, since neither a device nor the
 * kernel leaves a trace in a page table: reclaim would take them for clean and drop
 * what was written.
 *
 * An imported object has no pages here; its kernel mapping is its exporter's.
 */

#include <kunit/visibility.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/iosys-map.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/vmalloc.h>

#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_pages.h"
#include "pgem_purge.h"

/* Brings in all pages. One with a memory error is nothing to read, nor to write to. */
static struct page **pgem_pages_get(struct drm_gem_object *obj)
{
	struct page **pages = drm_gem_get_pages(obj);

	if (IS_ERR(pages))
		return pages;

	for (pgoff_t i = 0; i < obj->size >> PAGE_SHIFT; i++) {
		if (PageHWPoison(pages[i])) {
			drm_gem_put_pages(obj, pages, false, false);
			return ERR_PTR(-EHWPOISON);
		}
	}

	return pages;
}

/**
 * pgem_pages_pin_locked() - bring in all pages and keep them
 * @bo: object, not imported; its reservation is held
 *
 * Pins are counted. May take long: as many pages are allocated as @bo has.
 *
 * Return: 0; -ENOMEM; -EFAULT for a purged object; -EHWPOISON if a page has a memory
 * error; -EINVAL if root has made the shmem file shorter.
 */
int pgem_pages_pin_locked(struct pgem_bo *bo)
{
	struct drm_gem_object *obj = &bo->base;
	struct page **pages;

	dma_resv_assert_held(obj->resv);

	/* Not to get pages again; no one who pins can have it, see pgem_purge.c. */
	if (pgem_purge_is_done(bo))
		return -EFAULT;

	if (!bo->pins) {
		/* kvmalloc() warns about arrays of 2 GiB and more. */
		if (obj->size >> PAGE_SHIFT > INT_MAX / sizeof(*pages))
			return -ENOMEM;

		pages = pgem_pages_get(obj);
		if (IS_ERR(pages))
			return PTR_ERR(pages);

		bo->pages = pages;
	}
	WRITE_ONCE(bo->pins, bo->pins + 1);

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_pages_pin_locked);

/**
 * pgem_pages_unpin_locked() - undo pgem_pages_pin_locked()
 * @bo: object; its reservation is held
 */
void pgem_pages_unpin_locked(struct pgem_bo *bo)
{
	dma_resv_assert_held(bo->base.resv);

	WRITE_ONCE(bo->pins, bo->pins - 1);
	if (bo->pins)
		return;

	drm_gem_put_pages(&bo->base, bo->pages, true, true);
	bo->pages = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_pages_unpin_locked);

static int pgem_pages_vmap_locked(struct pgem_bo *bo)
{
	int ret;

	dma_resv_assert_held(bo->base.resv);

	if (!bo->vmaps) {
		ret = pgem_pages_pin_locked(bo);
		if (ret)
			return ret;

		/* Cached, as the mappings of user space are. */
		bo->vaddr = vmap(bo->pages, bo->base.size >> PAGE_SHIFT, VM_MAP, PAGE_KERNEL);
		if (!bo->vaddr) {
			pgem_pages_unpin_locked(bo);
			return -ENOMEM;
		}
	}
	bo->vmaps++;

	return 0;
}

/**
 * pgem_pages_vmap() - &drm_gem_object_funcs.vmap: map an object for the kernel
 * @obj: object; its reservation is held
 * @map: gets the address
 *
 * Works without the device, too: nothing of it is needed, and the dma-buf core takes
 * a refusal for a mistake that it warns about.
 *
 * Return: 0, or an error of pgem_pages_pin_locked(); for an imported object whatever the
 * exporter says.
 */
int pgem_pages_vmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	struct pgem_bo *bo = to_pgem_bo(obj);
	int ret;

	if (drm_gem_is_imported(obj))
		return dma_buf_vmap(obj->import_attach->dmabuf, map);

	ret = pgem_pages_vmap_locked(bo);
	if (ret)
		return ret;

	iosys_map_set_vaddr(map, bo->vaddr);

	return 0;
}

/**
 * pgem_pages_vunmap() - &drm_gem_object_funcs.vunmap: undo pgem_pages_vmap()
 * @obj: object; its reservation is held
 * @map: what pgem_pages_vmap() gave
 */
void pgem_pages_vunmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	struct pgem_bo *bo = to_pgem_bo(obj);

	if (drm_gem_is_imported(obj)) {
		dma_buf_vunmap(obj->import_attach->dmabuf, map);
		return;
	}

	dma_resv_assert_held(obj->resv);

	if (--bo->vmaps)
		return;

	vunmap(bo->vaddr);
	bo->vaddr = NULL;
	pgem_pages_unpin_locked(bo);
}
