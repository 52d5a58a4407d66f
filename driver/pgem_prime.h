/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_PRIME_H_
#define _PGEM_PRIME_H_

struct dma_buf;
struct drm_device;
struct drm_gem_object;

struct dma_buf *pgem_prime_export(struct drm_gem_object *obj, int flags);
struct drm_gem_object *pgem_prime_import(struct drm_device *drm, struct dma_buf *dma_buf);

#endif /* _PGEM_PRIME_H_ */
