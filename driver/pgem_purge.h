/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_PURGE_H_
#define _PGEM_PURGE_H_

#include <linux/types.h>

struct drm_device;
struct drm_file;
struct pgem_bo;

/* Beside &enum drm_pgem_madvice: contents lost, for good. */
#define PGEM_PURGED	2

bool pgem_purge_is_wanted(const struct pgem_bo *bo);
bool pgem_purge_is_done(const struct pgem_bo *bo);
bool pgem_purge_try_locked(struct pgem_bo *bo);
int pgem_ioctl_gem_madvise(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* _PGEM_PURGE_H_ */
