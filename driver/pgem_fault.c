// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Faults
 *
 * A fault brings in the page that it needs, and no other: allocation stays as lazy as
 * the client is. Neighbours that exist already are mapped with it, each by its own
 * vm_insert_page(), within an aligned window; touching them would cost a fault each.
 * Only a fault that found its page there looks for them: where a page had to be
 * allocated, the next ones have to be, too.
 *
 * What a fault takes, and why that is enough:
 *
 * - the lock of its VMA, for reading, or mmap_lock where the kernel takes that: neither
 *   the VMA nor vm_private_data changes, and VM_MIXEDMAP was set by mmap(). See
 *   pgem_fault_map_pages() for how the kernel is told;
 * - drm_dev_enter(): unbinding waits for the faults that are in there, turns away later
 *   ones and only then removes all mappings, so that no page stays mapped after it;
 * - purge_lock of the object, for reading, for which it never waits long: only a purge
 *   has it for writing;
 * - a reference to the page, without the folio's lock: reclaim does not write out a page
 *   that somebody else has a reference to. A neighbour is mapped under its folio's lock,
 *   if that is free: found by itself in the page cache, it may be on its way to swap.
 *   Who faults in the same large folio meanwhile waits for it, and then finds the page mapped;
 * - the page table's lock, inside vm_insert_page(), which settles two faults on one page.
 *
 * Nothing is allocated but the page, its page table and what the page cache needs.
 */

#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>

#include "pgem_bo.h"
#include "pgem_fault.h"
#include "pgem_purge.h"
#include "pgem_reclaim.h"
#include "pgem_shmem.h"
#include "pgem_trace.h"

/*
 * At most what one page table covers: an aligned window never needs a second one, so
 * none is allocated for a neighbour.
 */
#define PGEM_FAULT_WINDOW_MAX	PMD_SIZE

static unsigned int fault_around_bytes = SZ_64K;

VISIBLE_IF_KUNIT int pgem_fault_parse_window(const char *text, unsigned int *bytes)
{
	unsigned int value;
	int ret;

	ret = kstrtouint(text, 0, &value);
	if (ret)
		return ret;
	if (value > PGEM_FAULT_WINDOW_MAX)
		return -EINVAL;

	*bytes = rounddown_pow_of_two(max_t(unsigned int, value, PAGE_SIZE));

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_fault_parse_window);

static int pgem_fault_set_window(const char *text, const struct kernel_param *param)
{
	unsigned int bytes;
	int ret;

	ret = pgem_fault_parse_window(text, &bytes);
	if (!ret)
		WRITE_ONCE(*(unsigned int *)param->arg, bytes);

	return ret;
}

static const struct kernel_param_ops pgem_fault_window_ops = {
	.set = pgem_fault_set_window,
	.get = param_get_uint,
};

module_param_cb(fault_around_bytes, &pgem_fault_window_ops, &fault_around_bytes, 0644);
MODULE_PARM_DESC(fault_around_bytes, "Window in which a fault also maps pages that exist already, in bytes: a power of two (default 65536), up to what a page table covers; one page or less: none");

/* Pages of an object around a fault's, and where they belong. */
struct pgem_fault_window {
	struct vm_fault *vmf;
	struct address_space *mapping;
	pgoff_t index;	/* of the fault's own page */
	pgoff_t first;
	pgoff_t last;
};

/* Aligned by address, as page tables are; within the VMA and the object. */
static void pgem_fault_set_bounds(struct pgem_fault_window *window, unsigned long bytes,
				  pgoff_t pages)
{
	const struct vm_fault *vmf = window->vmf;
	unsigned long start = ALIGN_DOWN(vmf->address, bytes);
	unsigned long before = vmf->address - max(start, vmf->vma->vm_start);
	unsigned long after = min(start + bytes, vmf->vma->vm_end) - vmf->address;

	window->first = window->index - min(window->index, before >> PAGE_SHIFT);
	window->last = min(window->index + (after >> PAGE_SHIFT), pages) - 1;
}

/* The caller holds the folio's lock. */
static int pgem_fault_insert_folio(struct pgem_fault_window *window, struct folio *folio)
{
	struct vm_fault *vmf = window->vmf;
	pgoff_t i = max(window->first, folio->index);
	pgoff_t last = min(window->last, folio_next_index(folio) - 1);
	int ret;

	for (; i <= last; i++) {
		struct page *page = folio_file_page(folio, i);

		if (i == window->index || PageHWPoison(page))
			continue;

		ret = vm_insert_page(vmf->vma, vmf->address + ((i - window->index) << PAGE_SHIFT),
				     page);
		/* -EBUSY: it is there already. */
		if (ret && ret != -EBUSY)
			return ret;
	}

	return 0;
}

static int pgem_fault_try_folio(struct pgem_fault_window *window, struct folio *folio)
{
	int ret = 0;

	/* Elsewhere a folio's flags are read without ado. */
	if (!data_race(folio_trylock(folio)))
		return 0;
	if (folio->mapping == window->mapping && folio_test_uptodate(folio))
		ret = pgem_fault_insert_folio(window, folio);
	folio_unlock(folio);

	return ret;
}

/* A convenience: whatever goes wrong, the fault's own page is mapped. */
static void pgem_fault_insert_around(struct pgem_fault_window *window)
{
	struct folio_batch batch;
	pgoff_t next = window->first;
	int ret = 0;

	folio_batch_init(&batch);
	while (!ret && next <= window->last &&
	       filemap_get_folios(window->mapping, &next, window->last, &batch)) {
		/* Not by folio_batch_release(), which drains what this CPU has for the LRU. */
		for (unsigned int i = 0; i < folio_batch_count(&batch); i++) {
			if (!ret)
				ret = pgem_fault_try_folio(window, batch.folios[i]);
			folio_put(batch.folios[i]);
		}
		folio_batch_reinit(&batch);
	}
}

/* One page: no neighbours are wanted. */
static unsigned long pgem_fault_window_size(struct folio *folio)
{
	unsigned long bytes = READ_ONCE(fault_around_bytes);

	if (bytes > PAGE_SIZE)
		bytes = clamp(folio_size(folio), bytes, PGEM_FAULT_WINDOW_MAX);

	return bytes;
}

/* The caller is between drm_dev_enter() and drm_dev_exit(). */
static vm_fault_t pgem_fault_insert_locked(struct vm_fault *vmf, struct drm_gem_object *obj,
					   pgoff_t index)
{
	struct address_space *mapping = obj->filp->f_mapping;
	unsigned long pages;
	struct page *page;
	int ret;

	lockdep_assert_held_read(&to_pgem_bo(obj)->purge_lock);

	if (pgem_purge_is_done(to_pgem_bo(obj)))
		return VM_FAULT_SIGBUS;

	pages = pgem_shmem_pages(obj->filp);
	page = shmem_read_mapping_page(mapping, index);
	if (IS_ERR(page))
		return vmf_error(PTR_ERR(page));

	ret = vm_insert_page(vmf->vma, vmf->address, page);

	/* Its page was there, or else there were more now. Only a hint: others add, too. */
	if (!ret && pgem_shmem_pages(obj->filp) == pages) {
		struct pgem_fault_window window = {
			.vmf = vmf, .mapping = mapping, .index = index,
		};
		unsigned long bytes = pgem_fault_window_size(page_folio(page));

		if (bytes > PAGE_SIZE) {
			pgem_fault_set_bounds(&window, bytes, obj->size >> PAGE_SHIFT);
			pgem_fault_insert_around(&window);
		}
	}

	/* The mapping has its own reference; kept, ours would pin the page forever. */
	put_page(page);

	/* -EBUSY: another thread was first, with this page, and has seen to neighbours. */
	return ret && ret != -EBUSY ? vmf_error(ret) : VM_FAULT_NOPAGE;
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
