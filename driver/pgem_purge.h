/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_PURGE_H_
#define _PGEM_PURGE_H_

#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct drm_device;
struct drm_file;
struct pgem_bo;
struct pgem_device;
struct shrinker;

/* Beside &enum drm_pgem_madvice: contents lost, for good. */
#define PGEM_PURGED	2

/*
 * Pages that an object counts for when the kernel asks how many there are, and at the least
 * when it was looked at: with small pages those of a picture of one million pixels. Not those
 * that it has: a few large objects that stay would make each scan of a long list almost
 * endless.
 */
#define PGEM_PURGE_CHARGE	1024UL

/**
 * struct pgem_purge_list - objects of a device that can be purged
 */
struct pgem_purge_list {
	/** @lru: &struct pgem_bo.purge of objects that are DONTNEED */
	struct list_lru lru;

	/** @shrinker: called by the kernel when memory runs short */
	struct shrinker *shrinker;

	/**
	 * @lock: of all &struct pgem_bo.queued of the device. Taken inside of the locks of
	 * @lru, and nothing inside of it.
	 */
	spinlock_t lock;

	/** @queue: &struct pgem_bo.queued of what @work is to purge, without references */
	struct list_head queue;

	/** @work: purges what is in @queue, for kswapd and others who must not wait */
	struct work_struct work;

	/** @wq: of @work alone: frozen when the machine sleeps, and never without a thread */
	struct workqueue_struct *wq;

	/** @scanned: pages that the last scan by debugfs freed */
	u64 scanned;
};

bool pgem_purge_is_wanted(const struct pgem_bo *bo);
bool pgem_purge_is_done(const struct pgem_bo *bo);
void pgem_purge_del(struct pgem_bo *bo);
u64 pgem_purge_scan_all(struct pgem_device *pdev, u64 pages);
int pgem_purge_init(struct pgem_device *pdev);
int pgem_ioctl_gem_madvise(struct drm_device *drm, void *data, struct drm_file *file);

#if IS_ENABLED(CONFIG_KUNIT)
unsigned long pgem_purge_try(struct pgem_bo *bo);
#endif

#endif /* _PGEM_PURGE_H_ */
