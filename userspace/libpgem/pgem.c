// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: libpgem's code
 *
 * One short function per ioctl. What the functions promise is written in pgem.h
 * and not repeated here.
 *
 * Arguments are not checked: the kernel does that and knows better. The one
 * exception is a size that this program's address space cannot hold, which
 * mmap() would silently cut.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "pgem.h"

#define PGEM_EXPORT __attribute__((visibility("default")))

#define PGEM_DRIVER_NAME "pgem"

/* More than one machine has; devices beyond are not looked at. */
#define PGEM_MAX_DEVICES 64

static int pgem_ioctl(int fd, unsigned long request, void *args)
{
	return drmIoctl(fd, request, args) ? -errno : 0;
}

static int pgem_check_driver(int fd)
{
	char name[sizeof(PGEM_DRIVER_NAME) - 1];
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name),
	};

	/* name_len comes back as the length of the whole name, cut or not. */
	if (pgem_ioctl(fd, DRM_IOCTL_VERSION, &version) ||
	    version.name_len != sizeof(name) ||
	    memcmp(name, PGEM_DRIVER_NAME, sizeof(name)))
		return -ENOTTY;
	return 0;
}

static int pgem_open_node(const char *node)
{
	int fd, ret;

	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	ret = pgem_check_driver(fd);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

static int pgem_open_first(void)
{
	drmDevicePtr devices[PGEM_MAX_DEVICES];
	int count, i, fd = -ENODEV, ret = -ENODEV;

	count = drmGetDevices2(0, devices, PGEM_MAX_DEVICES);
	if (count < 0)
		return count == -ENOMEM ? -ENOMEM : -ENODEV;
	/* The count includes devices for which there was no room. */
	if (count > PGEM_MAX_DEVICES)
		count = PGEM_MAX_DEVICES;

	for (i = 0; i < count && fd < 0; i++) {
		if (!(devices[i]->available_nodes & (1 << DRM_NODE_RENDER)))
			continue;
		fd = pgem_open_node(devices[i]->nodes[DRM_NODE_RENDER]);
		/* A node that may not be opened could have been the one. */
		if (fd == -EACCES)
			ret = -EACCES;
	}

	drmFreeDevices(devices, count);
	return fd >= 0 ? fd : ret;
}

PGEM_EXPORT int pgem_open(const char *node)
{
	return node ? pgem_open_node(node) : pgem_open_first();
}

PGEM_EXPORT int pgem_get_param(int fd, uint32_t param, uint64_t *value)
{
	struct drm_pgem_get_param args = { .param = param };
	int ret;

	ret = pgem_ioctl(fd, DRM_IOCTL_PGEM_GET_PARAM, &args);
	if (!ret)
		*value = args.value;
	return ret;
}

static int pgem_handle_close(int fd, uint32_t handle)
{
	struct drm_gem_close args = { .handle = handle };

	return pgem_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &args);
}

static int pgem_handle_info(int fd, uint32_t handle, struct drm_pgem_gem_info *info)
{
	*info = (struct drm_pgem_gem_info){ .handle = handle };

	return pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, info);
}

PGEM_EXPORT int pgem_bo_create(int fd, uint64_t size, struct pgem_bo *bo)
{
	return pgem_bo_create_with_flags(fd, size, 0, bo);
}

PGEM_EXPORT int pgem_bo_create_with_flags(int fd, uint64_t size, uint32_t flags,
					  struct pgem_bo *bo)
{
	struct drm_pgem_gem_create args = { .size = size, .flags = flags };
	int ret;

	ret = pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &args);
	if (ret)
		return ret;

	*bo = (struct pgem_bo){
		.fd = fd,
		.handle = args.handle,
		.size = args.size,
	};
	return 0;
}

PGEM_EXPORT int pgem_bo_import(int fd, int dmabuf, struct pgem_bo *bo)
{
	struct drm_pgem_gem_info info;
	uint32_t handle;
	int ret;

	if (drmPrimeFDToHandle(fd, dmabuf, &handle))
		return -errno;

	ret = pgem_handle_info(fd, handle, &info);
	if (ret) {
		pgem_handle_close(fd, handle);
		return ret;
	}

	*bo = (struct pgem_bo){
		.fd = fd,
		.handle = handle,
		.size = info.size,
	};
	return 0;
}

PGEM_EXPORT int pgem_bo_export(const struct pgem_bo *bo)
{
	int dmabuf;

	if (drmPrimeHandleToFD(bo->fd, bo->handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf))
		return -errno;
	return dmabuf;
}

PGEM_EXPORT int pgem_bo_map(struct pgem_bo *bo)
{
	struct drm_pgem_gem_mmap_offset args = { .handle = bo->handle };
	void *map;
	int ret;

	if (bo->map)
		return 0;
	if ((size_t)bo->size != bo->size)
		return -ENOMEM;

	ret = pgem_ioctl(bo->fd, DRM_IOCTL_PGEM_GEM_MMAP_OFFSET, &args);
	if (ret)
		return ret;

	map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, bo->fd, args.offset);
	if (map == MAP_FAILED)
		return -errno;

	bo->map = map;
	return 0;
}

PGEM_EXPORT int pgem_bo_unmap(struct pgem_bo *bo)
{
	if (!bo->map)
		return 0;
	if (munmap(bo->map, bo->size))
		return -errno;

	bo->map = NULL;
	return 0;
}

PGEM_EXPORT int pgem_bo_resident(const struct pgem_bo *bo, uint64_t *resident)
{
	struct drm_pgem_gem_info info;
	int ret;

	ret = pgem_handle_info(bo->fd, bo->handle, &info);
	if (!ret)
		*resident = info.resident;
	return ret;
}

PGEM_EXPORT int pgem_bo_flags(const struct pgem_bo *bo, uint32_t *flags)
{
	struct drm_pgem_gem_info info;
	int ret;

	ret = pgem_handle_info(bo->fd, bo->handle, &info);
	if (!ret)
		*flags = info.flags;
	return ret;
}

PGEM_EXPORT int pgem_bo_madvise(const struct pgem_bo *bo, uint32_t advice, bool *retained)
{
	struct drm_pgem_gem_madvise args = { .handle = bo->handle, .advice = advice };
	int ret;

	ret = pgem_ioctl(bo->fd, DRM_IOCTL_PGEM_GEM_MADVISE, &args);
	if (!ret)
		*retained = args.retained;
	return ret;
}

PGEM_EXPORT int pgem_bo_label(const struct pgem_bo *bo, const char *label)
{
	struct drm_pgem_gem_label args = { .handle = bo->handle, .label = (uintptr_t)label };

	return pgem_ioctl(bo->fd, DRM_IOCTL_PGEM_GEM_LABEL, &args);
}

PGEM_EXPORT int pgem_bo_wait(const struct pgem_bo *bo, uint32_t flags, int64_t timeout_ns)
{
	struct drm_pgem_gem_wait args = {
		.handle = bo->handle,
		.flags = flags,
		.timeout_ns = timeout_ns,
	};

	return pgem_ioctl(bo->fd, DRM_IOCTL_PGEM_GEM_WAIT, &args);
}

PGEM_EXPORT int pgem_fence_attach(const struct pgem_bo *bo, uint32_t flags, uint32_t *fence)
{
	struct drm_pgem_fence_attach args = { .handle = bo->handle, .flags = flags };
	int ret;

	ret = pgem_ioctl(bo->fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &args);
	if (!ret)
		*fence = args.out_fence;
	return ret;
}

PGEM_EXPORT int pgem_fence_signal(int fd, uint32_t fence)
{
	struct drm_pgem_fence_signal args = { .fence = fence };

	return pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_SIGNAL, &args);
}

PGEM_EXPORT int pgem_sync_file_export(int dmabuf, uint32_t flags)
{
	struct dma_buf_export_sync_file args = { .flags = flags };
	int ret;

	ret = pgem_ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &args);
	return ret ? ret : args.fd;
}

PGEM_EXPORT int pgem_sync_file_import(int dmabuf, uint32_t flags, int sync_file)
{
	struct dma_buf_import_sync_file args = { .flags = flags, .fd = sync_file };

	return pgem_ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &args);
}

PGEM_EXPORT int pgem_bo_close(struct pgem_bo *bo)
{
	int unmapped = pgem_bo_unmap(bo), closed = 0;

	if (bo->handle)
		closed = pgem_handle_close(bo->fd, bo->handle);

	*bo = (struct pgem_bo){ 0 };
	return unmapped ? unmapped : closed;
}
