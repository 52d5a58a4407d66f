/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_RECLAIM_H_
#define _PGEM_RECLAIM_H_

#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/types.h>

struct pgem_bo;
struct pgem_device;
struct shrinker;

/**
 * struct pgem_reclaim - what gives a device's memory back when it runs short
 */
struct pgem_reclaim {
	/** @lru: &struct pgem_reclaim_bo.lru of objects with pages to give */
	struct list_lru lru;

	/** @shrinker: called by the kernel */
	struct shrinker *shrinker;

	/** @scanned: pages that the last scan by debugfs gave back */
	u64 scanned;
};

/**
 * enum pgem_reclaim_state - bits of &struct pgem_reclaim_bo.state
 */
enum pgem_reclaim_state {
	/** @PGEM_RECLAIM_FAULTED: there was a fault since reclaim looked last */
	PGEM_RECLAIM_FAULTED,
	/** @PGEM_RECLAIM_MAPPED: there was a fault since reclaim unmapped the object */
	PGEM_RECLAIM_MAPPED,
	/** @PGEM_RECLAIM_TAKEN: reclaim works on the object, and owns its taken */
	PGEM_RECLAIM_TAKEN,
};

/**
 * struct pgem_reclaim_bo - what reclaim knows of an object
 */
struct pgem_reclaim_bo {
	/** @lru: place in &struct pgem_reclaim.lru, under that list's lock */
	struct list_head lru;

	/** @taken: place among the objects that reclaim works on */
	struct list_head taken;

	/** @state: bits of &enum pgem_reclaim_state, changed atomically */
	unsigned long state;
};

int pgem_reclaim_init(struct pgem_device *pdev);
void pgem_reclaim_add(struct pgem_bo *bo);
void pgem_reclaim_add_faulted(struct pgem_bo *bo);
void pgem_reclaim_del(struct pgem_bo *bo);
u64 pgem_reclaim_scan_all(struct pgem_device *pdev, u64 pages);

#endif /* _PGEM_RECLAIM_H_ */
