/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_COMPAT_LRU_H_
#define _PGEM_COMPAT_LRU_H_

#include <linux/version.h>

/* 6.13: the function that a walk of a list_lru calls does without the list's lock. */
#include <linux/list_lru.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
typedef enum lru_status (*pgem_compat_lru_walk_cb)(struct list_head *item,
						   struct list_lru_one *list, void *arg);

struct pgem_compat_lru_walk {
	pgem_compat_lru_walk_cb isolate;
	void *arg;
};

static inline enum lru_status pgem_compat_lru_isolate(struct list_head *item,
						      struct list_lru_one *list,
						      spinlock_t *lock, void *arg)
{
	struct pgem_compat_lru_walk *walk = arg;

	return walk->isolate(item, list, walk->arg);
}

static inline unsigned long pgem_compat_lru_walk_one(struct list_lru *lru, int nid,
						     struct mem_cgroup *memcg,
						     pgem_compat_lru_walk_cb isolate,
						     void *arg, unsigned long *nr_to_walk)
{
	struct pgem_compat_lru_walk walk = { isolate, arg };

	return list_lru_walk_one(lru, nid, memcg, pgem_compat_lru_isolate, &walk, nr_to_walk);
}

static inline unsigned long pgem_compat_lru_walk_all(struct list_lru *lru,
						     pgem_compat_lru_walk_cb isolate,
						     void *arg, unsigned long nr_to_walk)
{
	struct pgem_compat_lru_walk walk = { isolate, arg };

	return list_lru_walk(lru, pgem_compat_lru_isolate, &walk, nr_to_walk);
}

#define list_lru_walk_one	pgem_compat_lru_walk_one
#define list_lru_walk		pgem_compat_lru_walk_all
#endif

#endif /* _PGEM_COMPAT_LRU_H_ */
