/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_PAGES_H_
#define _PGEM_PAGES_H_

struct drm_gem_object;
struct iosys_map;
struct pgem_bo;

int pgem_pages_pin_locked(struct pgem_bo *bo);
void pgem_pages_unpin_locked(struct pgem_bo *bo);
int pgem_pages_vmap(struct drm_gem_object *obj, struct iosys_map *map);
void pgem_pages_vunmap(struct drm_gem_object *obj, struct iosys_map *map);

#endif /* _PGEM_PAGES_H_ */
