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
 * A fault takes these, in this order:
 *
 * - the lock of its VMA, for reading, or mmap_lock where the kernel takes that: neither
 *   the VMA nor vm_private_data changes, and VM_MIXEDMAP was set by mmap(). See
 *   pgem_fault_map_pages() for how the kernel is told;
 * - drm_dev_enter(): unbinding waits for the faults that are in there, turns away later
 *   ones and only then removes all mappings, so that no page stays mapped after it;
 * - the lock of the page's folio, from shmem_get_folio() until the page is mapped. It is
 *   what everybody takes who moves or removes a page: migration, reclaim, truncation and
 *   the handler of memory errors. Migration looks under it whether a page is mapped, and
 *   would not notice a mapping that came without it: the page cache got a copy then,
 *   and the mapping kept the old page. A neighbour's folio is locked only if that is free.
 *   A thread that faults in the same large folio meanwhile waits for it, and then finds
 *   the page mapped;
 * - the page table's lock, inside vm_insert_page(), which settles two faults on one page.
 *
 * The page table is allocated before the folio is locked, as the kernel does for other
 * faults: allocation can wait for kswapd, or at the limit of a cgroup for I/O, and
 * who waits for the folio would wait as well. If the table is taken away in between,
 * vm_insert_page() allocates another one under the lock, or the fault begins again. That
 * is slow, and safe: nobody who has writeback to submit waits for the lock of a shmem
 * folio, and kswapd waits for none at all. File systems collect writeback, but lock folios
 * of their own files only; reclaim only tries to lock, but for a purge, see pgem_shmem.c.
 */

#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>

#include "pgem_bo.h"
#include "pgem_fault.h"
#include "pgem_purge.h"
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
	int ret = kstrtouint(text, 0, &value);

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

/* Pages of an object around a fault's, and where they belong. None if first is last. */
struct pgem_fault_window {
	struct vm_fault *vmf;
	struct address_space *mapping;
	struct folio *folio;	/* of the fault's own page; to compare, once it is unlocked */
	pgoff_t index;		/* of that page */
	pgoff_t first;
	pgoff_t last;
};

/* One page: no neighbours are wanted. */
static unsigned long pgem_fault_window_size(const struct folio *folio)
{
	unsigned long bytes = READ_ONCE(fault_around_bytes);

	if (bytes > PAGE_SIZE)
		bytes = clamp(folio_size(folio), bytes, PGEM_FAULT_WINDOW_MAX);

	return bytes;
}

/* Aligned by address, as page tables are; within the VMA and the object. */
static void pgem_fault_set_bounds(struct pgem_fault_window *window, pgoff_t pages)
{
	const struct vm_fault *vmf = window->vmf;
	unsigned long bytes = pgem_fault_window_size(window->folio);
	unsigned long start = ALIGN_DOWN(vmf->address, bytes);
	unsigned long before = vmf->address - max(start, vmf->vma->vm_start);
	unsigned long after = min(start + bytes, vmf->vma->vm_end) - vmf->address;

	window->first = window->index - min(window->index, before >> PAGE_SHIFT);
	window->last = min(window->index + (after >> PAGE_SHIFT), pages) - 1;
}

/*
 * The caller holds the folio's lock. Inline for the neighbours, which may be hundreds: a
 * call for each was 2 % of a refault.
 */
static inline int pgem_fault_insert_folio(struct pgem_fault_window *window, struct folio *folio)
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
	if (folio == window->folio || !data_race(folio_trylock(folio)))
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
			struct folio *folio = batch.folios[i];

			if (!ret)
				ret = pgem_fault_try_folio(window, folio);
			folio_put(folio);
		}
		folio_batch_reinit(&batch);
	}
}

/*
 * The kernel counts a fault as major if it has to read, which it cannot tell by itself.
 * A hint, since the page may come back, or go to swap, before it is locked.
 */
static bool pgem_fault_is_major(struct address_space *mapping, pgoff_t index)
{
	/* Most files have nothing in swap: this spares them the search. */
	return data_race(READ_ONCE(SHMEM_I(mapping->host)->swapped)) &&
	       xa_is_value(xa_load(&mapping->i_pages, index));
}

/* What the kernel is told of a fault, and of what vm_insert_page() said about its page. */
VISIBLE_IF_KUNIT vm_fault_t pgem_fault_result(const struct vm_fault *vmf, int error,
					      bool is_major)
{
	bool is_marked = vmf->flags & FAULT_FLAG_ORIG_PTE_VALID && !pte_none(vmf->orig_pte);

	/*
	 * -EBUSY: another thread was first, with this page, and has seen to neighbours. But
	 * an entry that was there when the fault began is no page: a marker of memory
	 * management's would be in the way of each retry, for ever.
	 * -EAGAIN: the fault is to begin again. If its page is read by now, that counts.
	 */
	if (error == -EBUSY && !is_marked)
		return VM_FAULT_NOPAGE;
	if (error && error != -EAGAIN)
		return vmf_error(error);
	if (is_major)
		count_vm_event(PGMAJFAULT);

	return is_major ? VM_FAULT_NOPAGE | VM_FAULT_MAJOR : VM_FAULT_NOPAGE;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_fault_result);

/* As that of a page table, but the report has been made. */
static bool pgem_fault_has_memory(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL_ACCOUNT | __GFP_NOWARN);

	free_page(page);

	return page;
}

/*
 * Else vm_insert_page() would allocate the page table, under the folio's lock. With
 * CONFIG_PT_RECLAIM MADV_DONTNEED frees a table that it has emptied, and who waits for that
 * table's lock gets -ENOMEM, here as there: the fault begins again, as those of the kernel
 * do. Other DRM drivers do not meet this: VM_PFNMAP is exempt.
 */
static int pgem_fault_alloc_table(struct vm_fault *vmf)
{
	int ret;

	if (likely(!pmd_none(*vmf->pmd)))
		return 0;

	ret = apply_to_page_range(vmf->vma->vm_mm, vmf->address, PAGE_SIZE, NULL, NULL);

	return ret == -ENOMEM && pgem_fault_has_memory() ? -EAGAIN : ret;
}

/* The caller holds the lock of the page's folio. */
static int pgem_fault_insert_locked(struct vm_fault *vmf, struct drm_gem_object *obj,
				    struct page *page)
{
	/* Purged since the fault began, and made longer since then. */
	if (pgem_purge_is_done(to_pgem_bo(obj)))
		return -EFAULT;
	if (PageHWPoison(page))
		return -EHWPOISON;

	return vm_insert_page(vmf->vma, vmf->address, page);
}

/* Maps the fault's own page and leaves its folio locked, with a reference, if that goes well. */
static int pgem_fault_insert_own(struct pgem_fault_window *window, struct drm_gem_object *obj)
{
	int ret;

	ret = shmem_get_folio(window->mapping->host, window->index, 0, &window->folio, SGP_CACHE);
	if (ret)
		return ret;

	ret = pgem_fault_insert_locked(window->vmf, obj,
				       folio_file_page(window->folio, window->index));
	if (!ret)
		return 0;

	folio_unlock(window->folio);
	folio_put(window->folio);

	/* The table was there a moment ago. Without memory for another the next try says so. */
	return ret == -ENOMEM ? -EAGAIN : ret;
}

/* The caller is between drm_dev_enter() and drm_dev_exit(). */
static vm_fault_t pgem_fault_insert(struct vm_fault *vmf, struct drm_gem_object *obj,
				    pgoff_t index)
{
	struct address_space *mapping = obj->filp->f_mapping;
	struct pgem_fault_window window = {
		.vmf = vmf, .mapping = mapping, .index = index,
	};
	unsigned long pages = pgem_shmem_pages(obj->filp);
	bool is_major = pgem_fault_is_major(mapping, index);
	int ret;

	/* The file is empty then, but root can make it longer again. */
	if (pgem_purge_is_done(to_pgem_bo(obj)))
		return VM_FAULT_SIGBUS;

	ret = pgem_fault_alloc_table(vmf);
	if (ret)
		return pgem_fault_result(vmf, ret, false);

	ret = pgem_fault_insert_own(&window, obj);
	if (ret)
		return pgem_fault_result(vmf, ret, is_major);

	/* Its page was there, or else there were more now. Only a hint: others add, too. */
	if (pgem_shmem_pages(obj->filp) == pages)
		pgem_fault_set_bounds(&window, obj->size >> PAGE_SHIFT);
	if (window.first < window.last)
		pgem_fault_insert_folio(&window, window.folio);
	folio_unlock(window.folio);

	/* The mapping has its own reference; kept, ours would pin the page forever. */
	folio_put(window.folio);

	if (window.first < window.last)
		pgem_fault_insert_around(&window);

	return pgem_fault_result(vmf, 0, is_major);
}

/*
 * Finds the page that a fault is at, and says whether the object has it. Counted
 * from the object's first page, as vm_pgoff is, and never from the VMA's: a VMA that
 * was split, or maps a dma-buf at an offset, starts elsewhere.
 */
VISIBLE_IF_KUNIT bool pgem_fault_index(const struct vm_fault *vmf,
				       const struct drm_gem_object *obj, pgoff_t *index)
{
	*index = vmf->pgoff;

	return *index < obj->size >> PAGE_SHIFT;
}
EXPORT_SYMBOL_IF_KUNIT(pgem_fault_index);

/**
 * pgem_fault() - &vm_operations_struct.fault of all mappings
 * @vmf: fault
 *
 * Return: VM_FAULT_NOPAGE with the page mapped, and VM_FAULT_MAJOR with it if the page
 * came from swap; VM_FAULT_OOM; VM_FAULT_HWPOISON for a page with a memory error;
 * VM_FAULT_SIGBUS outside of the object, if it was purged, or if the device is gone.
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
