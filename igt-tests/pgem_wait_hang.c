// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_wait: clients that do not signal
 *
 * Whatever way there is to wait for a fence, it ends when the client dies, and 10 s
 * after the beginning if the client just stops. Each way is tried by a process of its
 * own, all at the same time.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include <xf86drm.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_sync.h"
#include "pgem_wait.h"

#define LIMIT_MS	(PGEM_FENCE_MS + PGEM_FENCE_SLACK_MS)

/* Each waits without a limit of its own where it can. */
static void wait_ioctl(int fd, uint32_t handle, int dmabuf)
{
	(void)dmabuf;
	igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, INT64_MAX), 0);
}

static void wait_poll(int fd, uint32_t handle, int dmabuf)
{
	(void)fd;
	(void)handle;
	igt_assert(pgem_poll(dmabuf, POLLOUT, -1));
}

static void wait_sync(int fd, uint32_t handle, int dmabuf)
{
	struct dma_buf_sync arg = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };

	(void)fd;
	(void)handle;
	igt_assert_eq(pgem_ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
}

static void wait_sync_file(int fd, uint32_t handle, int dmabuf)
{
	int sync_file = pgem_export_sync_file(dmabuf, DMA_BUF_SYNC_RW);

	(void)fd;
	(void)handle;
	igt_assert(pgem_poll(sync_file, POLLIN, -1));
	igt_assert_lt(pgem_sync_status(sync_file), 0);
	close(sync_file);
}

static void wait_syncobj(int fd, uint32_t handle, int dmabuf)
{
	int sync_file = pgem_export_sync_file(dmabuf, DMA_BUF_SYNC_RW);
	uint32_t syncobj;

	(void)handle;
	igt_assert_eq(drmSyncobjCreate(fd, 0, &syncobj), 0);
	igt_assert_eq(drmSyncobjImportSyncFile(fd, syncobj, sync_file), 0);
	close(sync_file);
	igt_assert_eq(drmSyncobjWait(fd, &syncobj, 1, INT64_MAX, 0, NULL), 0);
	igt_assert_eq(drmSyncobjDestroy(fd, syncobj), 0);
}

static void (*const ways[])(int fd, uint32_t handle, int dmabuf) = {
	wait_ioctl, wait_poll, wait_sync, wait_sync_file, wait_syncobj,
};

/* A client that attached a writer is stopped or killed: how long others wait for it */
static void hang(int fd, bool stop, uint64_t least, uint64_t most)
{
	uint32_t handle = pgem_create(fd, PG);
	int dmabuf = pgem_export(fd, handle);
	struct igt_helper_process client = { .use_SIGKILL = true };
	uint64_t start = pgem_now_ms();

	igt_fork_helper(&client) {
		int own = pgem_open(PGEM_RENDER, O_RDWR);

		pgem_fence_attach(own, pgem_import(own, dmabuf), DRM_PGEM_FENCE_WRITE);
		pause();
	}
	while (!pgem_busy(fd, handle, 0) && pgem_now_ms() - start < LIMIT_MS)
		usleep(1000);
	igt_assert(pgem_busy(fd, handle, 0));

	igt_fork(i, (int)ARRAY_SIZE(ways)) {
		ways[i](fd, handle, dmabuf);
		igt_assert_lte_u64(least, pgem_now_ms() - start);
		igt_assert_lte_u64(pgem_now_ms() - start, most);
	}
	usleep(300000);
	igt_assert(pgem_busy(fd, handle, 0));
	if (stop)
		igt_assert_eq(kill(client.pid, SIGSTOP), 0);
	else
		igt_stop_helper(&client);
	igt_waitchildren();
	igt_info("after %u ms\n", (unsigned int)(pgem_now_ms() - start));
	if (stop)
		igt_stop_helper(&client);
	close(dmabuf);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
}

static void client_killed(int fd)
{
	hang(fd, false, 300, PGEM_FENCE_MS - 1000);
}

static void client_stopped(int fd)
{
	hang(fd, true, PGEM_FENCE_MS, LIMIT_MS);
}

static const struct pgem_test tests[] = {
	{ "client-killed", client_killed, "A client that is killed is waited for no longer." },
	{ "client-stopped", client_stopped, "A client that is stopped is waited for 10 s." },
};

void pgem_wait_hang_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
