// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: debugfs
 *
 * Two files in the device's folder below /sys/kernel/debug/dri/. Not interfaces to
 * rely on: GEM_INFO and fdinfo are.
 *
 * "bos": a line with the columns' names, then one line an object, oldest first. Sizes
 * are in bytes, the mmap offset is in hexadecimal, 0 for an object without; dmabuf is 1
 * for an exported object and 2 for an imported one. Labels and processes' names are what
 * their owners like: backslashes, control characters and what is not ASCII are octal
 * numbers. So are the blanks of a label, for which "-" stands if there is none. comm comes
 * last since a process's name can have blanks in it.
 *
 * "shrink": takes a number of pages, and purges objects that are DONTNEED until so many
 * are free, as the kernel does when memory is short; reading it tells what came of that.
 */

#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>

#include <drm/drm_debugfs.h>
#include <drm/drm_device.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_debugfs.h"
#include "pgem_device.h"
#include "pgem_purge.h"
#include "pgem_stats.h"

/* What could look like a line or a column of the list, or reach into a terminal */
#define PGEM_DEBUGFS_ESCAPE	(ESCAPE_OCTAL | ESCAPE_NAP | ESCAPE_APPEND)

static const char *pgem_debugfs_advice(struct pgem_bo *bo)
{
	switch (READ_ONCE(bo->advice)) {
	case DRM_PGEM_MADV_WILLNEED:
		return "needed";
	case DRM_PGEM_MADV_DONTNEED:
		return "dontneed";
	default:
		return "purged";
	}
}

static int pgem_debugfs_dmabuf(struct drm_gem_object *obj)
{
	return drm_gem_is_imported(obj) ? 2 : !!READ_ONCE(obj->dma_buf);
}

/* The counts are read without their locks: a moment's value will do. */
static void pgem_debugfs_print_bo(struct seq_file *m, struct pgem_bo *bo)
{
	struct drm_gem_object *obj = &bo->base;
	struct pgem_device *pdev = to_pgem_device(obj->dev);
	/* A moment's figure: DRM changes it under a lock of its own. */
	unsigned int handles = data_race(READ_ONCE(obj->handle_count));
	/* The same: it may just be given. */
	u64 offset = data_race(drm_vma_node_offset_addr(&obj->vma_node));

	seq_printf(m, "%8llu %13zu %13llu %13llu 0x%010llx %7u %6d %4u %-8s ",
		   bo->id, obj->size, pgem_bo_resident(bo), pgem_stats_mapped(bo),
		   offset, handles, pgem_debugfs_dmabuf(obj),
		   READ_ONCE(bo->pins), pgem_debugfs_advice(bo));
	/* A client may replace the label. */
	mutex_lock(&pdev->bos.lock);
	seq_escape_str(m, bo->label ?: "-", PGEM_DEBUGFS_ESCAPE, " \\");
	mutex_unlock(&pdev->bos.lock);
	seq_printf(m, " %7d ", bo->pid);
	seq_escape_str(m, bo->comm, PGEM_DEBUGFS_ESCAPE, "\\");
	seq_putc(m, '\n');
}

/*
 * Returns the object after @bo, or the first one if that is NULL, and moves the caller's
 * reference to it; NULL after number @last_id. Counting mapped pages takes long, so nobody
 * has to wait for the list's lock meanwhile: the reference keeps the object on the list.
 * One whose last reference has just gone is passed over.
 */
static struct pgem_bo *pgem_debugfs_next_bo(struct pgem_device *pdev, struct pgem_bo *bo,
					    u64 last_id)
{
	struct pgem_bo *next = list_prepare_entry(bo, &pdev->bos.list, link);
	bool found = false;

	mutex_lock(&pdev->bos.lock);
	list_for_each_entry_continue(next, &pdev->bos.list, link) {
		if (next->id > last_id)
			break;
		found = kref_get_unless_zero(&next->base.refcount);
		if (found)
			break;
	}
	mutex_unlock(&pdev->bos.lock);

	/* Not under the lock, which freeing an object takes. */
	if (bo)
		drm_gem_object_put(&bo->base);

	return found ? next : NULL;
}

static int pgem_debugfs_bos_show(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct pgem_device *pdev = to_pgem_device(entry->dev);
	struct pgem_bo *bo = NULL;
	u64 last_id;

	seq_printf(m, "%8s %13s %13s %13s %12s %7s %6s %4s %-8s %s %7s %s\n",
		   "id", "size", "resident", "mapped", "offset", "handles", "dmabuf", "pins",
		   "advice", "label", "pid", "comm");

	/* Clients that make objects faster than they are printed do not keep it going. */
	mutex_lock(&pdev->bos.lock);
	last_id = pdev->bos.last_id;
	mutex_unlock(&pdev->bos.lock);

	while ((bo = pgem_debugfs_next_bo(pdev, bo, last_id)))
		pgem_debugfs_print_bo(m, bo);

	return 0;
}

static int pgem_debugfs_shrink_get(void *data, u64 *pages)
{
	struct pgem_device *pdev = data;

	*pages = READ_ONCE(pdev->purge.scanned);

	return 0;
}

static int pgem_debugfs_shrink_set(void *data, u64 pages)
{
	struct pgem_device *pdev = data;
	u64 freed;

	/* As reclaim is called, so that lockdep sees it. */
	fs_reclaim_acquire(GFP_KERNEL);
	freed = pgem_purge_scan_all(pdev, pages);
	fs_reclaim_release(GFP_KERNEL);
	WRITE_ONCE(pdev->purge.scanned, freed);

	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(pgem_debugfs_shrink_fops, pgem_debugfs_shrink_get,
			 pgem_debugfs_shrink_set, "%llu\n");

/**
 * pgem_debugfs_init() - add the driver's debugfs files
 * @drm: device, not yet registered: DRM makes and removes the files with it
 */
void pgem_debugfs_init(struct drm_device *drm)
{
	drm_debugfs_add_file(drm, "bos", pgem_debugfs_bos_show, NULL);
	debugfs_create_file_unsafe("shrink", 0600, drm->debugfs_root, to_pgem_device(drm),
				   &pgem_debugfs_shrink_fops);
}
