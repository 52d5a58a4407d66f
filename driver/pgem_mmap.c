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
 * Memory management looks for the mappings of a page in the inode that the page
 * belongs to. So each mapping gets a file of its own on the object's shmem inode, in
 * place of the device file or the dma-buf, and its vm_pgoff counts from the object's
 * first page. The kernel then ages, swaps, migrates, poisons and truncates the pages
 * as it does those of a memfd, and the driver has no part in it. The operations of
 * the mapping stay the driver's.
 *
 * The mapping's file is the driver's as well, and it can do almost nothing: no client
 * gets a descriptor of it. It holds the file that it stands in for. So a mapping keeps
 * what mappings keep elsewhere: the device file with its handles, or the dma-buf, and
 * through them the device and the module.
 *
 * The inode itself has no pointer to the module. Root can open it, by
 * /proc/PID/map_files, and keep it for longer than the module stays.
 */

#include <kunit/visibility.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sprintf.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
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
 * and none of ours, should it set none: see pgem_mmap_keep_ops(). On success the
 * reference that DRM took for @vma goes, as nothing of pgem's is in there.
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

static int pgem_mmap_release_file(struct inode *inode, struct file *file)
{
	fput(file->private_data);

	return 0;
}

/*
 * No mmap, so that remap_file_pages() cannot map the inode anew, past the checks below.
 * No fallocate, so that MADV_REMOVE cannot punch holes. msync() has nothing to do.
 */
static const struct file_operations pgem_mmap_file_ops = {
	.owner = THIS_MODULE,
	.release = pgem_mmap_release_file,
	.fsync = noop_fsync,
};

/*
 * A file for one mapping, on the object's shmem inode. It is not counted among the open
 * files of the system, as no process has it open. The kernel returns the reference to
 * the module, and that to the inode, when it frees the file.
 */
static struct file *pgem_mmap_create_file(struct pgem_bo *bo, struct file *origin)
{
	struct file *backing = bo->base.filp;
	struct inode *inode = file_inode(backing);
	char name[32];
	struct file *file;

	snprintf(name, sizeof(name), "pgem:%llu", bo->id);

	/* The origin keeps the module while this runs. */
	__module_get(THIS_MODULE);
	ihold(inode);
	file = alloc_file_pseudo_noaccount(inode, backing->f_path.mnt, name, O_RDWR,
					   &pgem_mmap_file_ops);
	if (IS_ERR(file)) {
		iput(inode);
		module_put(THIS_MODULE);
		return file;
	}
	file->private_data = get_file(origin);

	return file;
}

/**
 * pgem_mmap_object() - set up a mapping of an object's own pages, with none in it
 * @obj: object, not imported
 * @vma: mapping to be; its vm_pgoff counts from the object's first page
 *
 * The caller has checked the range, has set the mapping's operations and the object as
 * its private data, and holds the reference that belongs to @vma.
 *
 * Private mappings are refused, also those that are read-only for now: a copied
 * page would silently stop being the object's.
 *
 * Return: 0, -EINVAL for a private mapping, -ENODEV if the device is gone, -ENOMEM.
 */
int pgem_mmap_object(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct file *file;

	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;

	/* The mapping's end may be the object's, see pgem_bo_free(). */
	might_lock(&to_pgem_device(obj->dev)->bos.lock);

	/* The device file is checked by DRM, a dma-buf is not. */
	if (drm_dev_is_unplugged(obj->dev))
		return -ENODEV;

	file = pgem_mmap_create_file(to_pgem_bo(obj), vma->vm_file);
	if (IS_ERR(file))
		return PTR_ERR(file);

	/* The mapping takes a reference of its own. */
	vma_set_file(vma, file);
	fput(file);

	/*
	 * Set here and not by the first vm_insert_page(), which runs under a
	 * read lock only. DONTDUMP: a core dump would fault in all pages.
	 */
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);

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
 * Return: 0, or an error of pgem_mmap_object(); for an imported object -EINVAL for a
 * private mapping, or whatever its exporter says.
 */
int pgem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	if (drm_gem_is_imported(obj)) {
		/* What another driver's private mappings are is not known here. */
		if (is_cow_mapping(vma->vm_flags))
			return -EINVAL;
		return pgem_mmap_import(obj, vma);
	}

	vma->vm_pgoff -= drm_vma_node_start(&obj->vma_node);

	return pgem_mmap_object(obj, vma);
}

/**
 * pgem_mmap_unmap() - take an object's pages out of all mappings
 * @bo: object, not imported
 *
 * The mappings stay, and the next touch faults. Takes i_mmap_rwsem of the object's
 * inode.
 */
void pgem_mmap_unmap(struct pgem_bo *bo)
{
	unmap_mapping_range(bo->base.filp->f_mapping, 0, 0, 1);
}

/**
 * pgem_mmap_keep_ops() - give a mapping back the operations that it came with
 * @vma: mapping of any object, set up
 * @ops: its operations before DRM has set the object's
 *
 * For imports whose exporter sets none, as with remap_pfn_range(). The kernel takes a
 * mapping without operations for anonymous memory: mremap() would count its pages from
 * the new address. So a new mapping has operations that do nothing. They are not
 * exported to modules. An empty structure of pgem's own would not do either, as such a
 * mapping does not hold this module.
 */
void pgem_mmap_keep_ops(struct vm_area_struct *vma, const struct vm_operations_struct *ops)
{
	if (!vma->vm_ops)
		vma->vm_ops = ops;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_mmap_keep_ops);

/**
 * pgem_mmap_file() - &file_operations.mmap of the device
 * @file: the device's file
 * @vma: mapping to be
 *
 * Return: what drm_gem_mmap() says, which calls pgem_mmap().
 */
int pgem_mmap_file(struct file *file, struct vm_area_struct *vma)
{
	const struct vm_operations_struct *ops = vma->vm_ops;
	int ret;

	ret = drm_gem_mmap(file, vma);
	if (!ret)
		pgem_mmap_keep_ops(vma, ops);

	return ret;
}
