// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: those who give buffers.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm_mode.h>
#include <pgem_drm.h>
#include <xf86drm.h>

#include "bench_provider.h"
#include "bench_tool.h"

#define CARDS	64

static int drm_destroy(const struct bench_buffer *buffer)
{
	struct drm_gem_close args = { .handle = buffer->handle };

	return drmIoctl(buffer->fd, DRM_IOCTL_GEM_CLOSE, &args);
}

static int pgem_create(const struct bench_provider *provider, int device, uint64_t size,
		       struct bench_buffer *buffer)
{
	struct drm_pgem_gem_create create = { .size = size, .flags = provider->flags };

	if (drmIoctl(device, DRM_IOCTL_PGEM_GEM_CREATE, &create))
		return -1;
	*buffer = (struct bench_buffer){ .fd = device, .handle = create.handle, .size = size };

	return 0;
}

static int pgem_offset(struct bench_buffer *buffer)
{
	struct drm_pgem_gem_mmap_offset map = { .handle = buffer->handle };

	if (drmIoctl(buffer->fd, DRM_IOCTL_PGEM_GEM_MMAP_OFFSET, &map))
		return -1;
	buffer->offset = map.offset;

	return 0;
}

/* 32 bits a pixel, as virtio-gpu takes no other; a row is a page. */
static int dumb_create(const struct bench_provider *provider, int device, uint64_t size,
		       struct bench_buffer *buffer)
{
	struct drm_mode_create_dumb create = {
		.width = BENCH_PAGE / 4, .height = size / BENCH_PAGE, .bpp = 32,
	};

	(void)provider;
	if (drmIoctl(device, DRM_IOCTL_MODE_CREATE_DUMB, &create))
		return -1;
	*buffer = (struct bench_buffer){ .fd = device, .handle = create.handle, .size = size };

	return 0;
}

static int dumb_offset(struct bench_buffer *buffer)
{
	struct drm_mode_map_dumb map = { .handle = buffer->handle };

	if (drmIoctl(buffer->fd, DRM_IOCTL_MODE_MAP_DUMB, &map))
		return -1;
	buffer->offset = map.offset;

	return 0;
}

static int file_destroy(const struct bench_buffer *buffer)
{
	return close(buffer->fd);
}

static int file_create(const struct bench_provider *provider, int device, uint64_t size,
		       struct bench_buffer *buffer)
{
	int fd = memfd_create("pgem-bench", MFD_CLOEXEC);

	(void)provider;
	(void)device;
	*buffer = (struct bench_buffer){ .fd = fd, .size = size };

	return fd < 0 ? -1 : ftruncate(fd, size);
}

/* With the memfd kept, as clients do, which fill it by that; and its memory counts as theirs. */
static int udmabuf_create(const struct bench_provider *provider, int device, uint64_t size,
			  struct bench_buffer *buffer)
{
	int memfd = memfd_create("pgem-bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct udmabuf_create create = {
		.memfd = memfd, .flags = UDMABUF_FLAGS_CLOEXEC, .size = size,
	};

	(void)provider;
	*buffer = (struct bench_buffer){ .fd = -1, .memfd = memfd, .size = size };
	if (memfd < 0 || ftruncate(memfd, size) || fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -1;
	buffer->fd = ioctl(device, UDMABUF_CREATE, &create);

	return buffer->fd < 0 ? -1 : 0;
}

static int udmabuf_destroy(const struct bench_buffer *buffer)
{
	return close(buffer->fd) || close(buffer->memfd) ? -1 : 0;
}

#define WINDOW(bytes)	{ "/sys/module/pgem/parameters/fault_around_bytes", bytes, "" }
#define PGEM	.driver = "pgem", .create = pgem_create, .offset = pgem_offset, \
		.destroy = drm_destroy
#define DUMB	.create = dumb_create, .offset = dumb_offset, .destroy = drm_destroy
#define MEMFD	.create = file_create, .destroy = file_destroy

struct bench_provider bench_providers[] = {
	{ "pgem", PGEM, .has_threads = true, .has_idle = true },
	{ "pgem-4K", PGEM, .setting = WINDOW("4096"), .has_threads = true },
	{ "pgem-16K", PGEM, .setting = WINDOW("16384"), .is_window = true },
	{ "pgem-256K", PGEM, .setting = WINDOW("262144"), .is_window = true },
	{ "pgem-2M", PGEM, .setting = WINDOW("2097152"), .is_window = true },
	{ "pgem-large", PGEM, .flags = DRM_PGEM_GEM_HUGE },
	{ "vgem", DUMB, .driver = "vgem", .has_threads = true },
	{ "vkms", DUMB, .driver = "vkms" },
	/* Its pages are given to the host when it is created. */
	{ "virtio-gpu", DUMB, .driver = "virtio_gpu", .is_eager = true },
	{
		"udmabuf", .path = "/dev/udmabuf",
		.create = udmabuf_create, .destroy = udmabuf_destroy, .is_eager = true,
		.setting = { "/sys/module/udmabuf/parameters/size_limit_mb", "1024", "" },
	},
	{ "memfd", MEMFD, .has_threads = true, .has_idle = true },
	{
		"memfd-huge", MEMFD, .wants_huge = true,
		.setting = { "/sys/kernel/mm/transparent_hugepage/shmem_enabled", "advise", "" },
	},
};

const size_t bench_provider_count = BENCH_ARRAY_SIZE(bench_providers);

bool bench_provider_is_drm(const struct bench_provider *provider)
{
	return provider->driver;
}

static bool is_driven_by(int fd, const char *driver)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool same = version && !strcmp(version->name, driver);

	drmFreeVersion(version);
	return same;
}

/* Not drmOpen(), which passes over devices that somebody has asked for their bus. */
static int open_card(const char *driver)
{
	for (int i = 0; i < CARDS; i++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (is_driven_by(fd, driver))
			return fd;
		close(fd);
	}
	errno = ENODEV;
	return -1;
}

int bench_provider_open(const struct bench_provider *provider)
{
	return provider->driver ? open_card(provider->driver) :
				  open(provider->path, O_RDWR | O_CLOEXEC);
}
