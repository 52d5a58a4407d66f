// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_wait
 *
 * Waiting for an object's fences by GEM_WAIT: for whom, until when, and what wakes. The
 * waits that a dma-buf knows are in pgem_wait_dmabuf.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_sync.h"
#include "pgem_wait.h"

IGT_TEST_DESCRIPTION("Check waiting for the fences of objects.");

#define WRITE	DRM_PGEM_FENCE_WRITE
/* What "at once" may take on a slow machine that has other things to do */
#define SOON_MS	2000

static void bad_flag(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (int bit = 1; bit < 32; bit++) {
		igt_assert_eq(__pgem_wait(fd, handle, 1u << bit, 0), -EINVAL);
		igt_assert_eq(__pgem_wait(fd, handle, 1u << bit | DRM_PGEM_WAIT_WRITE, 0),
			      -EINVAL);
	}
	pgem_close(fd, handle);
}

/* P26 */
static void bad_handle(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	const uint32_t handles[] = { 0, handle, handle + 1, 0x7fffffff, 0x80000000, 0xffffffff };

	pgem_close(fd, handle);
	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		igt_assert_eq(__pgem_wait(fd, handles[i], 0, INT64_MAX), -ENOENT);
}

static void untouched(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	const struct drm_pgem_gem_wait waits[] = {
		{ .handle = handle, .timeout_ns = 5 },
		{ .handle = handle, .flags = 2, .timeout_ns = 5 },
		{ .handle = handle + 1, .timeout_ns = 5 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		struct drm_pgem_gem_wait arg = waits[i];

		igt_assert(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_WAIT, &arg));
		igt_assert(!memcmp(&arg, &waits[i], sizeof(arg)));
	}
	pgem_fence_signal(fd, fence);
	pgem_close(fd, handle);
}

static const int64_t past[] = { 0, 1, -1, -1000000000, INT64_MIN, INT64_MIN + 1 };

static void idle(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (size_t i = 0; i < ARRAY_SIZE(past); i++) {
		igt_assert_eq(__pgem_wait(fd, handle, 0, past[i]), 0);
		igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, past[i]), 0);
	}
	igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, INT64_MAX), 0);
	pgem_close(fd, handle);
}

static void past_end(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	uint64_t start = pgem_now_ms();

	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		igt_assert_eq(__pgem_wait(fd, handle, 0, past[i]), -ETIME);
	igt_assert_eq(__pgem_wait(fd, handle, 0, pgem_until(-100)), -ETIME);
	igt_assert_lt_u64(pgem_now_ms() - start, SOON_MS);
	pgem_fence_signal(fd, fence);
	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		igt_assert_eq(__pgem_wait(fd, handle, 0, past[i]), 0);
	pgem_close(fd, handle);
}

static void writer(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);

	igt_assert_eq(__pgem_wait(fd, handle, 0, 0), -ETIME);
	igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, 0), -ETIME);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, 0), 0);
	pgem_close(fd, handle);
}

static void reader(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, 0);

	igt_assert_eq(__pgem_wait(fd, handle, 0, 0), 0);
	igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, 0), -ETIME);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, 0), 0);
	pgem_close(fd, handle);
}

static void expect_end(int64_t end)
{
	/* The kernel counts in ticks of up to 10 ms, and not less than it is told. */
	igt_assert_lte_u64(end, pgem_until(0));
	igt_assert_lt_u64(pgem_until(0) - end, SOON_MS * 1000000ull);
}

static void ends(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	static const int times[] = { 1, 30, 400 };

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		int64_t end = pgem_until(times[i]);

		igt_assert_eq(__pgem_wait(fd, handle, 0, end), -ETIME);
		expect_end(end);
	}
	pgem_fence_signal(fd, fence);
	pgem_close(fd, handle);
}

/* A thread that signals after a while; it must not assert. */
struct later {
	pthread_t thread;
	int fd, ret;
	uint32_t fences[3];
};

static void *signal_later(void *arg)
{
	struct later *later = arg;

	for (size_t i = 0; i < ARRAY_SIZE(later->fences); i++) {
		usleep(100000);
		if (later->fences[i])
			later->ret |= __pgem_fence_signal(later->fd, later->fences[i]);
	}
	return NULL;
}

static void start(struct later *later)
{
	igt_assert_eq(pthread_create(&later->thread, NULL, signal_later, later), 0);
}

static void finish(struct later *later)
{
	igt_assert_eq(pthread_join(later->thread, NULL), 0);
	igt_assert_eq(later->ret, 0);
}

static void forever(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	struct later later = { .fd = fd };

	later.fences[2] = pgem_fence_attach(fd, handle, WRITE);
	start(&later);
	igt_assert_eq(__pgem_wait(fd, handle, 0, INT64_MAX), 0);
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	finish(&later);
	pgem_close(fd, handle);
}

static void several(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	struct later later = { .fd = fd };
	uint64_t since = pgem_now_ms();

	for (size_t i = 0; i < ARRAY_SIZE(later.fences); i++)
		later.fences[i] = pgem_fence_attach(fd, handle, 0);
	start(&later);
	igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, pgem_until(8000)), 0);
	igt_assert_lte_u64(300, pgem_now_ms() - since);
	finish(&later);
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	pgem_close(fd, handle);
}

/* Two files, two processes, and a fence of either */
static void other_process(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	uint32_t handle = pgem_create(fd, PG), there, fence;

	dmabuf = pgem_export(fd, handle);
	there = pgem_import(own, dmabuf);
	fence = pgem_fence_attach(own, there, WRITE);
	igt_fork(child, 4)
		igt_assert_eq(__pgem_wait(fd, handle, 0, pgem_until(8000)), 0);
	igt_fork(child, 1) {
		usleep(300000);
		pgem_fence_signal(own, fence);
	}
	igt_waitchildren();
	close(dmabuf);
	close(own);
	pgem_close(fd, handle);
}

static void handle_closed(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);

	igt_fork(child, 2)
		igt_assert_eq(__pgem_wait(fd, handle, 0, pgem_until(8000)), 0);
	usleep(200000);
	pgem_close(fd, handle);
	usleep(100000);
	pgem_fence_signal(fd, fence);
	igt_waitchildren();
	igt_assert_eq(pgem_objects(), 0);
}

static volatile sig_atomic_t ticks;

static void on_tick(int sig)
{
	(void)sig;
	ticks++;
}

/* One wait, interrupted every 50 ms. SIGALRM is libigt's. */
static int wait_interrupted(int fd, uint32_t handle, int64_t end, int flags)
{
	struct drm_pgem_gem_wait arg = { .handle = handle, .timeout_ns = end };
	const struct itimerspec every = { { 0, 50000000 }, { 0, 50000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct sigaction action = { .sa_handler = on_tick, .sa_flags = flags }, old;
	timer_t timer;
	int ret;

	ticks = 0;
	igt_assert_eq(sigaction(SIGUSR1, &action, &old), 0);
	igt_assert_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	igt_assert_eq(timer_settime(timer, 0, &every, NULL), 0);
	ret = ioctl(fd, DRM_IOCTL_PGEM_GEM_WAIT, &arg) ? -errno : 0;
	igt_assert_eq(timer_delete(timer), 0);
	igt_assert_eq(sigaction(SIGUSR1, &old, NULL), 0);
	return ret;
}

static void restarted(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	int64_t end = pgem_until(600);

	igt_assert_eq(wait_interrupted(fd, handle, end, SA_RESTART), -ETIME);
	igt_assert_lt(3, ticks);
	expect_end(end);
	pgem_fence_signal(fd, fence);
	pgem_close(fd, handle);
}

static void interrupted(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	int64_t end = pgem_until(8000);

	igt_assert_eq(wait_interrupted(fd, handle, end, 0), -EINTR);
	igt_assert_lt(0, ticks);
	igt_assert_lt_u64(pgem_until(0), end);
	igt_assert(pgem_busy(fd, handle, 0));
	pgem_fence_signal(fd, fence);
	pgem_close(fd, handle);
}

#define TIMENS_OFFSETS	"/proc/self/timens_offsets"
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x80
#endif

/* Puts the caller into a time namespace of its own, at once and not with its next child. */
static void enter_time_namespace(int64_t offset_s)
{
	char text[64];
	int ns;

	snprintf(text, sizeof(text), "monotonic %" PRId64 " 0", offset_s);
	igt_assert_eq(unshare(CLONE_NEWTIME), 0);
	pgem_write_file(TIMENS_OFFSETS, text);
	ns = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	igt_assert(ns >= 0);
	igt_assert_eq(setns(ns, CLONE_NEWTIME), 0);
	close(ns);
}

/* The deadline is the caller's. DRM's own SYNCOBJ_WAIT takes it for the host's. */
static void wait_in_namespace(int fd, int64_t offset_s)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	int64_t outside = pgem_until(0), end;
	struct later later = { .fd = fd };

	enter_time_namespace(offset_s);
	igt_assert_lte_u64(llabs(pgem_until(0) - outside - offset_s * 1000000000),
			   SOON_MS * 1000000ull);
	for (int ms = 1; ms <= 400; ms += 133) {
		end = pgem_until(ms);
		igt_assert_eq(__pgem_wait(fd, handle, 0, end), -ETIME);
		expect_end(end);
	}
	end = pgem_until(0);
	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		igt_assert_eq(__pgem_wait(fd, handle, 0, past[i]), -ETIME);
	/* Times that have not passed yet if taken for the other side's */
	igt_assert_eq(__pgem_wait(fd, handle, 0, end - 1000000), -ETIME);
	igt_assert_eq(__pgem_wait(fd, handle, 0, end / 2), -ETIME);
	expect_end(end);
	/* With an offset below zero the latest time there is has no equal outside. */
	later.fences[2] = fence;
	start(&later);
	igt_assert_eq(__pgem_wait(fd, handle, 0, INT64_MAX), 0);
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	finish(&later);
}

static void time_namespace(int fd)
{
	/* The clock in it must not be below zero. */
	int64_t back = pgem_until(0) / 1000000000 / 2;
	const int64_t offsets[] = { 1000, -back, 100ll * 365 * 86400, 0 };

	igt_require_f(!access(TIMENS_OFFSETS, F_OK), "the kernel has no time namespaces\n");
	for (volatile size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		igt_fork(child, 1)
			wait_in_namespace(fd, offsets[i]);
		igt_waitchildren();
	}
}

static const struct pgem_test tests[] = {
	{ "bad-flag", bad_flag, "Unknown flags are refused." },
	{ "bad-handle", bad_handle, "A handle that is none is unknown, at once." },
	{ "untouched", untouched, "A failed call leaves its arguments alone." },
	{ "idle", idle, "Without a fence there is no wait, whatever the time." },
	{ "past-end", past_end, "A time that has passed asks without waiting." },
	{ "writer", writer, "A writer is waited for by readers and writers." },
	{ "reader", reader, "A reader is waited for by writers alone." },
	{ "ends", ends, "A wait ends at its time, not earlier and not much later." },
	{ "forever", forever, "The latest time there is can be waited for; a thread wakes." },
	{ "several", several, "Several readers are waited for to the last one." },
	{ "other-process", other_process, "Fences of other files and processes count." },
	{ "handle-closed", handle_closed, "A wait survives the handle." },
	{ "restarted", restarted, "Interrupted and restarted, a wait keeps its end." },
	{ "time-namespace", time_namespace, "The time is that of the caller's clock." },
	{ "interrupted", interrupted, "Interrupted without SA_RESTART, it says so." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_wait_dmabuf_subtests();
	pgem_wait_hang_subtests();
}
