// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Faults
 *
 * A fault brings in the page that it needs, and no other. What it takes, and why that is
 * enough:
 *
 * - the lock of its VMA, for reading, or mmap_lock where the kernel takes that: neither
 *   the VMA nor vm_private_data changes, and VM_MIXEDMAP was set by mmap(). See
 *   pgem_fault_map_pages() for how the kernel is told;
 * - drm_dev_enter(): unbinding waits for the faults that are in there, turns away later
 *   ones and only then removes all mappings, so that no page stays mapped after it;
 * - purge_lock of the object, for reading, for which it never waits long: only a purge
 *   has it for writing;
 * - a reference to the page, without the folio's lock: reclaim does not write out a page
 *   that somebody else has a reference to;
 * - the page table's lock, inside vm_insert_page(), which settles two faults on one page.
 *
 * Nothing is allocated but the page, its page table and what the page cache needs.
 */

#include <kunit/visibility.h>
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
#include "pgem_fault.h"
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

/**
 * pgem_fault() - &vm_operations_struct.fault of all mappings
 * @vmf: fault
 *
 * Return: VM_FAULT_NOPAGE with the page mapped; VM_FAULT_OOM; VM_FAULT_SIGBUS outside
 * of the object, if it was purged, or if the device is gone.
 */
vm_fault_t pgem_fault(struct vm_fault *vmf)
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

/**
 * pgem_fault_map_pages() - &vm_operations_struct.map_pages, which maps none
 * @vmf: fault
 * @start: first page that could be mapped
 * @end: last page
 *
 * vm_insert_page() sleeps, and this is called under RCU. It is there as the kernel takes
 * it for a sign that pgem_fault() can do without mmap_lock: threads that fault then do not
 * meet in that.
 *
 * Return: 0, which sends the kernel on to pgem_fault().
 */
vm_fault_t pgem_fault_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	return 0;
}
