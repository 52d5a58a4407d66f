// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-share's fences
 *
 * A process says that work has begun by a fence on the buffer, gets it as a sync_file
 * and sends that to the other, which then knows what to wait for although the work has
 * just begun. What a driver with hardware does when it queues a job is done here by
 * FENCE_ATTACH, and what it does when the job is finished by FENCE_SIGNAL.
 */

#include <errno.h>
#include <inttypes.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include <xf86drm.h>

#include "share_fence.h"
#include "tool.h"

/* The driver ends a fence after 10 seconds: one that lasts longer is its mistake. */
#define SHARE_FENCE_LIMIT_MS (30 * 1000)

int share_fence_attach(const struct pgem_bo *bo, int dmabuf, uint32_t flags,
		       struct share_fence *fence)
{
	bool write = flags & DRM_PGEM_FENCE_WRITE;
	uint32_t number;
	int ret;

	ret = pgem_fence_attach(bo, flags, &number);
	if (ret)
		return ret;

	/* A reader waits for who writes, a writer also for who reads. */
	ret = pgem_sync_file_export(dmabuf, write ? DMA_BUF_SYNC_READ : DMA_BUF_SYNC_WRITE);
	if (ret < 0) {
		pgem_fence_signal(bo->fd, number);
		return ret;
	}

	*fence = (struct share_fence){ .number = number, .sync_file = ret };
	return 0;
}

int share_fence_wait(int sync_file)
{
	struct pollfd wait = { .fd = sync_file, .events = POLLIN };
	struct sync_file_info info = { 0 };
	int ret;

	do {
		ret = poll(&wait, 1, SHARE_FENCE_LIMIT_MS);
	} while (ret < 0 && errno == EINTR);
	if (ret <= 0)
		return ret ? -errno : -ETIMEDOUT;

	/* That it is signalled does not say that all went well. */
	if (drmIoctl(sync_file, SYNC_IOC_FILE_INFO, &info))
		return -errno;
	return info.status < 0 ? info.status : 0;
}

void share_fence_error(const char *peer, const char *work, uint64_t frame, int err)
{
	switch (err) {
	case -ECANCELED:
		tool_error("frame %" PRIu64 ": the %s has closed the device before it was done "
			   "%s (ECANCELED)", frame, peer, work);
		break;
	case -ETIME:
		tool_error("frame %" PRIu64 ": the %s was not done %s within 10 seconds "
			   "(ETIME)", frame, peer, work);
		break;
	case -ETIMEDOUT:
		tool_error("frame %" PRIu64 ": the %s's fence does not end by itself: a mistake "
			   "of the driver's", frame, peer);
		break;
	default:
		tool_error("frame %" PRIu64 ": waiting for the %s failed: %s", frame, peer,
			   strerror(-err));
		break;
	}
}
