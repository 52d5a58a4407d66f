// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_fence: what outlives what
 *
 * A fence needs neither the handle nor the object, but somebody to signal it: the file.
 * When that is closed, the fence is signalled, and from then on needs nothing of
 * pgem: who holds it can use it when the module is gone (P25), in a sync_file, in a
 * syncobj, or in the reservation of an object that is another driver's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>

#include "igt.h"
#include "pgem_fence.h"
#include "pgem_lib.h"
#include "pgem_sync.h"

#define WRITE		DRM_PGEM_FENCE_WRITE
#define ALL		DMA_BUF_SYNC_RW
#define BUFINFO		"/sys/kernel/debug/dma_buf/bufinfo"
#define RELOADS		5

static void handle_closed(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	int dmabuf = pgem_export(fd, handle);

	pgem_close(fd, handle);
	igt_assert(!pgem_poll(dmabuf, POLLIN, 0));
	pgem_fence_signal(fd, fence);
	igt_assert(pgem_poll(dmabuf, POLLIN, 0));
	close(dmabuf);
	igt_assert_eq(pgem_objects(), 0);
}

static void object_gone(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);

	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
	pgem_fence_signal(fd, fence);
}

/* Three readers on an object of @fd's, by the file @own */
static int attach_three(int fd, uint32_t handle, int own, int *sync_files)
{
	int dmabuf = pgem_export(fd, handle);
	uint32_t there = pgem_import(own, dmabuf);

	for (int i = 0; i < 3; i++) {
		pgem_fence_attach(own, there, 0);
		sync_files[i] = pgem_export_sync_file(dmabuf, ALL);
	}
	close(dmabuf);
	return own;
}

/* Asked for one by one: the kernel loses errors in the state of several at once. */
static void expect_cancelled(int *sync_files)
{
	struct sync_fence_info fences[3];

	for (unsigned int i = 0; i < 3; i++) {
		igt_assert_eq(pgem_sync_fences(sync_files[i], fences, 3), i + 1);
		for (unsigned int j = 0; j <= i; j++)
			igt_assert_eq(fences[j].status, -ECANCELED);
		close(sync_files[i]);
	}
}

static void file_closed(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	int sync_files[3];

	fd = attach_three(fd, handle, pgem_open(PGEM_RENDER, O_RDWR), sync_files);
	for (int i = 0; i < 3; i++)
		igt_assert_eq(pgem_sync_status(sync_files[i]), 0);
	close(fd);
	expect_cancelled(sync_files);
}

/* The file is closed with its last descriptor, in whatever process that is. */
static void child_closes(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);

	igt_fork(child, 2)
		close(fd);
	igt_waitchildren();
	igt_assert(pgem_busy(fd, handle, 0));
	igt_fork(child, 1)
		pgem_fence_signal(fd, fence);
	igt_waitchildren();
	igt_assert(!pgem_busy(fd, handle, 0));
	igt_assert_eq(__pgem_fence_signal(fd, fence), -ENOENT);
	pgem_close(fd, handle);
}

static void child_killed(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	int own = pgem_open(PGEM_RENDER, O_RDWR), sync_files[3];
	struct igt_helper_process child = { .use_SIGKILL = true };

	attach_three(fd, handle, own, sync_files);
	igt_fork_helper(&child)
		pause();
	close(own);
	/* The child's, now. */
	igt_assert(pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	igt_stop_helper(&child);
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	expect_cancelled(sync_files);
	pgem_close(fd, handle);
}

/* No client can signal then; closing does. */
static void unbound(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	int own = dup(fd), sync_file = pgem_fence_sync_file(fd, handle, ALL);

	pgem_unbind();
	igt_assert_eq(__pgem_fence_signal(fd, fence), -ENODEV);
	igt_assert_eq(__pgem_fence_attach(fd, handle, 0, &fence), -ENODEV);
	igt_assert_eq(__pgem_wait(fd, handle, 0, 0), -ENODEV);
	igt_assert_eq(pgem_sync_status(sync_file), 0);
	pgem_end();
	igt_assert_eq(pgem_sync_status(sync_file), 0);
	close(own);
	igt_assert_eq(pgem_sync_status(sync_file), -ECANCELED);
	close(sync_file);
	pgem_bind();
}

static void unload(void)
{
	igt_assert_eq(pgem_refcount(), 0);
	igt_assert_eq(__pgem_unload(), 0);
	igt_assert(access(PGEM_MODULE_DIR, F_OK));
}

/* Everything that can be done with a sync_file; closes it. */
static void use_sync_file(int sync_file, int status)
{
	struct sync_fence_info fence = {};
	int merged = pgem_sync_merge(sync_file, sync_file);

	igt_assert(pgem_poll(sync_file, POLLIN, 0));
	igt_assert_eq(pgem_sync_fences(sync_file, &fence, 1), 1);
	igt_assert_eq(fence.status, status);
	igt_assert_lt(0, strlen(fence.driver_name));
	igt_assert_lt(0, strlen(fence.obj_name));
	igt_assert_neq_u64(fence.timestamp_ns, 0);
	igt_assert(pgem_poll(merged, POLLIN, 0));
	close(sync_file);
	close(merged);
}

/* A fence of a file that is closed, and one that was signalled before that */
static void leave_fences(int *cancelled, int *done)
{
	int fd = pgem_open(PGEM_RENDER, O_RDWR);
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);

	*done = pgem_fence_sync_file(fd, handle, ALL);
	pgem_fence_signal(fd, fence);
	pgem_fence_attach(fd, handle, WRITE);
	*cancelled = pgem_fence_sync_file(fd, handle, ALL);
	close(fd);
}

static void module_unloaded(int fd)
{
	int cancelled, done, files[2];

	(void)fd;
	leave_fences(&cancelled, &done);
	files[0] = dup(cancelled);
	files[1] = dup(done);
	unload();
	use_sync_file(cancelled, -ECANCELED);
	use_sync_file(done, 1);
	pgem_load("");
	use_sync_file(files[0], -ECANCELED);
	use_sync_file(files[1], 1);
}

/* Where pgem's code was there is other code, or none. */
static void other_module(int fd)
{
	int cancelled, done;

	(void)fd;
	leave_fences(&cancelled, &done);
	unload();
	igt_assert_eq(igt_kmod_load("vgem", NULL), 0);
	use_sync_file(cancelled, -ECANCELED);
	use_sync_file(done, 1);
	igt_kmod_unload("vgem");
	pgem_load("");
}

static void reloads(int fd)
{
	int cancelled[RELOADS], done[RELOADS];

	(void)fd;
	for (int i = 0; i < RELOADS; i++) {
		leave_fences(&cancelled[i], &done[i]);
		unload();
		pgem_load("");
	}
	for (int i = 0; i < RELOADS; i++) {
		use_sync_file(cancelled[i], -ECANCELED);
		use_sync_file(done[i], 1);
	}
}

/* debugfs describes the fences of every dma-buf, and calls them for that. */
static void foreign_reservation(int fd)
{
	static char text[1 << 20];
	int dmabuf = pgem_udmabuf(1), sync_file;
	uint32_t handle;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	handle = pgem_create(fd, PG);
	pgem_fence_attach(fd, handle, WRITE);
	sync_file = pgem_fence_sync_file(fd, handle, ALL);
	pgem_import_sync_file(dmabuf, ALL, sync_file);
	close(sync_file);
	igt_assert(pgem_read_file(BUFINFO, text, sizeof(text)) > 0);
	igt_assert(!pgem_poll(dmabuf, POLLIN, 0));
	close(fd);
	unload();
	igt_assert(pgem_read_file(BUFINFO, text, sizeof(text)) > 0);
	igt_assert(pgem_poll(dmabuf, POLLIN | POLLOUT, 0));
	sync_file = pgem_export_sync_file(dmabuf, ALL);
	igt_assert_lt(0, pgem_sync_status(sync_file));
	pgem_import_sync_file(dmabuf, ALL, sync_file);
	close(sync_file);
	close(dmabuf);
	pgem_load("");
}

/* The syncobj of a file that is closed holds the fence through its own descriptor. */
static void syncobj(int fd)
{
	uint32_t handle, fence;
	int file, sync_file;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	handle = pgem_create(fd, PG);
	pgem_fence_attach(fd, handle, WRITE);
	sync_file = pgem_fence_sync_file(fd, handle, ALL);
	igt_assert_eq(drmSyncobjCreate(fd, 0, &fence), 0);
	igt_assert_eq(drmSyncobjImportSyncFile(fd, fence, sync_file), 0);
	igt_assert_eq(drmSyncobjHandleToFD(fd, fence, &file), 0);
	close(sync_file);
	close(fd);
	unload();
	pgem_load("");
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	igt_assert_eq(drmSyncobjFDToHandle(fd, file, &fence), 0);
	igt_assert_eq(drmSyncobjWait(fd, &fence, 1, 0, 0, NULL), 0);
	igt_assert_eq(drmSyncobjExportSyncFile(fd, fence, &sync_file), 0);
	use_sync_file(sync_file, -ECANCELED);
	close(file);
	close(fd);
}

static const struct pgem_test tests[] = {
	{ "handle-closed", handle_closed, "A fence outlives the handle it was attached by." },
	{ "object-gone", object_gone, "A fence can be signalled when its object is gone." },
	{ "file-closed", file_closed, "Closing the file signals what is left, with an error." },
	{ "child-closes", child_closes, "A child's end leaves fences, and a child can signal." },
	{ "child-killed", child_killed, "The end of the last process with the file is its end." },
	{ "unbound", unbound, "Without a device, closing the file signals as ever." },
};

static const struct pgem_test module_tests[] = {
	{ "module-unloaded", module_unloaded, "A sync_file works without the module." },
	{ "other-module", other_module, "It works with another module in pgem's place." },
	{ "reloads", reloads, "It works after pgem came and went several times." },
	{ "foreign-reservation", foreign_reservation,
	  "A fence in another driver's object does without the module." },
	{ "syncobj", syncobj, "A fence in a syncobj likewise." },
};

static void cleanup(int sig)
{
	(void)sig;
	if (access(PGEM_MODULE_DIR, F_OK))
		__pgem_load("");
}

void pgem_fence_life_subtests(void)
{
	igt_fixture()
		igt_install_exit_handler(cleanup);
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_run_tests(module_tests, ARRAY_SIZE(module_tests), PGEM_NONE);
}
