// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_hotrace
 *
 * P15: the driver is unbound while threads are in the middle of something. Each of
 * them has to come to an end with an error or a signal of the right kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check unbinding at the worst moment.");

#define ROUNDS 6
#define PAGES 512

struct racer {
	const char *(*fn)(struct racer *me);
	struct pgem_buf *buf;
	uint64_t end;
	unsigned int round;
};

static const char *run(void *arg)
{
	struct racer *me = arg;

	return me->fn(me);
}

static bool late(const struct racer *me)
{
	return pgem_now_ms() > me->end;
}

static const char *unbinder(struct racer *me)
{
	usleep(1000 + 7000 * me->round);
	return __pgem_write_file(PGEM_DRIVER_DIR "/unbind", PGEM_NAME) ? "unbinding failed" : NULL;
}

/* Faults page after page, and again after forgetting them, until the signal comes. */
static const char *toucher(struct racer *me)
{
	while (!late(me)) {
		for (size_t i = 0; i < me->buf->pages; i++) {
			uint8_t *page = me->buf->map + i * PG;
			int sig = i % 2 ? pgem_read_signal(page) : pgem_write_signal(page);

			if (sig)
				return sig == SIGBUS ? NULL : "a signal other than SIGBUS";
		}
		madvise(me->buf->map, me->buf->size, MADV_DONTNEED);
	}
	return "the mapping works on";
}

static const char *mapper(struct racer *me)
{
	uint64_t offset;
	int ret = __pgem_offset(me->buf->fd, me->buf->handle, &offset);

	while (!ret && !late(me)) {
		uint8_t *map;

		ret = __pgem_map(me->buf->fd, offset, me->buf->size, PROT_READ | PROT_WRITE,
				 MAP_SHARED, &map);
		if (ret)
			break;
		for (int i = 0; i < 4; i++) {
			int sig = pgem_write_signal(map + i * PG);

			if (sig && sig != SIGBUS)
				return "a signal other than SIGBUS";
		}
		munmap(map, me->buf->size);
	}
	return ret == -ENODEV ? NULL : "mmap() works on, or fails oddly";
}

static const char *caller(struct racer *me)
{
	int ret = 0;

	while (!ret && !late(me)) {
		uint32_t handle;

		ret = __pgem_create(me->buf->fd, PG, &handle);
		if (!ret)
			ret = __pgem_close(me->buf->fd, handle);
	}
	return ret == -ENODEV ? NULL : "ioctls work on, or fail oddly";
}

static const char *exporter(struct racer *me)
{
	int ret = 0;

	while (!ret && !late(me)) {
		uint32_t handle;
		uint8_t *map;
		int dmabuf;

		ret = __pgem_export(me->buf->fd, me->buf->handle, DRM_RDWR | DRM_CLOEXEC, &dmabuf);
		if (ret)
			break;
		ret = __pgem_map(dmabuf, PG, PG, PROT_READ | PROT_WRITE, MAP_SHARED, &map);
		if (!ret) {
			int sig = pgem_write_signal(map);

			if (sig && sig != SIGBUS)
				return "a signal other than SIGBUS";
			munmap(map, PG);
			ret = __pgem_import(me->buf->fd, dmabuf, &handle);
		}
		close(dmabuf);
	}
	return ret == -ENODEV ? NULL : "dma-bufs work on, or fail oddly";
}

static const char *forker(struct racer *me)
{
	while (!late(me)) {
		int status;
		pid_t pid = fork();

		if (pid < 0)
			return "fork() failed";
		if (!pid)
			_exit(pgem_write_signal(me->buf->map));
		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
			return "the child came to harm";
		if (WEXITSTATUS(status))
			return WEXITSTATUS(status) == SIGBUS ? NULL : "a signal other than SIGBUS";
	}
	return "the child's mapping works on";
}

static const char *opener(struct racer *me)
{
	while (!late(me)) {
		int fd = __pgem_open(PGEM_RENDER, O_RDWR);
		uint32_t handle;

		if (fd < 0)
			return NULL;
		__pgem_create(fd, PG, &handle);
		close(fd);
	}
	return "the device can be opened still";
}

static void race(const char *(*first)(struct racer *), const char *(*second)(struct racer *))
{
	for (unsigned int round = 0; round < ROUNDS; round++) {
		int own = pgem_open(PGEM_RENDER, O_RDWR);
		struct racer racers[4];
		struct pgem_buf buf;

		pgem_buf_init(&buf, own, PAGES);
		for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
			racers[i] = (struct racer){ i == 0 ? unbinder : i == 1 ? second : first,
						    &buf, pgem_now_ms() + 20000, round };
		pgem_race(ARRAY_SIZE(racers), run, racers, sizeof(racers[0]));
		igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
		pgem_unmap(buf.map, buf.size);
		close(own);
		pgem_bind();
		igt_assert_eq(pgem_objects(), 0);
	}
}

static void faults(int fd)
{
	(void)fd;
	race(toucher, toucher);
}

static void mappings(int fd)
{
	(void)fd;
	race(mapper, toucher);
}

static void ioctls(int fd)
{
	(void)fd;
	race(caller, toucher);
}

static void dmabufs(int fd)
{
	(void)fd;
	race(exporter, mapper);
}

static void forks(int fd)
{
	(void)fd;
	race(forker, toucher);
}

static void opens(int fd)
{
	(void)fd;
	race(opener, caller);
}

static const struct pgem_test tests[] = {
	{ "faults", faults, "Threads touch pages until the device is gone." },
	{ "mappings", mappings, "Threads map and unmap until the device is gone." },
	{ "ioctls", ioctls, "Threads make and close objects until the device is gone." },
	{ "dmabufs", dmabufs, "Threads export, map and import until the device is gone." },
	{ "forks", forks, "Threads fork until the device is gone." },
	{ "opens", opens, "Threads open the device until it is gone." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
