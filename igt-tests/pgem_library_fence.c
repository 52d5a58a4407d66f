// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_library: fences, waiting, sync_files
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_library.h"

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static uint32_t attach(const struct pgem_bo *bo, uint32_t flags)
{
	uint32_t fence = 0;

	igt_assert_eq(pgem_fence_attach(bo, flags, &fence), 0);
	igt_assert_neq_u32(fence, 0);
	return fence;
}

static void fence(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);
	uint32_t number = attach(&bo, DRM_PGEM_FENCE_WRITE), other;

	memset(&other, PGEM_LIBRARY_UNTOUCHED, sizeof(other));
	igt_assert_eq(pgem_fence_attach(&bo, 0, &other), -EBUSY);
	igt_assert_eq(pgem_fence_attach(&bo, 1u << 31, &other), -EINVAL);
	pgem_library_expect_untouched(&other, sizeof(other));
	igt_assert_eq(pgem_fence_signal(fd, number), 0);
	igt_assert_eq(pgem_fence_signal(fd, number), -ENOENT);
	pgem_bo_close(&bo);
}

/* A fence outlives its buffer's handle. */
static void fence_after_close(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);
	uint32_t number = attach(&bo, 0);

	pgem_bo_close(&bo);
	igt_assert_eq(pgem_fence_signal(fd, number), 0);
}

static void wait_for_readers(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);
	uint32_t number = attach(&bo, 0);

	igt_assert_eq(pgem_bo_wait(&bo, 0, 0), 0);
	igt_assert_eq(pgem_bo_wait(&bo, DRM_PGEM_WAIT_WRITE, 0), -ETIME);
	igt_assert_eq(pgem_fence_signal(fd, number), 0);
	igt_assert_eq(pgem_bo_wait(&bo, DRM_PGEM_WAIT_WRITE, 0), 0);
	igt_assert_eq(pgem_bo_wait(&bo, 1u << 31, 0), -EINVAL);
	pgem_bo_close(&bo);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* The time is one on the clock, so that a wait that begins anew does not take longer. */
static void wait_through_signals(int fd)
{
	struct sigaction action = { .sa_handler = count_alarm }, before;
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = {};
	struct pgem_bo bo = pgem_library_create(fd);
	uint32_t number = attach(&bo, DRM_PGEM_FENCE_WRITE);
	int64_t until = now_ns() + 300 * INT64_C(1000000);

	alarms = 0;
	igt_assert_eq(sigaction(SIGALRM, &action, &before), 0);
	igt_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	igt_assert_eq(pgem_bo_wait(&bo, 0, until), -ETIME);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	igt_assert(now_ns() >= until);
	igt_assert_lt(1, alarms);
	igt_assert_eq(pgem_fence_signal(fd, number), 0);
	pgem_bo_close(&bo);
}

static bool signalled(int sync_file)
{
	struct pollfd wait = { .fd = sync_file, .events = POLLIN };

	return poll(&wait, 1, 0) == 1;
}

static void sync_file_export(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);
	int dmabuf = pgem_library_export(&bo), drawn, none;
	uint32_t number;

	none = pgem_sync_file_export(dmabuf, DMA_BUF_SYNC_WRITE);
	number = attach(&bo, DRM_PGEM_FENCE_WRITE);
	drawn = pgem_sync_file_export(dmabuf, DMA_BUF_SYNC_READ);
	igt_assert(none >= 0 && drawn >= 0);
	igt_assert(fcntl(drawn, F_GETFD) & FD_CLOEXEC);
	igt_assert(signalled(none));
	igt_assert(!signalled(drawn));
	igt_assert_eq(pgem_fence_signal(fd, number), 0);
	igt_assert(signalled(drawn));
	close(none);
	close(drawn);
	close(dmabuf);
	pgem_bo_close(&bo);
}

static void sync_file_import(int fd)
{
	struct pgem_bo from = pgem_library_create(fd), to = pgem_library_create(fd);
	int from_dmabuf = pgem_library_export(&from), to_dmabuf = pgem_library_export(&to), drawn;
	uint32_t number = attach(&from, DRM_PGEM_FENCE_WRITE);

	drawn = pgem_sync_file_export(from_dmabuf, DMA_BUF_SYNC_READ);
	igt_assert(drawn >= 0);
	igt_assert_eq(pgem_bo_wait(&to, DRM_PGEM_WAIT_WRITE, 0), 0);
	igt_assert_eq(pgem_sync_file_import(to_dmabuf, DMA_BUF_SYNC_WRITE, drawn), 0);
	close(drawn);
	igt_assert_eq(pgem_bo_wait(&to, 0, 0), -ETIME);
	igt_assert_eq(pgem_fence_signal(fd, number), 0);
	igt_assert_eq(pgem_bo_wait(&to, DRM_PGEM_WAIT_WRITE, 0), 0);
	close(from_dmabuf);
	close(to_dmabuf);
	pgem_bo_close(&from);
	pgem_bo_close(&to);
}

static void sync_file_bad(int fd)
{
	int memory = memfd_create("none", MFD_CLOEXEC), dmabuf;
	struct pgem_bo bo = pgem_library_create(fd);

	dmabuf = pgem_library_export(&bo);
	igt_assert_eq(pgem_sync_file_export(dmabuf, 0), -EINVAL);
	igt_assert_eq(pgem_sync_file_export(memory, DMA_BUF_SYNC_READ), -ENOTTY);
	igt_assert_eq(pgem_sync_file_export(-1, DMA_BUF_SYNC_READ), -EBADF);
	igt_assert_eq(pgem_sync_file_import(dmabuf, 0, dmabuf), -EINVAL);
	igt_assert_eq(pgem_sync_file_import(dmabuf, DMA_BUF_SYNC_READ, memory), -EINVAL);
	igt_assert_eq(pgem_sync_file_import(memory, DMA_BUF_SYNC_READ, dmabuf), -ENOTTY);
	close(memory);
	close(dmabuf);
	pgem_bo_close(&bo);
}

static const struct pgem_library_test tests[] = {
	{ "fence", fence, "A fence keeps others off, and is signalled once." },
	{ "fence-after-close", fence_after_close, "It can be signalled without the buffer." },
	{ "wait-for-readers", wait_for_readers, "Who writes waits for readers, who reads not." },
	{ "wait-through-signals", wait_through_signals, "Signals end no wait, nor prolong it." },
	{ "sync-file-export", sync_file_export, "A sync_file follows the fences there were." },
	{ "sync-file-import", sync_file_import, "A buffer gets another's fence." },
	{ "sync-file-bad", sync_file_bad, "Flags and files that do not fit are refused." },
};

void pgem_library_fence_subtests(void)
{
	pgem_library_run(tests, ARRAY_SIZE(tests));
}
