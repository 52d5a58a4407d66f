/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_FAULT_H_
#define _PGEM_FAULT_H_

#include <linux/kconfig.h>
#include <linux/mm_types.h>
#include <linux/types.h>

struct drm_gem_object;

vm_fault_t pgem_fault(struct vm_fault *vmf);
vm_fault_t pgem_fault_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end);

#if IS_ENABLED(CONFIG_KUNIT)
bool pgem_fault_index(const struct vm_fault *vmf, const struct drm_gem_object *obj,
		      pgoff_t *index);
vm_fault_t pgem_fault_result(const struct vm_fault *vmf, int error, bool is_major);
int pgem_fault_parse_window(const char *text, unsigned int *bytes);
#endif

#endif /* _PGEM_FAULT_H_ */
