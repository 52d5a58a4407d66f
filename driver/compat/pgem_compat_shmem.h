/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_COMPAT_SHMEM_H_
#define _PGEM_COMPAT_SHMEM_H_

/* Named after the vectors before them in 6.12. */
#ifdef PGEM_HAVE_FOLIO_BATCH
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

/* Not in 6.12: flags of a shmem file as a type of their own. */
#ifndef PGEM_HAVE_SHMEM_VMA_FLAGS
#include <linux/mm.h>

#undef mk_vma_flags
#define vma_flags_t		unsigned long
#define VMA_NORESERVE_BIT	VM_NORESERVE
#define mk_vma_flags(flags)	(flags)
#endif

/* Not in 6.12: addresses for mappings that suit large folios. None: the kernel's own. */
#ifndef PGEM_HAVE_DRM_GEM_GET_UNMAPPED_AREA
#define drm_gem_get_unmapped_area	NULL
#endif

#endif /* _PGEM_COMPAT_SHMEM_H_ */
