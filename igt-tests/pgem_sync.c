// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: fences, and the files that carry them
 *
 * libigt has the like in its sw_sync.c, which makes its fences by a debugging device
 * that distributions' kernels do not have. Here they are pgem's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_sync.h"

int __pgem_fence_attach(int fd, uint32_t handle, uint32_t flags, uint32_t *fence)
{
	struct drm_pgem_fence_attach arg = { .handle = handle, .flags = flags };
	int ret = pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &arg);

	*fence = arg.out_fence;
	return ret;
}

uint32_t pgem_fence_attach(int fd, uint32_t handle, uint32_t flags)
{
	uint32_t fence;

	igt_assert_eq(__pgem_fence_attach(fd, handle, flags, &fence), 0);
	igt_assert_neq_u32(fence, 0);
	return fence;
}

int __pgem_fence_signal(int fd, uint32_t fence)
{
	struct drm_pgem_fence_signal arg = { .fence = fence };

	return pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_SIGNAL, &arg);
}

void pgem_fence_signal(int fd, uint32_t fence)
{
	igt_assert_eq(__pgem_fence_signal(fd, fence), 0);
}

/* Starts over when a signal comes in between, with the same end. */
int __pgem_wait(int fd, uint32_t handle, uint32_t flags, int64_t timeout_ns)
{
	struct drm_pgem_gem_wait arg = {
		.handle = handle, .flags = flags, .timeout_ns = timeout_ns,
	};

	return pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_WAIT, &arg);
}

int64_t pgem_until(int ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec * 1000ll + ms) * 1000000 + now.tv_nsec;
}

bool pgem_busy(int fd, uint32_t handle, uint32_t flags)
{
	int ret = __pgem_wait(fd, handle, flags, 0);

	igt_assert(!ret || ret == -ETIME);
	return ret;
}

bool pgem_poll(int fd, short events, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int ret = poll(&pfd, 1, timeout_ms);

	igt_assert(ret >= 0);
	igt_assert_eq(pfd.revents, ret ? events : 0);
	return ret;
}

int __pgem_export_sync_file(int dmabuf, uint32_t flags, int *sync_file)
{
	struct dma_buf_export_sync_file arg = { .flags = flags, .fd = -1 };
	int ret = pgem_ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &arg);

	*sync_file = arg.fd;
	return ret;
}

int pgem_export_sync_file(int dmabuf, uint32_t flags)
{
	int sync_file;

	igt_assert_eq(__pgem_export_sync_file(dmabuf, flags, &sync_file), 0);
	igt_assert(sync_file >= 0);
	return sync_file;
}

int __pgem_import_sync_file(int dmabuf, uint32_t flags, int sync_file)
{
	struct dma_buf_import_sync_file arg = { .flags = flags, .fd = sync_file };

	return pgem_ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &arg);
}

void pgem_import_sync_file(int dmabuf, uint32_t flags, int sync_file)
{
	igt_assert_eq(__pgem_import_sync_file(dmabuf, flags, sync_file), 0);
}

int pgem_fence_sync_file(int fd, uint32_t handle, uint32_t flags)
{
	int dmabuf = pgem_export(fd, handle);
	int sync_file = pgem_export_sync_file(dmabuf, flags);

	close(dmabuf);
	return sync_file;
}

/* Without room for fences, the kernel tells their number and the state of the whole. */
static int sync_info(int sync_file, struct sync_fence_info *fences, unsigned int max,
		     struct sync_file_info *info)
{
	*info = (struct sync_file_info){
		.num_fences = max, .sync_fence_info = (uintptr_t)fences,
	};

	return pgem_ioctl(sync_file, SYNC_IOC_FILE_INFO, info);
}

int __pgem_sync_status(int sync_file, int *status)
{
	struct sync_file_info info;
	int ret = sync_info(sync_file, NULL, 0, &info);

	*status = info.status;
	return ret;
}

int pgem_sync_status(int sync_file)
{
	int status;

	igt_assert_eq(__pgem_sync_status(sync_file, &status), 0);
	return status;
}

unsigned int pgem_sync_count(int sync_file)
{
	struct sync_file_info info;

	igt_assert_eq(sync_info(sync_file, NULL, 0, &info), 0);
	return info.num_fences;
}

unsigned int pgem_sync_fences(int sync_file, struct sync_fence_info *fences, unsigned int max)
{
	struct sync_file_info info;

	igt_assert_eq(sync_info(sync_file, fences, max, &info), 0);
	return info.num_fences;
}

int pgem_sync_merge(int a, int b)
{
	struct sync_merge_data arg = { .name = "pgem test", .fd2 = b };

	igt_assert_eq(pgem_ioctl(a, SYNC_IOC_MERGE, &arg), 0);
	return arg.fence;
}

int pgem_udmabuf(size_t pages)
{
	struct udmabuf_create arg = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = pages * PG };
	int maker = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int dmabuf;

	arg.memfd = memfd_create("udmabuf", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	igt_assert(maker >= 0);
	igt_assert_eq(ftruncate(arg.memfd, arg.size), 0);
	igt_assert_eq(fcntl(arg.memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	dmabuf = ioctl(maker, UDMABUF_CREATE, &arg);
	igt_assert(dmabuf >= 0);
	close(arg.memfd);
	close(maker);
	return dmabuf;
}
