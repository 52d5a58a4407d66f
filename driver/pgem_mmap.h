/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_MMAP_H_
#define _PGEM_MMAP_H_

#include <linux/kconfig.h>
#include <linux/types.h>

struct drm_gem_object;
struct vm_area_struct;
struct vm_fault;
struct vm_operations_struct;

extern const struct vm_operations_struct pgem_vm_ops;

int pgem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma);

#if IS_ENABLED(CONFIG_KUNIT)
bool pgem_fault_index(const struct vm_fault *vmf, const struct drm_gem_object *obj,
		      pgoff_t *index);
#endif

#endif /* _PGEM_MMAP_H_ */
