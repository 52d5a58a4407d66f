// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Mapping
 *
 * What pgem is about: a mapping starts empty, and every first touch of a page
 * brings in that page and no other. mmap() of the device file and mmap() of a
 * dma-buf both end here.
 *
 * The pages are ordinary ones with a reference count, mapped by
 * vm_insert_page() (VM_MIXEDMAP), so get_user_pages() works on the mapping:
 * O_DIRECT, process_vm_readv(), debuggers, KVM. Most DRM drivers forbid that by
 * VM_PFNMAP, because their memory moves or vanishes. Shmem pages under a pin do
 * neither.
 *
 * Locking: a fault takes the object's purge_lock for reading, for which it never waits
 * long: only a purge has it for writing. Two faults on one page are settled by
 * the page table lock inside vm_insert_page(). Unbinding waits for the faults
 * that are between drm_dev_enter() and drm_dev_exit(), turns away later ones and
 * only then removes all mappings, so that no page stays mapped after it.
 */

#include <kunit/visibility.h>
#include <linux/dma-buf.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_mmap.h"
#include "pgem_purge.h"
#include "pgem_reclaim.h"
#include "pgem_trace.h"

/* The caller is between drm_dev_enter() and drm_dev_exit(). */
static vm_fault_t pgem_fault_insert_locked(struct vm_fault *vmf, struct drm_gem_object *obj,
					   pgoff_t index)
{
	struct page *page;
	vm_fault_t ret;

	lockdep_assert_held_read(&to_pgem_bo(obj)->purge_lock);

	if (pgem_purge_is_done(to_pgem_bo(obj)))
		return VM_FAULT_SIGBUS;

	page = shmem_read_mapping_page(obj->filp->f_mapping, index);
	if (IS_ERR(page))
		return vmf_error(PTR_ERR(page));

	/* Says NOPAGE also for -EBUSY: another thread was first, with this page. */
	ret = vmf_insert_page(vmf->vma, vmf->address, page);

	/* The mapping has its own reference; kept, ours would pin the page forever. */
	put_page(page);

	return ret;
}

static vm_fault_t pgem_fault_insert(struct vm_fault *vmf, struct drm_gem_object *obj,
				    pgoff_t index)
{
	struct pgem_bo *bo = to_pgem_bo(obj);
	vm_fault_t ret;

	down_read(&bo->purge_lock);
	ret = pgem_fault_insert_locked(vmf, obj, index);
	up_read(&bo->purge_lock);

	/* After the page is mapped, see pgem_reclaim_taken(). */
	if (ret == VM_FAULT_NOPAGE)
		pgem_reclaim_add_faulted(bo);

	return ret;
}

/*
 * Finds the page that a fault is at, and says whether the object has it. Counted
 * from the object's first page, never from the VMA's: a VMA that was split, or
 * maps a dma-buf at an offset, starts elsewhere. A fault below the object wraps
 * to an index that no object is large enough for.
 */
VISIBLE_IF_KUNIT bool pgem_fault_index(const struct vm_fault *vmf,
				       const struct drm_gem_object *obj, pgoff_t *index)
{
	*index = vmf->pgoff - drm_vma_node_start(&obj->vma_node);

	return *index < obj->size >> PAGE_SHIFT;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_fault_index);

static vm_fault_t pgem_fault(struct vm_fault *vmf)
{
	struct drm_gem_object *obj = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	pgoff_t index;
	int idx;

	if (pgem_fault_index(vmf, obj, &index) && drm_dev_enter(obj->dev, &idx)) {
		ret = pgem_fault_insert(vmf, obj, index);
		drm_dev_exit(idx);
	}

	trace_pgem_fault(to_pgem_bo(obj), index, vmf, ret);

	return ret;
}

/* Operations of every mapping of an object, by device file or dma-buf. */
const struct vm_operations_struct pgem_vm_ops = {
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
	.fault = pgem_fault,
};

/*
 * A mapping of another driver's memory, made by that driver: its file, its operations,
 * and none of ours, should it set none. On success the reference that DRM took for
 * @vma goes, as nothing of pgem's is in there.
 *
 * By the attachment, not by obj->dma_buf: that vanishes when the last handle is closed.
 */
static int pgem_mmap_import(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct dma_buf *dma_buf = obj->import_attach->dmabuf;
	int ret;

	/* Exported for reading: as much as its own file allows, and no more. */
	if (!(dma_buf->file->f_mode & FMODE_WRITE)) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}

	vma->vm_private_data = NULL;
	vma->vm_ops = NULL;

	ret = dma_buf_mmap(dma_buf, vma, vma->vm_pgoff - drm_vma_node_start(&obj->vma_node));
	if (ret)
		return ret;

	/* DRM insists, and not every exporter sets it. */
	vm_flags_set(vma, VM_DONTEXPAND);
	drm_gem_object_put(obj);

	return 0;
}

/**
 * pgem_mmap() - &drm_gem_object_funcs.mmap: set up a mapping, with no page in it
 * @obj: object
 * @vma: mapping to be; vm_pgoff counts from the object's mmap offset
 *
 * DRM has checked the range and the caller's right to the object, and holds the
 * reference that belongs to @vma.
 *
 * Private mappings are refused, also those that are read-only for now: a copied
 * page would silently stop being the object's.
 *
 * Return: 0, -EINVAL for a private mapping, -ENODEV if the device is gone; for an
 * imported object whatever its exporter says.
 */
int pgem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;

	if (drm_gem_is_imported(obj))
		return pgem_mmap_import(obj, vma);

	/* The mapping's end may be the object's, see pgem_bo_free(). */
	might_lock(&to_pgem_device(obj->dev)->bos.lock);

	/* The device file is checked by DRM, a dma-buf is not. */
	if (drm_dev_is_unplugged(obj->dev))
		return -ENODEV;

	/*
	 * Set here and not by the first vm_insert_page(), which runs under a
	 * read lock only. DONTDUMP: a core dump would fault in all pages.
	 */
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);

	return 0;
}
