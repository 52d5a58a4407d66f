/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_BO_H_
#define _PGEM_BO_H_

#include <linux/atomic.h>
#include <linux/container_of.h>
#include <linux/fs.h>
#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/types.h>

#include <drm/drm_gem.h>
#include <drm/pgem_drm.h>

#include "pgem_purge.h"
#include "pgem_shmem.h"

struct dma_buf_attachment;
struct drm_device;
struct drm_file;
struct drm_mode_create_dumb;
struct page;
struct pgem_device;

/**
 * struct pgem_bo - a buffer object
 *
 * Its memory is the page cache of @base.filp, a shmem file of its own. A page is
 * there from the moment somebody touches it until the object goes away or the
 * kernel swaps it out; pgem keeps no array of pages and no reference to one, but
 * while it has to, see @pins.
 *
 * An imported object has no file and no pages: its memory is that of the dma-buf
 * that @base.import_attach attaches to.
 *
 * All fields without a lock are written before the object is visible to anyone
 * else and constant from then on.
 */
struct pgem_bo {
	/** @base: GEM object: size, shmem file, reference counts, mmap offset */
	struct drm_gem_object base;

	/** @link: place in &struct pgem_device.bos, under its lock */
	struct list_head link;

	/** @id: number that tells objects of a device apart in traces and debugfs */
	u64 id;

	/** @flags: flags that the object was created with, and what GEM_INFO adds */
	u32 flags;

	/** @pid: process (thread group) that created the object */
	pid_t pid;

	/** @comm: that process's name when it did */
	char comm[TASK_COMM_LEN];

	/** @label: name that a client gave the object, or NULL; under bos.lock */
	char *label;

	/**
	 * @pages: all pages of the object, each with a reference, while @pins is
	 * not 0. Like @pins, @vaddr, @vmaps and @maps under the reservation lock,
	 * @base.resv: the dma-buf core holds it around the calls that change them.
	 */
	struct page **pages;

	/** @pins: users of @pages: devices and @vaddr */
	unsigned int pins;

	/** @vmaps: users of @vaddr */
	unsigned int vmaps;

	/** @vaddr: mapping of all pages for the kernel, while @vmaps is not 0 */
	void *vaddr;

	/** @maps: mappings for devices, see pgem_prime.c */
	struct list_head maps;

	/** @exports: dma-bufs that may exist; gets more under the reservation lock only */
	atomic_t exports;

	/**
	 * @advice: of &enum drm_pgem_madvice, or PGEM_PURGED. Changed under the
	 * reservation lock.
	 */
	u32 advice;

	/** @purge: place in &struct pgem_purge_list.lru, under that list's lock */
	struct list_head purge;

	/**
	 * @queued: place in a queue of who will purge the object, or empty; only while
	 * it is on the other list. Under &struct pgem_purge_list.lock.
	 */
	struct list_head queued;
};

/**
 * to_pgem_bo() - from the GEM object to the one it is embedded in
 * @obj: GEM object of this driver
 *
 * Return: the &struct pgem_bo around @obj.
 */
static inline struct pgem_bo *to_pgem_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct pgem_bo, base);
}

/**
 * pgem_bo_resident() - memory that an object occupies now
 * @bo: object
 *
 * The page cache counts its pages itself, so this costs one load. Without a lock
 * the figure is a moment's.
 *
 * Return: bytes of the object in pages that exist; those in swap do not count, and those
 * of an imported object are another driver's.
 */
static inline u64 pgem_bo_resident(struct pgem_bo *bo)
{
	if (!bo->base.filp)
		return 0;

	/* A folio can reach beyond the end where shmem_enabled says "force". */
	return min((u64)pgem_shmem_pages(bo->base.filp) << PAGE_SHIFT, (u64)bo->base.size);
}

struct pgem_bo *pgem_bo_create_import(struct pgem_device *pdev,
				      struct dma_buf_attachment *attach);
int pgem_bo_cache_init(void);
void pgem_bo_cache_fini(void);
int pgem_ioctl_gem_create(struct drm_device *drm, void *data, struct drm_file *file);
int pgem_ioctl_gem_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file);
int pgem_ioctl_gem_info(struct drm_device *drm, void *data, struct drm_file *file);
int pgem_ioctl_gem_wait(struct drm_device *drm, void *data, struct drm_file *file);
int pgem_dumb_create(struct drm_file *file, struct drm_device *drm,
		     struct drm_mode_create_dumb *args);

#if IS_ENABLED(CONFIG_KUNIT)
struct pgem_bo *pgem_bo_create(struct pgem_device *pdev, u64 size, u32 flags);
#endif

#endif /* _PGEM_BO_H_ */
