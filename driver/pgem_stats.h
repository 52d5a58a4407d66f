/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_STATS_H_
#define _PGEM_STATS_H_

#include <linux/kconfig.h>
#include <linux/types.h>

#include <drm/drm_gem.h>

struct drm_device;
struct drm_file;
struct pgem_bo;

u64 pgem_stats_mapped(struct pgem_bo *bo);
enum drm_gem_object_status pgem_stats_status(struct drm_gem_object *obj);
size_t pgem_stats_rss(struct drm_gem_object *obj);
int pgem_ioctl_gem_label(struct drm_device *drm, void *data, struct drm_file *file);

#if IS_ENABLED(CONFIG_KUNIT)
int pgem_stats_set_label(struct pgem_bo *bo, const char *label);
#endif

#endif /* _PGEM_STATS_H_ */
