/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_MMAP_H_
#define _PGEM_MMAP_H_

struct drm_gem_object;
struct file;
struct pgem_bo;
struct vm_area_struct;
struct vm_operations_struct;

extern const struct vm_operations_struct pgem_vm_ops;

int pgem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma);
int pgem_mmap_file(struct file *file, struct vm_area_struct *vma);
void pgem_mmap_keep_ops(struct vm_area_struct *vma, const struct vm_operations_struct *ops);
int pgem_mmap_object(struct drm_gem_object *obj, struct vm_area_struct *vma);
void pgem_mmap_unmap(struct pgem_bo *bo);

#endif /* _PGEM_MMAP_H_ */
