// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_unload
 *
 * P25: the module goes when nobody uses it, and stays while a file, a mapping or a
 * dma-buf needs its code.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check unloading of the module.");

#define PAGES 4
#define INSTANCE "/sys/kernel/tracing/instances/pgem-unload"

static void expect_busy(void)
{
	igt_assert_lt(0, pgem_refcount());
	igt_assert_eq(__pgem_unload(), -EAGAIN);
	/* The refusal must not have taken anything down. */
	close(pgem_open(PGEM_RENDER, O_RDWR));
}

static void unload(void)
{
	igt_assert_eq(pgem_refcount(), 0);
	igt_assert_eq(__pgem_unload(), 0);
	igt_assert(access(PGEM_MODULE_DIR, F_OK));
	igt_assert(access(PGEM_DRIVER_DIR, F_OK));
	igt_assert(access("/sys/devices/platform/pgem", F_OK));
	igt_assert_eq(__pgem_open(PGEM_RENDER, O_RDWR), -ENODEV);
	igt_assert_eq(__pgem_open(PGEM_PRIMARY, O_RDWR), -ENODEV);
}

static void unload_and_load(void)
{
	unload();
	pgem_load("");
	close(pgem_open(PGEM_RENDER, O_RDWR));
}

static void basic(int fd)
{
	(void)fd;
	unload_and_load();
}

static void use(int fd)
{
	struct pgem_buf buf;
	int dmabuf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	dmabuf = pgem_export(fd, buf.handle);
	pgem_check(buf.map, 0, PAGES);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

static void reload_loop(int fd)
{
	for (int i = 0; i < 10; i++) {
		fd = pgem_open(PGEM_RENDER, O_RDWR);
		use(fd);
		close(fd);
		unload_and_load();
	}
}

static void reload_with_leftovers(int fd)
{
	for (int i = 0; i < 5; i++) {
		fd = pgem_open(PGEM_RENDER, O_RDWR);
		for (int j = 0; j < 100; j++)
			pgem_create(fd, PG);
		close(fd);
		unload_and_load();
	}
}

static void load_twice(int fd)
{
	(void)fd;
	igt_assert_eq(__pgem_load(""), -EEXIST);
}

static void parameter(int fd)
{
	unload();
	pgem_load("max_bo_mib=3");
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	igt_assert_eq_u64(pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE), 3 << 20);
	close(fd);
	unload_and_load();
}

static void bad_parameter(int fd)
{
	(void)fd;
	unload();
	igt_assert_eq(__pgem_load("max_bo_mib=many"), -EINVAL);
	igt_assert(access(PGEM_MODULE_DIR, F_OK));
	pgem_load("");
}

/* The kernel's own parameter for any module. driver_async_probe= comes to the same. */
static void asynchronous(int fd)
{
	unload();
	pgem_load("async_probe=1");
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	use(fd);
	close(fd);
	unload_and_load();
}

static void file_holds(int fd)
{
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	expect_busy();
	close(fd);
	fd = pgem_open(PGEM_PRIMARY, O_RDWR);
	expect_busy();
	close(fd);
	unload_and_load();
}

static void mapping_holds(int fd)
{
	struct pgem_buf buf;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, 2);
	pgem_close(fd, buf.handle);
	close(fd);
	expect_busy();
	pgem_check(buf.map, 0, 2);
	pgem_fill(buf.map, 0, PAGES);
	/* A piece of it is enough. */
	pgem_unmap(buf.map, 3 * PG);
	expect_busy();
	pgem_unmap(buf.map, buf.size);
	unload_and_load();
}

static void dmabuf_holds(int fd)
{
	uint32_t handle;
	int dmabuf;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	handle = pgem_create(fd, PG);
	dmabuf = pgem_export(fd, handle);
	close(fd);
	expect_busy();
	close(dmabuf);
	unload_and_load();
}

static void dmabuf_mapping_holds(int fd)
{
	uint32_t handle;
	uint8_t *map;
	int dmabuf;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	handle = pgem_create(fd, PAGES * PG);
	dmabuf = pgem_export(fd, handle);
	close(fd);
	map = pgem_map_fd(dmabuf, PG, 2 * PG);
	close(dmabuf);
	expect_busy();
	pgem_fill(map, 0, 2);
	pgem_check(map, 0, 2);
	pgem_unmap(map, 2 * PG);
	unload_and_load();
}

static void child_holds(int fd)
{
	struct pgem_buf buf;
	int gate[2];
	char byte = 0;

	igt_assert_eq(pipe(gate), 0);
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	pgem_buf_init(&buf, fd, PAGES);
	igt_fork(child, 1) {
		close(fd);
		igt_assert_eq(read(gate[0], &byte, 1), 1);
		pgem_fill(buf.map, 0, PAGES);
		pgem_check(buf.map, 0, PAGES);
	}
	pgem_buf_fini(&buf);
	close(fd);
	expect_busy();
	igt_assert_eq(write(gate[1], &byte, 1), 1);
	igt_waitchildren();
	close(gate[0]);
	close(gate[1]);
	unload_and_load();
}

/* P20: the pages are the kernel's own. Holding them holds no code of the driver. */
static void pages_in_pipe(int fd)
{
	uint8_t *copy = malloc(PG);
	struct pgem_buf buf;
	struct iovec io;
	int ends[2];

	igt_assert(copy);
	igt_assert_eq(pipe(ends), 0);
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	pgem_buf_init(&buf, fd, 1);
	pgem_fill(buf.map, 5, 1);
	io = (struct iovec){ buf.map, PG };
	igt_assert_eq(vmsplice(ends[1], &io, 1, 0), PG);
	pgem_buf_fini(&buf);
	close(fd);
	unload();
	igt_assert_eq(read(ends[0], copy, PG), PG);
	pgem_check(copy, 5, 1);
	close(ends[0]);
	close(ends[1]);
	free(copy);
	pgem_load("");
}

/* A syncobj is DRM's, not the driver's. */
static void syncobj_alone(int fd)
{
	struct drm_syncobj_create create = { .flags = DRM_SYNCOBJ_CREATE_SIGNALED };
	struct drm_syncobj_handle share = {};

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &create), 0);
	share.handle = create.handle;
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &share), 0);
	close(fd);
	unload_and_load();
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &share), 0);
	close(share.fd);
	close(fd);
}

static void list_open(int fd)
{
	char path[64], text[64];
	int list;

	(void)fd;
	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%d/bos", pgem_minor());
	list = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert(list >= 0);
	igt_assert(read(list, text, sizeof(text)) > 0);
	unload();
	igt_assert_lt(read(list, text, sizeof(text)), 0);
	close(list);
	pgem_load("");
}

static void traced(int fd)
{
	char text[4096];

	igt_assert_eq(mkdir(INSTANCE, 0700), 0);
	pgem_write_file(INSTANCE "/events/pgem/enable", "1");
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	use(fd);
	close(fd);
	unload();
	igt_assert(pgem_read_file(INSTANCE "/trace", text, sizeof(text)) >= 0);
	igt_assert(access(INSTANCE "/events/pgem", F_OK));
	pgem_load("");
	igt_assert_eq(rmdir(INSTANCE), 0);
}

static void after_unbind(int fd)
{
	(void)fd;
	pgem_unbind();
	igt_assert_eq(__pgem_unload(), 0);
	pgem_load("");
}

/* The device has gone, its file has not. */
static void after_unbind_file_holds(int fd)
{
	struct pgem_buf buf;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	pgem_buf_init(&buf, fd, PAGES);
	buf.map[0] = 1;
	pgem_unbind();
	igt_assert_eq(__pgem_unload(), -EAGAIN);
	close(fd);
	igt_assert_eq(__pgem_unload(), -EAGAIN);
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq(__pgem_unload(), 0);
	pgem_load("");
}

struct opener {
	bool reloads;
	unsigned long done;
};

static const char *open_or_reload(void *arg)
{
	struct opener *me = arg;

	while (pgem_race_on()) {
		uint32_t handle;
		int fd;

		if (me->reloads) {
			if (!__pgem_unload())
				pgem_race_won(&me->done);
			__pgem_load("");
			usleep(1000);
			continue;
		}
		fd = __pgem_open(PGEM_RENDER, O_RDWR);
		if (fd < 0)
			continue;
		if (!__pgem_create(fd, PG, &handle))
			pgem_race_won(&me->done);
		close(fd);
		/* Leave the other a chance. */
		usleep(3000);
	}
	return NULL;
}

static void race_open(int fd)
{
	struct opener jobs[4] = { { .reloads = true } };

	(void)fd;
	pgem_race_time(2000, ARRAY_SIZE(jobs));
	pgem_race(ARRAY_SIZE(jobs), open_or_reload, jobs, sizeof(jobs[0]));
	igt_info("unloaded %lu times, used %lu times\n", jobs[0].done, jobs[1].done);
	igt_assert_lt_u64(0, jobs[0].done);
	igt_assert_lt_u64(0, jobs[1].done);
	unload_and_load();
}

static void cleanup(int sig)
{
	(void)sig;
	rmdir(INSTANCE);
	if (access(PGEM_MODULE_DIR, F_OK))
		__pgem_load("");
}

static const struct pgem_test tests[] = {
	{ "basic", basic, "The module can be unloaded and loaded, and leaves no trace." },
	{ "reload-loop", reload_loop, "The same ten times, with use in between." },
	{ "reload-with-leftovers", reload_with_leftovers,
	  "Objects that nobody closed do not hold it." },
	{ "load-twice", load_twice, "It cannot be loaded twice." },
	{ "parameter", parameter, "The limit can be given at loading." },
	{ "bad-parameter", bad_parameter, "A bad parameter keeps it from loading." },
	{ "async-probe", asynchronous, "It loads where drivers probe asynchronously." },
	{ "file-holds", file_holds, "An open file holds it." },
	{ "mapping-holds", mapping_holds, "A mapping, or a piece of one, holds it." },
	{ "dmabuf-holds", dmabuf_holds, "A dma-buf holds it." },
	{ "dmabuf-mapping-holds", dmabuf_mapping_holds, "A dma-buf's mapping holds it." },
	{ "child-holds", child_holds, "A child's mapping holds it." },
	{ "pages-in-pipe", pages_in_pipe, "Pages in a pipe do not, and stay whole." },
	{ "syncobj-alone", syncobj_alone, "A syncobj made by it does not." },
	{ "list-open", list_open, "The list in debugfs, held open, does not." },
	{ "traced", traced, "It can be unloaded while it is traced." },
	{ "after-unbind", after_unbind, "It can be unloaded without a device." },
	{ "after-unbind-file-holds", after_unbind_file_holds,
	  "Files and mappings hold it even when the device is gone." },
	{ "race-open", race_open, "It is unloaded while others open the device." },
};

int igt_main()
{
	igt_fixture()
		igt_install_exit_handler(cleanup);
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_NONE);
}
