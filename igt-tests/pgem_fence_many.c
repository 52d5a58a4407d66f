// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_fence_race: many fences
 *
 * Thousands of fences: run out while they are signalled, alive at once, or one after
 * the other. Memory is to be as before: fences signalled cost nothing, also while
 * their file stays open.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_fence_many.h"
#include "pgem_lib.h"
#include "pgem_sync.h"

#define WRITE	DRM_PGEM_FENCE_WRITE

/* Fences that run out, and threads that signal them while they do */
#define LATE	2400
#define THREADS	3
#define SHARE	(LATE / THREADS)
/*
 * Timers of 10 s end in batches, 256 ms apart at 250 Hz and 640 ms at 100 Hz. All that
 * are attached by a fast machine can be in one: waves make sure that there are more.
 */
#define WAVES	3
#define WAVE_MS	1000
/* Less than a thread has in a wave, so as to reach into the next, and to wait for it */
#define AT_ONCE	200

struct late {
	int fd;
	struct pollfd files[SHARE];
	uint32_t fences[SHARE];
	int results[SHARE];
};

/* Waits for the first to run out, and signals the next ones; then again. */
static const char *signal_late(void *arg)
{
	struct late *late = arg;
	struct pollfd waiting[SHARE];

	for (size_t i = 0; i < SHARE; i++)
		waiting[i] = late->files[i];
	for (size_t i = 0; i < SHARE; i++) {
		if (i % AT_ONCE == 0 &&
		    poll(waiting + i, SHARE - i, PGEM_FENCE_MS + PGEM_FENCE_SLACK_MS) <= 0)
			return "no fence ran out";
		late->results[i] = __pgem_fence_signal(late->fd, late->fences[i]);
	}
	return NULL;
}

static void allow_files(unsigned int count)
{
	struct rlimit limit;

	igt_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count;
	limit.rlim_max = count > limit.rlim_max ? count : limit.rlim_max;
	igt_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* A sync_file has to say the same as the answer to FENCE_SIGNAL, in its own way. */
static void timeout_signal(int fd)
{
	static struct late lates[THREADS];
	unsigned int done = 0, timed_out = 0;

	allow_files(LATE + 100);
	for (size_t i = 0; i < LATE; i++) {
		struct late *late = &lates[i % THREADS];
		uint32_t handle = pgem_create(fd, PG);

		if (i && i % (LATE / WAVES) == 0)
			usleep(WAVE_MS * 1000);
		late->fd = fd;
		late->fences[i / THREADS] = pgem_fence_attach(fd, handle, WRITE);
		late->files[i / THREADS] = (struct pollfd){
			.fd = pgem_fence_sync_file(fd, handle, DMA_BUF_SYNC_RW),
			.events = POLLIN,
		};
		pgem_close(fd, handle);
	}
	pgem_race(THREADS, signal_late, lates, sizeof(lates[0]));
	for (size_t i = 0; i < LATE; i++) {
		int result = lates[i % THREADS].results[i / THREADS];
		int file = lates[i % THREADS].files[i / THREADS].fd;

		igt_assert(!result || result == -ETIMEDOUT);
		igt_assert_eq(pgem_sync_status(file), result ? -ETIME : 1);
		close(file);
		done += !result;
		timed_out += !!result;
	}
	igt_info("%u signalled, %u timed out\n", done, timed_out);
	igt_assert_lt(0, done);
	igt_assert_lt(0, timed_out);
	igt_assert_eq(pgem_objects(), 0);
}

/*
 * Kernel memory that slabs have, after giving back what they can. A KASAN kernel lets
 * go of freed memory only when told so.
 */
static size_t slabs(void)
{
	glob_t caches;

	igt_assert_eq(glob("/sys/kernel/slab/kmalloc-*/shrink", 0, NULL, &caches), 0);
	for (size_t i = 0; i < caches.gl_pathc; i++)
		__pgem_write_file(caches.gl_pathv[i], "1");
	globfree(&caches);
	return pgem_meminfo("SUnreclaim");
}

/*
 * A fence takes 128 bytes at the least. The limit is an eighth of that for each, and half
 * a MiB for what else goes on. Fences are freed with a delay, by RCU.
 */
static void expect_slabs(size_t before, unsigned int fences)
{
	uint64_t end = pgem_now_ms() + 20000;
	size_t limit = before + (512 << 10) + fences * 16, now;

	while ((now = slabs()) > limit && pgem_now_ms() < end)
		usleep(200000);
	igt_info("%u fences, %zu KiB more than before\n", fences,
		 now > before ? (now - before) >> 10 : 0);
	igt_assert_lte_u64(now, limit);
}

#define IN_A_ROW	100000
#define IN_A_ROW_MS	20000	/* enough to stop, on a slow machine */
#define OBJECTS		500

static void in_a_row(int fd, unsigned int objects)
{
	uint32_t handles[OBJECTS];
	uint64_t end = pgem_now_ms() + IN_A_ROW_MS;
	unsigned int count = 0;
	size_t before;

	for (unsigned int i = 0; i < objects; i++) {
		handles[i] = pgem_create(fd, PG);
		pgem_fence_signal(fd, pgem_fence_attach(fd, handles[i], WRITE));
	}
	before = slabs();
	for (; count < IN_A_ROW && pgem_now_ms() < end; count++) {
		uint32_t handle = handles[count % objects];

		pgem_fence_signal(fd, pgem_fence_attach(fd, handle, count & 1 ? WRITE : 0));
	}
	expect_slabs(before, count);
	for (unsigned int i = 0; i < objects; i++)
		pgem_close(fd, handles[i]);
}

static void one_object(int fd)
{
	in_a_row(fd, 1);
}

static void many_objects(int fd)
{
	in_a_row(fd, OBJECTS);
}

#define ALIVE	10000
/* Per object: the core looks at each of them for each new one. */
#define READERS	50

static void alive(int fd, bool signal)
{
	static uint32_t fences[ALIVE], handles[ALIVE / READERS];
	int own = pgem_open(PGEM_RENDER, O_RDWR);
	size_t before = slabs();
	uint64_t start = pgem_now_ms(), ms;

	(void)fd;
	for (unsigned int i = 0; i < ALIVE; i++) {
		uint32_t *handle = &handles[i / READERS];

		if (i % READERS == 0)
			*handle = pgem_create(own, PG);
		fences[i] = pgem_fence_attach(own, *handle, 0);
	}
	ms = pgem_now_ms() - start;
	for (unsigned int i = 0; i < ARRAY_SIZE(handles); i++)
		igt_assert(ms > PGEM_FENCE_MS ||
			   pgem_busy(own, handles[i], DRM_PGEM_WAIT_WRITE));
	for (unsigned int i = 0; i < ALIVE && signal; i++) {
		int ret = __pgem_fence_signal(own, fences[i]);

		igt_assert(!ret || ret == -ETIMEDOUT);
	}
	if (signal)
		for (unsigned int i = 0; i < ARRAY_SIZE(handles); i++)
			pgem_close(own, handles[i]);
	else
		close(own);
	igt_assert_eq(pgem_objects(), 0);
	expect_slabs(before, ALIVE);
	if (signal)
		close(own);
	igt_info("%u ms to attach\n", (unsigned int)ms);
}

static void alive_signalled(int fd)
{
	alive(fd, true);
}

static void alive_closed(int fd)
{
	alive(fd, false);
}

/* What uapi/drm/pgem_drm.h says */
#define LIMIT	16384

/* The limit is one of open files, and counts what FENCE_SIGNAL has not been told. */
static void limit(int fd)
{
	static uint32_t fences[LIMIT];
	int other = pgem_open(PGEM_RENDER, O_RDWR);
	uint32_t handle = 0, unused = 0;

	for (unsigned int i = 0; i < LIMIT; i++) {
		if (i % READERS == 0)
			handle = pgem_create(fd, PG);
		fences[i] = pgem_fence_attach(fd, handle, 0);
	}
	/* What comes first in the list of errors is still told first. */
	igt_assert_eq(__pgem_fence_attach(fd, 0, 0, &unused), -ENOENT);
	handle = pgem_create(fd, PG);
	for (int i = 0; i < 3; i++)
		igt_assert_eq(__pgem_fence_attach(fd, handle, WRITE, &unused), -ENOSPC);
	igt_assert_eq_u32(unused, 0);
	igt_assert(!pgem_busy(fd, handle, WRITE));
	pgem_fence_signal(other, pgem_fence_attach(other, pgem_create(other, PG), WRITE));
	/* One more for each that is signalled, whether it has run out by now or not. */
	for (int i = 0; i < 100; i++) {
		int ret = __pgem_fence_signal(fd, fences[i * 37]);

		igt_assert(!ret || ret == -ETIMEDOUT);
		fences[i * 37] = pgem_fence_attach(fd, handle, 0);
		igt_assert_eq(__pgem_fence_attach(fd, handle, 0, &unused), -ENOSPC);
	}
	/* A refused conflict takes none of the places. */
	igt_assert_neq(__pgem_fence_signal(fd, fences[LIMIT - 1]), -ENOENT);
	handle = pgem_create(fd, PG);
	fences[LIMIT - 1] = pgem_fence_attach(fd, handle, WRITE);
	igt_assert_neq(__pgem_fence_signal(fd, fences[LIMIT - 2]), -ENOENT);
	for (int i = 0; i < 100 && pgem_busy(fd, handle, WRITE); i++)
		igt_assert_eq(__pgem_fence_attach(fd, handle, WRITE, &unused), -EBUSY);
	pgem_fence_attach(fd, pgem_create(fd, PG), WRITE);
	close(other);
}

static const struct pgem_test tests[] = {
	{ "timeout-signal", timeout_signal, "Fences are signalled while they run out." },
	{ "one-object", one_object, "100,000 fences one after the other take no memory." },
	{ "many-objects", many_objects, "The same on 500 objects." },
	{ "alive-signalled", alive_signalled, "10,000 fences at once are freed when signalled." },
	{ "limit", limit, "A file has no more than 16,384 fences at a time." },
	{ "alive-closed", alive_closed, "10,000 fences at once are freed with their file." },
};

void pgem_fence_many_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
