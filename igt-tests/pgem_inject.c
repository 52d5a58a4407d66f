// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_inject
 *
 * P14: each allocation that an operation makes fails once, and each copy from or to
 * the client's memory. The operation says so or does without, and leaves nothing: no
 * object, no reference, no half of a mapping. pgem_nth.c counts and injects;
 * mappings are in pgem_inject_map.c, the device itself in pgem_inject_device.c.
 *
 * An answer that cannot be copied to the client is lost, but not undone: DRM leaves
 * the new object or file descriptor to the client, who gets rid of it unseen.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_inject.h"
#include "pgem_lib.h"
#include "pgem_nth.h"

#include "drm_mode.h"

IGT_TEST_DESCRIPTION("Check every operation with each of its allocations failing.");

#define PAGES 8

/* What the operations work on */
static struct {
	int fd;			/* the subtest's file */
	int other;		/* one more, for one try */
	char path[64];		/* to open it by */
	int dmabuf;
	uint32_t handle;
	int refs;		/* of the module, between tries */
} s;

/* An ioctl of s.other, and its arguments now and before */
static unsigned long request;
static union args {
	struct drm_pgem_get_param param;
	struct drm_pgem_gem_create create;
	struct drm_pgem_gem_info info;
	struct drm_pgem_gem_mmap_offset offset;
	struct drm_pgem_gem_madvise madvise;
	struct drm_pgem_gem_label label;
	struct drm_mode_create_dumb dumb;
	struct drm_gem_close close;
} args, before;

static void each(int fd, const struct pgem_nth *op)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, s.path, sizeof(s.path) - 1);
	igt_assert(len > 0);
	s.path[len] = '\0';
	s.fd = fd;
	s.refs = pgem_refcount();
	pgem_nth_each(op);
}

static void nothing_left(void)
{
	igt_assert_eq(pgem_objects(), 0);
	igt_assert_eq(pgem_refcount(), s.refs);
}

static int run_open(void)
{
	s.other = open(s.path, O_RDWR | O_CLOEXEC);
	return s.other < 0 ? -errno : 0;
}

static void prepare_open(void)
{
	igt_assert_eq(run_open(), 0);
}

static void check_open(int ret)
{
	if (!ret) {
		igt_assert_eq_u64(pgem_get_param(s.other, DRM_PGEM_PARAM_PAGE_SIZE), PG);
		close(s.other);
	}
	nothing_left();
}

static const struct pgem_nth op_open = {
	.run = run_open, .check = check_open,
	.errors = { ENOMEM, EFAULT }, .refusals = 2,
};

static void open_render(int fd)
{
	each(fd, &op_open);
}

static void open_primary(int fd)
{
	(void)fd;
	fd = pgem_open(PGEM_PRIMARY, O_RDWR);
	each(fd, &op_open);
	close(fd);
}

static void prepare_ioctl(void)
{
	prepare_open();
	args = before;
}

static int run_ioctl(void)
{
	return pgem_ioctl(s.other, request, &args);
}

static void check_ioctl(int ret)
{
	if (ret)
		igt_assert(!memcmp(&args, &before, sizeof(args)));
	close(s.other);
	nothing_left();
}

/* Two copies, and nothing is allocated. */
static const struct pgem_nth op_ioctl = {
	.prepare = prepare_ioctl, .run = run_ioctl, .check = check_ioctl,
	.errors = { EFAULT }, .refusals = 2,
};

/*
 * The copies, the object, its file with name and inode, the permission to map it. ENOSPC
 * is what shmem says when there is no inode to be had.
 */
static const struct pgem_nth op_create = {
	.prepare = prepare_ioctl, .run = run_ioctl, .check = check_ioctl,
	.errors = { EFAULT, ENOMEM, ENOSPC }, .refusals = 4,
};

/* Afterwards the arguments are those of the last try, which was whole. */
static void each_ioctl(int fd, unsigned long number, union args in, const struct pgem_nth *op)
{
	request = number;
	before = in;
	each(fd, op);
}

static void get_param(int fd)
{
	each_ioctl(fd, DRM_IOCTL_PGEM_GET_PARAM,
		   (union args){ .param.param = DRM_PGEM_PARAM_PAGE_SIZE }, &op_ioctl);
	igt_assert_eq_u64(args.param.value, PG);
}

static void create(int fd)
{
	each_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE,
		   (union args){ .create.size = PAGES * PG }, &op_create);
	igt_assert_eq_u64(args.create.size, PAGES * PG);
	igt_assert_neq_u32(args.create.handle, 0);
}

static void create_dumb(int fd)
{
	(void)fd;
	fd = pgem_open(PGEM_PRIMARY, O_RDWR);
	each_ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB,
		   (union args){ .dumb = { .width = 1024, .height = PAGES, .bpp = 32 } },
		   &op_create);
	igt_assert_eq_u64(args.dumb.size, PAGES * 4096);
	igt_assert_neq_u32(args.dumb.handle, 0);
	close(fd);
}

/* The only object of its file, and so the first handle there */
static void prepare_object(void)
{
	prepare_ioctl();
	s.handle = pgem_create(s.other, PAGES * PG);
	igt_assert_eq_u32(s.handle, 1);
}

static const struct pgem_nth op_query = {
	.prepare = prepare_object, .run = run_ioctl, .check = check_ioctl,
	.errors = { EFAULT }, .refusals = 2,
};

static void info(int fd)
{
	each_ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, (union args){ .info.handle = 1 }, &op_query);
	igt_assert_eq_u64(args.info.size, PAGES * PG);
}

static void mmap_offset(int fd)
{
	each_ioctl(fd, DRM_IOCTL_PGEM_GEM_MMAP_OFFSET,
		   (union args){ .offset.handle = 1 }, &op_query);
	igt_assert_neq_u64(args.offset.offset, 0);
}

static void madvise_object(int fd)
{
	each_ioctl(fd, DRM_IOCTL_PGEM_GEM_MADVISE, (union args){ .madvise.handle = 1 },
		   &op_query);
	igt_assert_eq_u32(args.madvise.retained, 1);
}

/* Besides the arguments, the label is copied, and kept. */
static void label(int fd)
{
	each_ioctl(fd, DRM_IOCTL_PGEM_GEM_LABEL,
		   (union args){ .label = { .handle = 1, .label = (uintptr_t)"name" } },
		   &(struct pgem_nth){
			   .prepare = prepare_object, .run = run_ioctl, .check = check_ioctl,
			   .errors = { ENOMEM, EFAULT }, .refusals = 3 });
}

/* Told that it did not work, the client tries again. */
static void check_close_handle(int ret)
{
	if (ret)
		pgem_close(s.other, s.handle);
	igt_assert_eq(pgem_objects(), 0);
	igt_assert_eq(__pgem_close(s.other, s.handle), -EINVAL);
	check_ioctl(ret);
}

static void close_handle(int fd)
{
	each_ioctl(fd, DRM_IOCTL_GEM_CLOSE, (union args){ .close.handle = 1 },
		   &(struct pgem_nth){
			   .prepare = prepare_object, .run = run_ioctl,
			   .check = check_close_handle, .errors = { EFAULT }, .refusals = 1 });
}

static int run_close_file(void)
{
	return close(s.other) ? -errno : 0;
}

static void check_close(int ret)
{
	(void)ret;
	nothing_left();
}

static void close_file(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_object, .run = run_close_file, .check = check_close,
		.failures = 1 });
}

static void prepare_dmabuf(void)
{
	prepare_object();
	s.dmabuf = pgem_export(s.other, s.handle);
	close(s.other);
}

static int run_close_dmabuf(void)
{
	return close(s.dmabuf) ? -errno : 0;
}

static void close_dmabuf(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_dmabuf, .run = run_close_dmabuf, .check = check_close,
		.failures = 1 });
}

/* The number that the dma-buf will get, to be closed also if it was not told. */
static void prepare_export(void)
{
	prepare_object();
	s.dmabuf = dup(s.other);
	close(s.dmabuf);
}

static int run_export(void)
{
	int unused;

	return __pgem_export(s.other, s.handle, DRM_CLOEXEC | DRM_RDWR, &unused);
}

static void check_export(int ret)
{
	if (ret != -ENOMEM)
		close(s.dmabuf);
	/* What a failure left half done would be in the way now. */
	close(pgem_export(s.other, s.handle));
	close(s.other);
	nothing_left();
}

static void export(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_export, .run = run_export, .check = check_export,
		.errors = { ENOMEM, EFAULT }, .refusals = 5 });
}

static void prepare_import(void)
{
	prepare_dmabuf();
	prepare_open();
}

static int run_import(void)
{
	return __pgem_import(s.other, s.dmabuf, &s.handle);
}

static void check_import(int ret)
{
	if (ret)
		s.handle = pgem_import(s.other, s.dmabuf);
	igt_assert_eq(pgem_objects(), 1);
	igt_assert_eq_u64(pgem_resident(s.other, s.handle), 0);
	close(s.dmabuf);
	close(s.other);
	nothing_left();
}

static void import(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_import, .run = run_import, .check = check_import,
		.errors = { ENOMEM, EFAULT }, .refusals = 3 });
}

/* The list of objects, long enough to need more than the first buffer */
static char list_path[64], list_text[16384], list_before[sizeof(list_text)];

static int run_list(void)
{
	return pgem_read_file(list_path, list_text, sizeof(list_text)) < 0 ? -ENOMEM : 0;
}

static void check_list(int ret)
{
	if (!ret)
		igt_assert(!strcmp(list_text, list_before));
}

static void list(int fd)
{
	for (int i = 0; i < 120; i++)
		pgem_create(fd, PG);
	snprintf(list_path, sizeof(list_path), "/sys/kernel/debug/dri/%d/bos", pgem_minor());
	igt_assert_lt(8192, pgem_read_file(list_path, list_before, sizeof(list_before)));
	each(fd, &(struct pgem_nth){
		.run = run_list, .check = check_list, .errors = { ENOMEM }, .refusals = 4 });
}

static const struct pgem_test tests[] = {
	{ "open-render", open_render, "Opening the render node." },
	{ "open-primary", open_primary, "Opening the primary node." },
	{ "get-param", get_param, "GET_PARAM." },
	{ "create", create, "GEM_CREATE leaves its arguments and no object." },
	{ "create-dumb", create_dumb, "A dumb buffer, likewise." },
	{ "info", info, "GEM_INFO." },
	{ "mmap-offset", mmap_offset, "GEM_MMAP_OFFSET." },
	{ "madvise", madvise_object, "GEM_MADVISE." },
	{ "label", label, "GEM_LABEL, which copies twice and keeps it." },
	{ "close-handle", close_handle, "Closing a handle." },
	{ "close-file", close_file, "Closing a file never fails, and frees its objects." },
	{ "close-dmabuf", close_dmabuf, "Closing a dma-buf, likewise." },
	{ "export", export, "An object that could not be exported can be, later." },
	{ "import", import, "A dma-buf that could not be imported can be, later." },
	{ "list", list, "The list in debugfs is whole, or cannot be read." },
};

int igt_main()
{
	igt_fixture()
		igt_require_f(pgem_nth_possible(), "the kernel has no fault injection\n");
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_inject_map_subtests();
	pgem_inject_fence_subtests();
	pgem_inject_share_subtests();
	pgem_inject_device_subtests();
}
