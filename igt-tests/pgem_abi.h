/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Layout of the interface
 *
 * Compiled into a 64-bit and a 32-bit program: where a structure is laid out
 * differently, one of them does not build.
 */
#ifndef PGEM_ABI_H
#define PGEM_ABI_H

#include <stddef.h>

#include "pgem_drm.h"

#define ABI_FIELD(type, field, offset, size) \
	_Static_assert(offsetof(struct drm_pgem_ ## type, field) == (offset) && \
		       sizeof(((struct drm_pgem_ ## type *)0)->field) == (size), \
		       #type "." #field " has moved")
#define ABI_SIZE(type, size) \
	_Static_assert(sizeof(struct drm_pgem_ ## type) == (size), #type " has changed its size")
#define ABI_NUMBER(name, number) \
	_Static_assert(DRM_IOCTL_PGEM_ ## name == (number), #name " has changed its number")

ABI_SIZE(get_param, 16);
ABI_FIELD(get_param, param, 0, 4);
ABI_FIELD(get_param, pad, 4, 4);
ABI_FIELD(get_param, value, 8, 8);

ABI_SIZE(gem_create, 16);
ABI_FIELD(gem_create, size, 0, 8);
ABI_FIELD(gem_create, flags, 8, 4);
ABI_FIELD(gem_create, handle, 12, 4);

ABI_SIZE(gem_mmap_offset, 16);
ABI_FIELD(gem_mmap_offset, handle, 0, 4);
ABI_FIELD(gem_mmap_offset, flags, 4, 4);
ABI_FIELD(gem_mmap_offset, offset, 8, 8);

ABI_SIZE(gem_info, 24);
ABI_FIELD(gem_info, handle, 0, 4);
ABI_FIELD(gem_info, flags, 4, 4);
ABI_FIELD(gem_info, size, 8, 8);
ABI_FIELD(gem_info, resident, 16, 8);

ABI_SIZE(fence_attach, 16);
ABI_FIELD(fence_attach, handle, 0, 4);
ABI_FIELD(fence_attach, flags, 4, 4);
ABI_FIELD(fence_attach, out_fence, 8, 4);
ABI_FIELD(fence_attach, pad, 12, 4);

ABI_SIZE(fence_signal, 8);
ABI_FIELD(fence_signal, fence, 0, 4);
ABI_FIELD(fence_signal, flags, 4, 4);

ABI_SIZE(gem_wait, 16);
ABI_FIELD(gem_wait, handle, 0, 4);
ABI_FIELD(gem_wait, flags, 4, 4);
ABI_FIELD(gem_wait, timeout_ns, 8, 8);

ABI_SIZE(gem_madvise, 16);
ABI_FIELD(gem_madvise, handle, 0, 4);
ABI_FIELD(gem_madvise, advice, 4, 4);
ABI_FIELD(gem_madvise, retained, 8, 4);
ABI_FIELD(gem_madvise, pad, 12, 4);

ABI_SIZE(gem_label, 16);
ABI_FIELD(gem_label, handle, 0, 4);
ABI_FIELD(gem_label, pad, 4, 4);
ABI_FIELD(gem_label, label, 8, 8);

/* P17: direction 3 or, where nothing comes back, 1; the size, 'd', a number from 0x40 on. */
ABI_NUMBER(GET_PARAM, 0xc0106440u);
ABI_NUMBER(FENCE_ATTACH, 0xc0106441u);
ABI_NUMBER(FENCE_SIGNAL, 0x40086442u);
ABI_NUMBER(GEM_CREATE, 0xc0106443u);
ABI_NUMBER(GEM_MMAP_OFFSET, 0xc0106444u);
ABI_NUMBER(GEM_INFO, 0xc0186445u);
ABI_NUMBER(GEM_WAIT, 0x40106446u);
ABI_NUMBER(GEM_MADVISE, 0xc0106447u);
ABI_NUMBER(GEM_LABEL, 0x40106448u);

_Static_assert(DRM_PGEM_PARAM_PAGE_SIZE == 0, "a parameter has changed its number");
_Static_assert(DRM_PGEM_PARAM_MAX_BO_SIZE == 1, "a parameter has changed its number");
_Static_assert(DRM_PGEM_PARAM_CREATE_FLAGS == 2, "a parameter has changed its number");

_Static_assert(DRM_PGEM_MADV_WILLNEED == 0, "an advice has changed its number");
_Static_assert(DRM_PGEM_MADV_DONTNEED == 1, "an advice has changed its number");
_Static_assert(DRM_PGEM_LABEL_SIZE == 64, "the longest label has changed its length");

_Static_assert(DRM_PGEM_GEM_IMPORTED == 0x10000, "a flag has changed its value");
_Static_assert(DRM_PGEM_FENCE_WRITE == 1, "a flag has changed its value");
_Static_assert(DRM_PGEM_WAIT_WRITE == 1, "a flag has changed its value");

#endif /* PGEM_ABI_H */
