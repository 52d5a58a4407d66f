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
 */

#include <linux/compiler.h>
#include <linux/dma-buf.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_mm.h>
#include <drm/drm_vma_manager.h>

#include "pgem_bo.h"
#include "pgem_device.h"
#include "pgem_fault.h"
#include "pgem_mmap.h"

/* Operations of every mapping of an object, by device file or dma-buf. */
const struct vm_operations_struct pgem_vm_ops = {
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
	.fault = pgem_fault,
	.map_pages = pgem_fault_map_pages,
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

/**
 * pgem_mmap_unmap() - take an object's pages out of all mappings
 * @bo: object, not imported
 *
 * The mappings stay, and the next touch faults.
 */
void pgem_mmap_unmap(struct pgem_bo *bo)
{
	struct drm_gem_object *obj = &bo->base;

	/* While it is just being given its offset, no page of it is mapped. */
	if (data_race(drm_mm_node_allocated(&obj->vma_node.vm_node)))
		drm_vma_node_unmap(&obj->vma_node, obj->dev->anon_inode->i_mapping);
}
