// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_inject: the device
 *
 * Binding, unbinding and loading the driver, with each allocation failing once. What
 * was refused leaves no device, and works when tried again; what was not is a device
 * that works, though debugfs may miss something.
 *
 * Not all of binding is tried. DRM, in 7.2, does not survive it when the structure of a
 * node or its name cannot be had: drm_minor_alloc_release() takes the error for a
 * pointer. These are allocations of more and of less than those that fail here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_inject.h"
#include "pgem_lib.h"
#include "pgem_nth.h"

#define PAGES 8

/* What the operations work on */
static struct {
	struct pgem_buf buf;	/* on a file of its own */
	void *module;
	size_t module_size;
} s;

static bool bound(void)
{
	return !access(PGEM_DRIVER_DIR "/" PGEM_NAME, F_OK);
}

static void open_buf(void)
{
	pgem_buf_init(&s.buf, pgem_open(PGEM_RENDER, O_RDWR), PAGES);
	pgem_fill(s.buf.map, 0, PAGES);
	pgem_check(s.buf.map, 0, PAGES);
}

static void close_buf(void)
{
	pgem_unmap(s.buf.map, s.buf.size);
	close(s.buf.fd);
}

/* For the tests to come: a device with all that belongs to it. */
static void bind_afresh(void)
{
	if (bound())
		pgem_unbind();
	pgem_bind();
	open_buf();
	igt_assert_eq(pgem_objects(), 1);
	close_buf();
	igt_assert_eq(pgem_objects(), 0);
}

static void prepare_bind(void)
{
	if (bound())
		pgem_unbind();
}

static void check_bind(int ret)
{
	igt_assert_eq(bound(), !ret);
	igt_assert_eq(!access("/sys/devices/platform/pgem/drm", F_OK), !ret);
	if (ret) {
		igt_assert(access("/sys/kernel/debug/dri/pgem", F_OK));
		igt_assert_eq(__pgem_open(PGEM_RENDER, O_RDWR), -ENODEV);
		igt_assert_eq(__pgem_open(PGEM_PRIMARY, O_RDWR), -ENODEV);
	} else {
		open_buf();
		close_buf();
	}
}

static void bind(int fd)
{
	static const char * const slabs[] = {
		"kmalloc-32", "kmalloc-64", "kmalloc-96", "kmalloc-128", "kmalloc-192",
		"kmalloc-256", "kernfs_node_cache", "dentry", NULL,
	};

	(void)fd;
	pgem_nth_each(&(struct pgem_nth){
		.prepare = prepare_bind, .run = __pgem_bind, .check = check_bind,
		.slabs = slabs, .errors = { ENOMEM, EFAULT }, .refusals = 10 });
	bind_afresh();
}

/* A device with a client that has a mapping */
static void prepare_unbind(void)
{
	if (!bound())
		igt_assert_eq(__pgem_bind(), 0);
	open_buf();
}

static int run_unbind(void)
{
	return __pgem_write_file(PGEM_DRIVER_DIR "/unbind", PGEM_NAME);
}

static void check_unbind(int ret)
{
	igt_assert_eq(bound(), !!ret);
	igt_assert_eq(pgem_read_signal(s.buf.map), ret ? 0 : SIGBUS);
	close_buf();
	if (!ret)
		check_bind(-ENODEV);
	igt_assert_eq(pgem_refcount(), 0);
}

static void unbind(int fd)
{
	(void)fd;
	pgem_nth_each(&(struct pgem_nth){
		.prepare = prepare_unbind, .run = run_unbind, .check = check_unbind,
		.errors = { ENOMEM, EFAULT }, .refusals = 3 });
	bind_afresh();
}

/* Read once: reading from a file makes calls of its own. */
static void read_module(void)
{
	const char *dir = getenv("PGEM_DRIVER");
	char path[256];
	struct stat st;
	int fd;

	igt_require_f(dir, "PGEM_DRIVER does not say where the module's file is\n");
	snprintf(path, sizeof(path), "%s/pgem.ko", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert(fd >= 0 && !fstat(fd, &st));
	s.module_size = st.st_size;
	s.module = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	igt_assert(s.module != MAP_FAILED);
	close(fd);
}

static void prepare_load(void)
{
	if (!access(PGEM_MODULE_DIR, F_OK))
		igt_assert_eq(__pgem_unload(), 0);
}

static int run_load(void)
{
	return syscall(SYS_init_module, s.module, s.module_size, "") ? -errno : 0;
}

static void check_load(int ret)
{
	igt_assert_eq(!access(PGEM_MODULE_DIR, F_OK), !ret);
	igt_assert_eq(!access(PGEM_DRIVER_DIR, F_OK), !ret);
	igt_assert_eq(!access("/sys/devices/platform/pgem", F_OK), !ret);
	check_bind(ret);
}

/*
 * For what comes before binding: registering driver and device, which sysfs has to make
 * entries for. ENODEV is the driver's word for a device that could not be bound, EINVAL
 * the driver core's for a folder in sysfs that it could not make.
 */
static void load(int fd)
{
	static const char * const slabs[] = { "kernfs_node_cache", NULL };

	(void)fd;
	read_module();
	pgem_nth_each(&(struct pgem_nth){
		.prepare = prepare_load, .run = run_load, .check = check_load,
		.slabs = slabs, .errors = { ENOMEM, EFAULT, ENODEV, EINVAL }, .refusals = 5 });
	pgem_unmap(s.module, s.module_size);
	bind_afresh();
}

static const struct pgem_test tests[] = {
	{ "bind", bind, "Binding the driver." },
	{ "unbind", unbind, "Unbinding it under a client." },
	{ "load", load, "Loading it." },
};

void pgem_inject_device_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_NONE);
}
