// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_fence_race
 *
 * Fences attached, signalled, run out and closed by several threads at the same time,
 * and as many of them as one does not have by accident. Whatever a thread is told has
 * to agree with what a sync_file says of the fence.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_fence_many.h"
#include "pgem_lib.h"
#include "pgem_sync.h"

IGT_TEST_DESCRIPTION("Check fences under concurrent use.");

#define WRITE	DRM_PGEM_FENCE_WRITE
#define RACE_MS 1500
#define HANDLES 8

/* What the clients of one object hold at a time */
static struct {
	int readers, writers;
} held;

/* A client with a file of its own */
struct client {
	int fd;
	uint32_t handle;
	bool writes;
	unsigned int seed;
	unsigned long done, refused;
};

static const char *use_object(struct client *client)
{
	const char *failure = NULL;

	if (client->writes) {
		if (__atomic_fetch_add(&held.writers, 1, __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&held.readers, __ATOMIC_SEQ_CST))
			failure = "a writer was not alone";
	} else {
		__atomic_fetch_add(&held.readers, 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&held.writers, __ATOMIC_SEQ_CST))
			failure = "a reader was there with a writer";
	}
	sched_yield();
	__atomic_fetch_sub(client->writes ? &held.writers : &held.readers, 1, __ATOMIC_SEQ_CST);
	return failure;
}

static const char *attacher(void *arg)
{
	struct client *client = arg;

	while (pgem_race_on()) {
		uint32_t fence;
		int ret = __pgem_fence_attach(client->fd, client->handle,
					      client->writes ? WRITE : 0, &fence);
		const char *failure;

		if (ret == -EBUSY) {
			client->refused++;
			continue;
		}
		if (ret)
			return "attaching failed oddly";
		failure = use_object(client);
		if (__pgem_fence_signal(client->fd, fence))
			return "signalling failed";
		if (failure)
			return failure;
		pgem_race_won(&client->done);
		/* For the others to have their turn */
		usleep(rand_r(&client->seed) % 50);
	}
	return NULL;
}

static void attach_race(int fd, unsigned int writers, unsigned int readers)
{
	uint32_t handle = pgem_create(fd, PG);
	unsigned int count = writers + readers;
	int dmabuf = pgem_export(fd, handle);
	unsigned long done = 0, refused = 0;
	struct client clients[8] = {};

	held.readers = 0;
	held.writers = 0;
	for (unsigned int i = 0; i < count; i++) {
		clients[i] = (struct client){ .fd = pgem_open(PGEM_RENDER, O_RDWR),
					      .writes = i < writers, .seed = i };
		clients[i].handle = pgem_import(clients[i].fd, dmabuf);
	}
	pgem_race_time(RACE_MS, count);
	pgem_race(count, attacher, clients, sizeof(clients[0]));
	for (unsigned int i = 0; i < count; i++) {
		igt_assert_lt_u64(0, clients[i].done);
		done += clients[i].done;
		refused += clients[i].refused;
		close(clients[i].fd);
	}
	igt_info("%lu attached, %lu refused\n", done, refused);
	/* Or there was no race. */
	igt_assert_lt_u64(0, refused);
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	close(dmabuf);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
}

static void writers(int fd)
{
	attach_race(fd, 4, 0);
}

static void writers_readers(int fd)
{
	attach_race(fd, 2, 4);
}

/* One fence at a time, for all threads to signal; the first thread attaches. */
static struct {
	pthread_barrier_t barrier;
	uint32_t fence;
	bool over;
	int won;
} shot;

struct shooter {
	int fd;
	uint32_t handle;
	bool leads;
	unsigned long done;
};

static const char *shooter(void *arg)
{
	struct shooter *shooter = arg;
	const char *failure = NULL;
	int ret;

	/* All leave in the same round, or the rest would wait forever. */
	for (;;) {
		if (shooter->leads) {
			shot.over = !pgem_race_on() || failure;
			shot.won = 0;
			if (__pgem_fence_attach(shooter->fd, shooter->handle, WRITE, &shot.fence))
				failure = "attaching failed";
		}
		pthread_barrier_wait(&shot.barrier);
		ret = __pgem_fence_signal(shooter->fd, shot.fence);
		if (!ret)
			__atomic_fetch_add(&shot.won, 1, __ATOMIC_SEQ_CST);
		else if (ret != -ENOENT)
			failure = "signalling failed oddly";
		if (!ret)
			pgem_race_won(&shooter->done);
		pthread_barrier_wait(&shot.barrier);
		if (shot.won != 1)
			failure = "not exactly one thread signalled";
		if (shot.over)
			return failure;
		pthread_barrier_wait(&shot.barrier);
	}
}

static void signal_signal(int fd)
{
	struct shooter shooters[3];

	for (size_t i = 0; i < ARRAY_SIZE(shooters); i++)
		shooters[i] = (struct shooter){ .fd = fd, .handle = pgem_create(fd, PG),
						.leads = !i };
	igt_assert_eq(pthread_barrier_init(&shot.barrier, NULL, ARRAY_SIZE(shooters)), 0);
	pgem_race_time(RACE_MS, ARRAY_SIZE(shooters));
	pgem_race(ARRAY_SIZE(shooters), shooter, shooters, sizeof(shooters[0]));
	pthread_barrier_destroy(&shot.barrier);
	for (size_t i = 0; i < ARRAY_SIZE(shooters); i++) {
		igt_info("thread %zu was first %lu times\n", i, shooters[i].done);
		pgem_close(fd, shooters[i].handle);
	}
}

/* A file with one fence, of the number 1, that is being closed; -1: none */
static int target = -1;

struct closer {
	const char *path;
	int dmabuf;		/* of the closer */
	unsigned long done, signalled;
};

/* Sets whether the file's end signalled the fence, or somebody else did. */
static const char *close_one(struct closer *closer, bool *left)
{
	int fd = open(closer->path, O_RDWR | O_CLOEXEC), sync_file, status = 0;
	struct pollfd poll_file = { .events = POLLIN };
	uint32_t handle, fence;

	if (fd < 0 || __pgem_import(fd, closer->dmabuf, &handle) ||
	    __pgem_fence_attach(fd, handle, WRITE, &fence) || fence != 1 ||
	    __pgem_export_sync_file(closer->dmabuf, DMA_BUF_SYNC_RW, &sync_file))
		return "cannot make a file with a fence";
	__atomic_store_n(&target, fd, __ATOMIC_SEQ_CST);
	sched_yield();
	close(fd);
	__atomic_store_n(&target, -1, __ATOMIC_SEQ_CST);

	/* Who is just signalling may keep the file for a little longer. */
	poll_file.fd = sync_file;
	if (poll(&poll_file, 1, 5000) != 1)
		return "the fence of a closed file is not signalled";
	if (__pgem_sync_status(sync_file, &status) || (status != 1 && status != -ECANCELED))
		return "the fence of a closed file has an odd state";
	close(sync_file);
	*left = status != 1;
	return NULL;
}

static const char *closer(void *arg)
{
	struct closer *closer = arg;
	bool left;

	if (closer->dmabuf < 0) {
		while (pgem_race_on()) {
			int fd = __atomic_load_n(&target, __ATOMIC_SEQ_CST);
			int ret = fd < 0 ? -EBADF : __pgem_fence_signal(fd, 1);

			/* The descriptor may be closed, or another file's. */
			if (ret && ret != -ENOENT && ret != -EBADF && ret != -ENOTTY)
				return "signalling failed oddly";
			if (!ret)
				pgem_race_won(&closer->done);
		}
		return NULL;
	}
	while (pgem_race_on()) {
		const char *failure = close_one(closer, &left);

		if (failure)
			return failure;
		if (left)
			pgem_race_won(&closer->done);
		else
			closer->signalled++;
	}
	return NULL;
}

static void signal_close(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	struct closer closers[3] = { {}, { .dmabuf = -1 }, { .dmabuf = -1 } };
	char link[32], path[32] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	igt_assert_lt(0, readlink(link, path, sizeof(path) - 1));
	closers[0].path = path;
	closers[0].dmabuf = pgem_export(fd, handle);
	pgem_race_time(RACE_MS, ARRAY_SIZE(closers));
	pgem_race(ARRAY_SIZE(closers), closer, closers, sizeof(closers[0]));
	igt_info("%lu left, %lu signalled\n", closers[0].done, closers[0].signalled);
	igt_assert_eq_u64(closers[0].signalled, closers[1].done + closers[2].done);
	igt_assert_lt_u64(0, closers[0].done);
	igt_assert_lt_u64(0, closers[0].signalled);
	close(closers[0].dmabuf);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
}

struct guesser {
	int fd;
	bool closes;
	unsigned int seed;
	unsigned long done;
};

/* P8: handles are closed, and given again, while fences are attached by them. */
static const char *guesser(void *arg)
{
	struct guesser *guesser = arg;

	while (pgem_race_on()) {
		uint32_t handle = 1 + rand_r(&guesser->seed) % HANDLES, fence;
		int ret;

		if (guesser->closes) {
			if (__pgem_create(guesser->fd, PG, &fence))
				return "creation failed";
			if (!__pgem_close(guesser->fd, handle))
				pgem_race_won(&guesser->done);
			continue;
		}
		ret = __pgem_fence_attach(guesser->fd, handle, handle & 1, &fence);
		if (ret == -ENOENT || ret == -EBUSY)
			continue;
		if (ret)
			return "attaching failed oddly";
		if (__pgem_fence_signal(guesser->fd, fence))
			return "signalling failed";
		pgem_race_won(&guesser->done);
	}
	return NULL;
}

static void attach_close_handle(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR);
	struct guesser guessers[4];

	(void)fd;
	for (unsigned int i = 0; i < ARRAY_SIZE(guessers); i++)
		guessers[i] = (struct guesser){ .fd = own, .closes = i & 1, .seed = i };
	pgem_race_time(RACE_MS, ARRAY_SIZE(guessers));
	pgem_race(ARRAY_SIZE(guessers), guesser, guessers, sizeof(guessers[0]));
	for (unsigned int i = 0; i < ARRAY_SIZE(guessers); i++)
		igt_assert_lt_u64(0, guessers[i].done);
	close(own);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "writers", writers, "Of several who want to write, one may at any time." },
	{ "writers-readers", writers_readers, "Readers and writers do not overlap." },
	{ "signal-signal", signal_signal, "A fence is signalled by exactly one of several." },
	{ "signal-close", signal_close, "Closing signals what the others do not." },
	{ "attach-close-handle", attach_close_handle, "Handles go while fences are attached." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_fence_many_subtests();
}
