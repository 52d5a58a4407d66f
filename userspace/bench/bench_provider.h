/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_PROVIDER_H
#define BENCH_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench_setting.h"

/* A buffer: of a DRM device by handle, or a file by itself. */
struct bench_buffer {
	int fd;
	int memfd;	/* behind a dma-buf of udmabuf */
	uint32_t handle;
	off_t offset;
	uint64_t size;
};

/* Whoever gives buffers, in one of its settings. */
struct bench_provider {
	const char *name;

	/* Its node: a DRM driver's name or a path, or none, then device is -1 */
	const char *driver;
	const char *path;

	/* As system calls return */
	int (*create)(const struct bench_provider *provider, int device, uint64_t size,
		      struct bench_buffer *buffer);
	int (*offset)(struct bench_buffer *buffer);	/* sets it; none for files */
	int (*destroy)(const struct bench_buffer *buffer);
	uint32_t flags;		/* for pgem */

	struct bench_setting setting;
	bool has_threads;	/* takes part in the lane of threads */
	bool has_idle;		/* takes part in reclaim: its mapped pages can be swapped */
	bool is_window;		/* differs from pgem in touching alone */
	bool is_eager;		/* creating allocates all pages */
	bool wants_huge;	/* asks for huge pages by madvise() */
};

extern struct bench_provider bench_providers[];
extern const size_t bench_provider_count;

/* The device opened once more; returns -1 with errno. */
int bench_provider_open(const struct bench_provider *provider);
bool bench_provider_is_drm(const struct bench_provider *provider);

#endif /* BENCH_PROVIDER_H */
