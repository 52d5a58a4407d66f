/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_FENCE_H_
#define _PGEM_FENCE_H_

struct drm_device;
struct drm_file;

int pgem_fence_open(struct drm_device *drm, struct drm_file *file);
void pgem_fence_postclose(struct drm_device *drm, struct drm_file *file);
int pgem_ioctl_fence_attach(struct drm_device *drm, void *data, struct drm_file *file);
int pgem_ioctl_fence_signal(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* _PGEM_FENCE_H_ */
