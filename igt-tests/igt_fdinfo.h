/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: libigt's parser of fdinfo, as in IGT 2.5; see igt.h
 */
#ifndef PGEM_IGT_FDINFO_H
#define PGEM_IGT_FDINFO_H

#ifdef PGEM_IGT_SRC
#include <igt_drm_fdinfo.h>
#else

#include <stdint.h>

/* A region is a kind of memory; bytes. */
struct drm_client_meminfo {
	uint64_t total, shared, resident, purgeable, active;
};

struct drm_client_fdinfo {
	char driver[128], pdev[128];
	unsigned long id;
	char engines[4560];	/* pgem has none */
	unsigned int num_regions, last_region_index;
	char region_names[16][256];
	struct drm_client_meminfo region_mem[16];
};

unsigned int igt_parse_drm_fdinfo(int fd, struct drm_client_fdinfo *info,
				  const char **engines, unsigned int engine_count,
				  const char **regions, unsigned int region_count);

#endif /* PGEM_IGT_SRC */
#endif /* PGEM_IGT_FDINFO_H */
