/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_DEBUGFS_H_
#define _PGEM_DEBUGFS_H_

struct drm_device;

void pgem_debugfs_init(struct drm_device *drm);

#endif /* _PGEM_DEBUGFS_H_ */
