// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_inject: fences
 *
 * Attaching, signalling and waiting, with each allocation or copy failing once. The
 * client has a file of its own, the object is another file's, too. Whatever happened,
 * nobody has to wait for the client when its file is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_inject.h"
#include "pgem_lib.h"
#include "pgem_nth.h"
#include "pgem_sync.h"

#define WRITE	DRM_PGEM_FENCE_WRITE
#define LEFT	3

/* What the operations work on */
static struct {
	int fd;			/* the subtest's file */
	int other;		/* the client's */
	int dmabuf;
	int sync_files[LEFT];
	uint32_t handle;	/* on fd */
	uint32_t there;		/* on other */
	uint32_t fence;
	int refs;
} s;

static struct drm_pgem_fence_attach attach, attach_before;
static struct drm_pgem_fence_signal signal_arg, signal_before;

static void each(int fd, const struct pgem_nth *op)
{
	s.fd = fd;
	s.refs = pgem_refcount();
	pgem_nth_each(op);
}

static void prepare(void)
{
	s.other = pgem_open(PGEM_RENDER, O_RDWR);
	s.handle = pgem_create(s.fd, PG);
	s.dmabuf = pgem_export(s.fd, s.handle);
	s.there = pgem_import(s.other, s.dmabuf);
}

static void finish(void)
{
	close(s.other);
	igt_assert(!pgem_busy(s.fd, s.handle, DRM_PGEM_WAIT_WRITE));
	close(s.dmabuf);
	pgem_close(s.fd, s.handle);
	igt_assert_eq(pgem_objects(), 0);
	igt_assert_eq(pgem_refcount(), s.refs);
}

static void prepare_attach(void)
{
	prepare();
	attach_before = (struct drm_pgem_fence_attach){ .handle = s.there, .flags = WRITE };
	attach = attach_before;
}

static int run_attach(void)
{
	return pgem_ioctl(s.other, DRM_IOCTL_PGEM_FENCE_ATTACH, &attach);
}

/*
 * Without memory there is no fence. EFAULT may also come last, when the number of a
 * fence that is there cannot be told; such a one is the file's to signal.
 */
static void check_attach(int ret)
{
	if (ret)
		igt_assert(!memcmp(&attach, &attach_before, sizeof(attach)));
	else
		pgem_fence_signal(s.other, attach.out_fence);
	if (ret != -EFAULT) {
		igt_assert(!pgem_busy(s.fd, s.handle, DRM_PGEM_WAIT_WRITE));
		pgem_fence_signal(s.other, pgem_fence_attach(s.other, s.there, WRITE));
	}
	finish();
}

static void fence_attach(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_attach, .run = run_attach, .check = check_attach,
		.errors = { ENOMEM, EFAULT }, .refusals = 3 });
}

static void prepare_signal(void)
{
	prepare();
	s.fence = pgem_fence_attach(s.other, s.there, WRITE);
	signal_before = (struct drm_pgem_fence_signal){ .fence = s.fence };
	signal_arg = signal_before;
}

static int run_signal(void)
{
	return pgem_ioctl(s.other, DRM_IOCTL_PGEM_FENCE_SIGNAL, &signal_arg);
}

/* Told that it did not work, the client tries again. */
static void check_signal(int ret)
{
	igt_assert(!memcmp(&signal_arg, &signal_before, sizeof(signal_arg)));
	igt_assert_eq(pgem_busy(s.fd, s.handle, 0), !!ret);
	igt_assert_eq(__pgem_fence_signal(s.other, s.fence), ret ? 0 : -ENOENT);
	finish();
}

static void fence_signal(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_signal, .run = run_signal, .check = check_signal,
		.errors = { EFAULT }, .refusals = 1 });
}

/* A reader, which other readers do not wait for */
static void prepare_wait(void)
{
	prepare();
	s.fence = pgem_fence_attach(s.other, s.there, 0);
}

static int run_wait(void)
{
	return __pgem_wait(s.other, s.there, 0, INT64_MAX);
}

static void check_wait(int ret)
{
	(void)ret;
	igt_assert_eq(__pgem_wait(s.other, s.there, DRM_PGEM_WAIT_WRITE, 0), -ETIME);
	pgem_fence_signal(s.other, s.fence);
	igt_assert_eq(__pgem_wait(s.other, s.there, DRM_PGEM_WAIT_WRITE, 0), 0);
	finish();
}

static void wait(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_wait, .run = run_wait, .check = check_wait,
		.errors = { EFAULT }, .refusals = 1 });
}

static void prepare_close(void)
{
	prepare();
	for (int i = 0; i < LEFT; i++) {
		pgem_fence_attach(s.other, s.there, 0);
		s.sync_files[i] = pgem_export_sync_file(s.dmabuf, DMA_BUF_SYNC_RW);
	}
}

static int run_close(void)
{
	int ret = close(s.other) ? -errno : 0;

	s.other = -1;
	return ret;
}

static void check_close(int ret)
{
	struct sync_fence_info fences[LEFT];

	(void)ret;
	for (unsigned int i = 0; i < LEFT; i++) {
		igt_assert_eq(pgem_sync_fences(s.sync_files[i], fences, LEFT), i + 1);
		igt_assert_eq(fences[i].status, -ECANCELED);
		close(s.sync_files[i]);
	}
	finish();
}

static void close_file(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_close, .run = run_close, .check = check_close,
		.failures = 1 });
}

static int run_export(void)
{
	return __pgem_export_sync_file(s.dmabuf, DMA_BUF_SYNC_RW, &s.sync_files[0]);
}

/* The number that the sync_file will get, to be closed also if it was not told. */
static void prepare_export(void)
{
	prepare_signal();
	s.sync_files[1] = dup(s.other);
	close(s.sync_files[1]);
}

static void check_export(int ret)
{
	if (ret != -ENOMEM)
		close(s.sync_files[1]);
	/* Fences are as they were. */
	s.sync_files[0] = pgem_export_sync_file(s.dmabuf, DMA_BUF_SYNC_RW);
	igt_assert_eq(pgem_sync_status(s.sync_files[0]), 0);
	pgem_fence_signal(s.other, s.fence);
	igt_assert_eq(pgem_sync_status(s.sync_files[0]), 1);
	close(s.sync_files[0]);
	finish();
}

static void export(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_export, .run = run_export, .check = check_export,
		.errors = { ENOMEM, EFAULT }, .refusals = 3 });
}

static const struct pgem_test tests[] = {
	{ "fence-attach", fence_attach, "FENCE_ATTACH leaves its arguments and no fence." },
	{ "fence-signal", fence_signal, "FENCE_SIGNAL can be tried again." },
	{ "wait", wait, "GEM_WAIT." },
	{ "close-fences", close_file, "Closing a file never fails, and signals its fences." },
	{ "export-sync-file", export, "A sync_file of a client's fence." },
};

void pgem_inject_fence_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
