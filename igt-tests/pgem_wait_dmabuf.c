// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_wait: dma-bufs
 *
 * What a dma-buf offers to wait by: poll(), sync_files from it and into another one,
 * and DMA_BUF_IOCTL_SYNC. Upstream's dmabuf_sync_file has the like with fences that
 * come from SW_SYNC.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_peer.h"
#include "pgem_sync.h"
#include "pgem_wait.h"

#define WRITE	DRM_PGEM_FENCE_WRITE

/* An object with a dma-buf */
struct shared {
	int fd, dmabuf;
	uint32_t handle;
};

static struct shared share(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	return (struct shared){ fd, pgem_export(fd, handle), handle };
}

static void unshare(struct shared shared)
{
	close(shared.dmabuf);
	pgem_close(shared.fd, shared.handle);
}

static void expect_poll(int dmabuf, bool in, bool out)
{
	igt_assert_eq(pgem_poll(dmabuf, POLLIN, 0), in);
	igt_assert_eq(pgem_poll(dmabuf, POLLOUT, 0), out);
}

static void poll_writer(int fd)
{
	struct shared a = share(fd);
	uint32_t fence;

	expect_poll(a.dmabuf, true, true);
	fence = pgem_fence_attach(fd, a.handle, WRITE);
	expect_poll(a.dmabuf, false, false);
	pgem_fence_signal(fd, fence);
	expect_poll(a.dmabuf, true, true);
	unshare(a);
}

static void poll_reader(int fd)
{
	struct shared a = share(fd);
	uint32_t fences[2];

	fences[0] = pgem_fence_attach(fd, a.handle, 0);
	fences[1] = pgem_fence_attach(fd, a.handle, 0);
	expect_poll(a.dmabuf, true, false);
	pgem_fence_signal(fd, fences[0]);
	expect_poll(a.dmabuf, true, false);
	pgem_fence_signal(fd, fences[1]);
	expect_poll(a.dmabuf, true, true);
	unshare(a);
}

/* A child that signals after a while, by the file that it shares */
static void signal_later(int fd, uint32_t fence)
{
	igt_fork(child, 1) {
		usleep(300000);
		pgem_fence_signal(fd, fence);
	}
}

static void poll_wakes(int fd)
{
	static const short events[] = { POLLIN, POLLOUT };
	struct shared a = share(fd);

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		signal_later(fd, pgem_fence_attach(fd, a.handle, events[i] == POLLIN ? WRITE : 0));
		igt_assert(pgem_poll(a.dmabuf, events[i], 8000));
		igt_waitchildren();
	}
	unshare(a);
}

static void export_bad_flags(int fd)
{
	struct shared a = share(fd);
	int sync_file;

	igt_assert_eq(__pgem_export_sync_file(a.dmabuf, 0, &sync_file), -EINVAL);
	for (int bit = 2; bit < 32; bit++)
		igt_assert_eq(__pgem_export_sync_file(a.dmabuf, DMA_BUF_SYNC_RW | 1u << bit,
						      &sync_file), -EINVAL);
	unshare(a);
}

/* The state of a new sync_file */
static int export_status(int dmabuf, uint32_t flags)
{
	int sync_file = pgem_export_sync_file(dmabuf, flags);
	int status = pgem_sync_status(sync_file);

	close(sync_file);
	return status;
}

static void export_idle(int fd)
{
	struct shared a = share(fd);

	for (uint32_t flags = DMA_BUF_SYNC_READ; flags <= DMA_BUF_SYNC_RW; flags++)
		igt_assert_eq(export_status(a.dmabuf, flags), 1);
	unshare(a);
}

static void export_reader(int fd)
{
	struct shared a = share(fd);
	uint32_t fence = pgem_fence_attach(fd, a.handle, 0);

	igt_assert_eq(export_status(a.dmabuf, DMA_BUF_SYNC_READ), 1);
	igt_assert_eq(export_status(a.dmabuf, DMA_BUF_SYNC_WRITE), 0);
	igt_assert_eq(export_status(a.dmabuf, DMA_BUF_SYNC_RW), 0);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(export_status(a.dmabuf, DMA_BUF_SYNC_RW), 1);
	unshare(a);
}

static void export_writer(int fd)
{
	struct shared a = share(fd);
	uint32_t fence = pgem_fence_attach(fd, a.handle, WRITE);

	for (uint32_t flags = DMA_BUF_SYNC_READ; flags <= DMA_BUF_SYNC_RW; flags++)
		igt_assert_eq(export_status(a.dmabuf, flags), 0);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(export_status(a.dmabuf, DMA_BUF_SYNC_RW), 1);
	unshare(a);
}

static void export_snapshot(int fd)
{
	struct shared a = share(fd);
	uint32_t first = pgem_fence_attach(fd, a.handle, 0), second;
	int before = pgem_export_sync_file(a.dmabuf, DMA_BUF_SYNC_RW), after;

	second = pgem_fence_attach(fd, a.handle, 0);
	after = pgem_export_sync_file(a.dmabuf, DMA_BUF_SYNC_RW);
	igt_assert_eq(pgem_sync_count(before), 1);
	igt_assert_eq(pgem_sync_count(after), 2);
	pgem_fence_signal(fd, first);
	igt_assert(pgem_poll(before, POLLIN, 0));
	igt_assert(!pgem_poll(after, POLLIN, 0));
	pgem_fence_signal(fd, second);
	igt_assert(pgem_poll(after, POLLIN, 1000));
	close(before);
	close(after);
	unshare(a);
}

static void merge(int fd)
{
	struct shared a = share(fd), b = share(fd);
	uint32_t first = pgem_fence_attach(fd, a.handle, 0);
	uint32_t second = pgem_fence_attach(fd, b.handle, WRITE);
	int files[2] = { pgem_export_sync_file(a.dmabuf, DMA_BUF_SYNC_RW),
			 pgem_export_sync_file(b.dmabuf, DMA_BUF_SYNC_RW) };
	int merged = pgem_sync_merge(files[0], files[1]);

	igt_assert_eq(pgem_sync_count(merged), 2);
	pgem_fence_signal(fd, first);
	igt_assert(!pgem_poll(merged, POLLIN, 0));
	signal_later(fd, second);
	igt_assert(pgem_poll(merged, POLLIN, 8000));
	igt_waitchildren();
	close(merged);
	close(files[0]);
	close(files[1]);
	unshare(a);
	unshare(b);
}

/* A fence of one object, put into another one, which has to wait for it then */
static void import(int fd, uint32_t flags, int read_error)
{
	struct shared a = share(fd), b = share(fd);
	uint32_t fence = pgem_fence_attach(fd, a.handle, WRITE), other;
	int sync_file = pgem_export_sync_file(a.dmabuf, DMA_BUF_SYNC_RW), ret;

	pgem_import_sync_file(b.dmabuf, flags, sync_file);
	close(sync_file);
	expect_poll(b.dmabuf, !read_error, false);
	igt_assert_eq(__pgem_wait(fd, b.handle, 0, 0), read_error ? -ETIME : 0);
	igt_assert_eq(__pgem_wait(fd, b.handle, DRM_PGEM_WAIT_WRITE, 0), -ETIME);
	igt_assert_eq(__pgem_fence_attach(fd, b.handle, WRITE, &other), -EBUSY);
	ret = __pgem_fence_attach(fd, b.handle, 0, &other);
	igt_assert_eq(ret, read_error);
	if (!ret)
		pgem_fence_signal(fd, other);
	pgem_fence_signal(fd, fence);
	expect_poll(b.dmabuf, true, true);
	pgem_fence_signal(fd, pgem_fence_attach(fd, b.handle, WRITE));
	unshare(a);
	unshare(b);
}

static void import_reader(int fd)
{
	import(fd, DMA_BUF_SYNC_READ, 0);
}

static void import_writer(int fd)
{
	import(fd, DMA_BUF_SYNC_WRITE, -EBUSY);
}

static void import_bad(int fd)
{
	struct shared a = share(fd);
	int sync_file = pgem_export_sync_file(a.dmabuf, DMA_BUF_SYNC_RW);

	igt_assert_eq(__pgem_import_sync_file(a.dmabuf, DMA_BUF_SYNC_RW, -1), -EINVAL);
	igt_assert_eq(__pgem_import_sync_file(a.dmabuf, DMA_BUF_SYNC_RW, fd), -EINVAL);
	igt_assert_eq(__pgem_import_sync_file(a.dmabuf, DMA_BUF_SYNC_RW, a.dmabuf), -EINVAL);
	igt_assert_eq(__pgem_import_sync_file(a.dmabuf, 0, sync_file), -EINVAL);
	igt_assert_eq(__pgem_import_sync_file(a.dmabuf, 4 | DMA_BUF_SYNC_RW, sync_file), -EINVAL);
	igt_assert(!pgem_busy(fd, a.handle, DRM_PGEM_WAIT_WRITE));
	close(sync_file);
	unshare(a);
}

/* The fence's file goes while the fence is in an object of another one. */
static void import_cancelled(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), sync_file;
	struct shared a = share(own), b = share(fd);

	pgem_fence_attach(own, a.handle, WRITE);
	sync_file = pgem_export_sync_file(a.dmabuf, DMA_BUF_SYNC_RW);
	pgem_import_sync_file(b.dmabuf, DMA_BUF_SYNC_RW, sync_file);
	close(sync_file);
	close(a.dmabuf);
	igt_assert(pgem_busy(fd, b.handle, 0));
	close(own);
	igt_assert(!pgem_busy(fd, b.handle, DRM_PGEM_WAIT_WRITE));
	unshare(b);
}

/* Nothing to hurry; to be told is no harm. */
static void deadline(int fd)
{
	struct shared a = share(fd);
	uint32_t fence = pgem_fence_attach(fd, a.handle, WRITE);
	int sync_file = pgem_export_sync_file(a.dmabuf, DMA_BUF_SYNC_RW);
	struct sync_set_deadline arg = { .deadline_ns = pgem_until(10) };

	igt_assert_eq(pgem_ioctl(sync_file, SYNC_IOC_SET_DEADLINE, &arg), 0);
	igt_assert_eq(pgem_sync_status(sync_file), 0);
	pgem_fence_signal(fd, fence);
	close(sync_file);
	unshare(a);
}

/* How long it takes to begin access by the CPU while there is a fence for 300 ms */
static uint64_t begin_access(int fd, uint32_t fence_flags, uint64_t sync_flags)
{
	struct shared a = share(fd);
	struct dma_buf_sync arg = { .flags = DMA_BUF_SYNC_START | sync_flags };
	uint64_t start = pgem_now_ms(), ms;

	signal_later(fd, pgem_fence_attach(fd, a.handle, fence_flags));
	igt_assert_eq(pgem_ioctl(a.dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
	ms = pgem_now_ms() - start;
	/* The end waits for nobody. */
	arg.flags = DMA_BUF_SYNC_END | sync_flags;
	igt_assert_eq(pgem_ioctl(a.dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
	igt_waitchildren();
	unshare(a);
	return ms;
}

static void sync_writer(int fd)
{
	igt_assert_lte_u64(300, begin_access(fd, WRITE, DMA_BUF_SYNC_READ));
	igt_assert_lte_u64(300, begin_access(fd, WRITE, DMA_BUF_SYNC_WRITE));
}

static void sync_reader(int fd)
{
	struct shared a = share(fd);
	struct dma_buf_sync arg = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ };
	uint32_t fence = pgem_fence_attach(fd, a.handle, 0);

	igt_assert_eq(pgem_ioctl(a.dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
	/* Nobody has waited for the fence, or this would be told that it timed out. */
	pgem_fence_signal(fd, fence);
	unshare(a);
	igt_assert_lte_u64(300, begin_access(fd, 0, DMA_BUF_SYNC_WRITE));
}

static volatile sig_atomic_t ticks;

static void on_tick(int sig)
{
	(void)sig;
	ticks++;
}

/*
 * While vgem has all pages of the object brought in, again and again, under the lock that
 * access by the CPU wants. Several do so, or the lock would be spun for and not slept for.
 * The timer's signal asks for a restart; SIGALRM is libigt's.
 */
static void sync_restart(int fd)
{
	const struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART };
	const struct itimerspec every = { { 0, 1000000 }, { 0, 1000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct shared a = { .fd = fd, .handle = pgem_create(fd, 4096 * PG) };
	struct dma_buf_sync arg = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	struct igt_helper_process importers[3] = {};
	int failed = 0, error = 0;
	timer_t timer;
	uint64_t end;

	a.dmabuf = pgem_export(fd, a.handle);
	pgem_peer_load(pgem_peer("vgem"));
	for (size_t i = 0; i < ARRAY_SIZE(importers); i++) {
		importers[i].use_SIGKILL = true;
		igt_fork_helper(&importers[i]) {
			int vgem = pgem_peer_open(pgem_peer("vgem"));

			for (;;)
				pgem_close(vgem, pgem_import(vgem, a.dmabuf));
		}
	}
	igt_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
	igt_assert_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	igt_assert_eq(timer_settime(timer, 0, &every, NULL), 0);
	for (end = pgem_now_ms() + 4000; pgem_now_ms() < end; arg.flags ^= DMA_BUF_SYNC_END) {
		if (!ioctl(a.dmabuf, DMA_BUF_IOCTL_SYNC, &arg))
			continue;
		error = errno;
		failed++;
	}
	igt_assert_eq(timer_delete(timer), 0);
	for (size_t i = 0; i < ARRAY_SIZE(importers); i++)
		igt_stop_helper(&importers[i]);
	igt_assert_lt(100, ticks);
	igt_assert_f(!failed, "%d calls failed, the last with %s\n", failed, strerror(error));
	unshare(a);
}

static const struct pgem_test tests[] = {
	{ "poll-writer", poll_writer, "A dma-buf that is written polls as neither." },
	{ "poll-reader", poll_reader, "A dma-buf that is read polls as readable." },
	{ "poll-wakes", poll_wakes, "The end of the fence wakes who polls the dma-buf." },
	{ "export-bad-flags", export_bad_flags, "A sync_file is for reading, writing or both." },
	{ "export-idle", export_idle, "Without fences, a sync_file is signalled." },
	{ "export-reader", export_reader, "A reader is in the sync_file of who will write." },
	{ "export-writer", export_writer, "A writer is in every sync_file." },
	{ "export-snapshot", export_snapshot, "A sync_file has the fences of its moment." },
	{ "merge", merge, "Merged sync_files wait for the fences of two objects." },
	{ "import-reader", import_reader, "A sync_file put into an object to read is a reader." },
	{ "import-writer", import_writer, "One put in to write is a writer." },
	{ "import-bad", import_bad, "What is no sync_file cannot be put in." },
	{ "import-cancelled", import_cancelled, "Who put it in can close his file." },
	{ "deadline", deadline, "A fence can be given a deadline." },
	{ "sync-writer", sync_writer, "The CPU waits for a writer." },
	{ "sync-restart", sync_restart, "Access by the CPU is begun again after a signal." },
	{ "sync-reader", sync_reader, "The CPU waits for a reader if it writes." },
};

void pgem_wait_dmabuf_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
