// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Lesson 6: fences, or how to hand over what is not ready yet
 *
 * A fence says "this will be done": it is attached when work on an object begins and
 * signalled when the work is done. As a file, a sync_file, it can be sent to others,
 * who poll() it. So the reader below has the object before anything is drawn in it.
 *
 * With hardware the driver makes the fence when it queues a job. pgem has no jobs, and
 * lets the client say when: FENCE_ATTACH and FENCE_SIGNAL, the same two as vgem's.
 *
 * This is what pgem_fence_attach(), pgem_sync_file_export() and pgem_fence_signal() of
 * libpgem do; pgem-share is a whole program of it.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include <pgem.h>

static int fail(const char *what)
{
	fprintf(stderr, "6-fences: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Returns the fences that a reader has to wait for, as a file. */
static int export_sync_file(const struct pgem_bo *bo)
{
	struct dma_buf_export_sync_file args = { .flags = DMA_BUF_SYNC_READ };
	int dmabuf, ret;

	if (drmPrimeHandleToFD(bo->fd, bo->handle, DRM_CLOEXEC, &dmabuf))
		return -1;
	ret = drmIoctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &args);
	close(dmabuf);
	return ret ? -1 : args.fd;
}

/* Returns 1 for done, 0 for not yet, or a negative errno value: it went wrong. */
static int ask_sync_file(int sync_file)
{
	struct sync_file_info info = { 0 };

	return drmIoctl(sync_file, SYNC_IOC_FILE_INFO, &info) ? -errno : info.status;
}

static int read_when_drawn(const struct pgem_bo *bo, int sync_file)
{
	struct pollfd wait = { .fd = sync_file, .events = POLLIN };

	printf("child:  is it drawn?    %s\n", ask_sync_file(sync_file) ? "yes" : "not yet");
	fflush(stdout);
	if (poll(&wait, 1, -1) < 0)
		return fail("poll");
	printf("child:  it is, and says \"%s\"\n", (char *)bo->map);
	return strcmp(bo->map, "done");
}

static int draw_and_signal(struct pgem_bo *bo, uint32_t fence)
{
	struct drm_pgem_fence_signal args = { .fence = fence };

	usleep(300 * 1000);
	memcpy(bo->map, "done", 5);
	return drmIoctl(bo->fd, DRM_IOCTL_PGEM_FENCE_SIGNAL, &args) ? fail("FENCE_SIGNAL") : 0;
}

static int hand_over(struct pgem_bo *bo)
{
	struct drm_pgem_fence_attach args = { .handle = bo->handle, .flags = DRM_PGEM_FENCE_WRITE };
	int sync_file, status = 1, failed;
	pid_t pid;

	if (drmIoctl(bo->fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &args))
		return fail("FENCE_ATTACH");
	sync_file = export_sync_file(bo);
	if (sync_file < 0)
		return fail("EXPORT_SYNC_FILE");

	/* The child inherits the file and the mapping; others would be sent a dma-buf, too. */
	pid = fork();
	if (!pid) {
		failed = read_when_drawn(bo, sync_file);
		fflush(stdout);
		_exit(failed);
	}
	failed = pid < 0 ? fail("fork") : draw_and_signal(bo, args.out_fence);
	if (pid > 0 && waitpid(pid, &status, 0) < 0)
		failed = fail("waitpid");
	close(sync_file);
	return failed || status;
}

/* Nobody waits forever: a fence ends after 10 seconds, or when its file is closed. */
static int forget(int fd)
{
	struct drm_pgem_fence_attach args = { .flags = DRM_PGEM_FENCE_WRITE };
	int sync_file = -1, status;
	struct pgem_bo bo;

	if (pgem_bo_create(fd, 4096, &bo))
		return fail("pgem_bo_create");
	args.handle = bo.handle;
	if (!drmIoctl(fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &args))
		sync_file = export_sync_file(&bo);
	close(fd);
	if (sync_file < 0)
		return fail("the second fence");

	status = ask_sync_file(sync_file);
	printf("parent: a forgotten fence ends with: %s\n", strerror(-status));
	close(sync_file);
	return status != -ECANCELED;
}

int main(int argc, char **argv)
{
	int fd = pgem_open(argc > 1 ? argv[1] : NULL), failed;
	struct pgem_bo bo = { 0 };

	if (fd < 0) {
		errno = -fd;
		return fail("no pgem device (try 1-open)");
	}

	if (pgem_bo_create(fd, 4096, &bo) || pgem_bo_map(&bo))
		failed = fail("no object");
	else
		failed = hand_over(&bo);
	pgem_bo_close(&bo);

	/* Closes the file as well. */
	return forget(fd) || failed;
}
