/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_SHMEM_H_
#define _PGEM_SHMEM_H_

#include <linux/compiler.h>
#include <linux/fs.h>
#include <linux/types.h>

#include <drm/pgem_drm.h>

struct pgem_bo;
struct pgem_device;

/* Flags that GEM_CREATE knows, whether the kernel has what they ask for or not */
#define PGEM_SHMEM_CREATE_FLAGS	DRM_PGEM_GEM_HUGE

/**
 * pgem_shmem_pages() - pages that an object has now
 * @filp: its shmem file
 *
 * Return: how many; those in swap do not count.
 */
static inline unsigned long pgem_shmem_pages(const struct file *filp)
{
	/* A moment's figure: the page cache changes it under a lock of its own. */
	return data_race(READ_ONCE(filp->f_mapping->nrpages));
}

int pgem_shmem_init(struct pgem_device *pdev);
u32 pgem_shmem_create_flags(struct pgem_device *pdev);
int pgem_shmem_create_file(struct pgem_bo *bo);
bool pgem_shmem_try_lock(struct file *filp);
void pgem_shmem_empty(struct file *filp);

#endif /* _PGEM_SHMEM_H_ */
