// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: the device and its ioctls
 *
 * The device is looked for by its driver's name on every open: its node's number
 * changes when the driver is unbound and bound again. libigt's own search is not
 * used, as it may load other drivers. See pgem_mem.c for memory and pgem_sys.c for
 * files, module and threads.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

/* Seconds for one subtest: many times what the slowest takes under TCG. */
#define SUBTEST_LIMIT 90

size_t PG;

static size_t objects_before;

__attribute__((constructor))
static void page_size_init(void)
{
	PG = sysconf(_SC_PAGESIZE);
}

void pgem_bind(void)
{
	igt_assert_eq(__pgem_bind(), 0);
	/* A new device: what earlier failures left was on the old one. */
	objects_before = 0;
}

static void ensure_device(void)
{
	int fd;

	if (access(PGEM_MODULE_DIR, F_OK))
		pgem_load("");
	fd = __pgem_open(PGEM_RENDER, O_RDWR);
	if (fd < 0) {
		pgem_bind();
		fd = pgem_open(PGEM_RENDER, O_RDWR);
	}
	close(fd);
}

static int subtest_fd = -1;

size_t pgem_objects(void)
{
	return pgem_lines(NULL, 0) - objects_before;
}

int pgem_begin(enum pgem_node node)
{
	/* What a failed subtest left behind. */
	if (subtest_fd >= 0)
		close(subtest_fd);
	pgem_restore();

	igt_set_timeout(SUBTEST_LIMIT, "a subtest");
	ensure_device();
	objects_before = pgem_lines(NULL, 0);
	subtest_fd = node == PGEM_NONE ? -1 : pgem_open(node, O_RDWR);
	return subtest_fd;
}

void pgem_end(void)
{
	if (subtest_fd >= 0)
		close(subtest_fd);
	subtest_fd = -1;
	pgem_restore();
	igt_reset_timeout();
}

void pgem_run_tests(const struct pgem_test *tests, size_t count, enum pgem_node node)
{
	for (volatile size_t i = 0; i < count; i++) {
		igt_describe(tests[i].description);
		igt_subtest(tests[i].name) {
			tests[i].fn(pgem_begin(node));
			pgem_end();
		}
	}
}

static bool is_pgem(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !pgem_ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, PGEM_NAME);
}

int __pgem_open(enum pgem_node node, int flags)
{
	const char *format = node == PGEM_PRIMARY ? "/dev/dri/card%d" : "/dev/dri/renderD%d";
	int first = node == PGEM_PRIMARY ? 0 : 128;

	for (int i = first; i < first + 64; i++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), format, i);
		fd = open(path, flags | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (is_pgem(fd))
			return fd;
		close(fd);
	}
	return -ENODEV;
}

int pgem_open(enum pgem_node node, int flags)
{
	int fd = __pgem_open(node, flags);

	igt_assert_f(fd >= 0, "no device of driver " PGEM_NAME " in /dev/dri\n");
	return fd;
}

int pgem_minor(void)
{
	int fd = pgem_open(PGEM_PRIMARY, O_RDWR);
	struct stat st;

	igt_assert_eq(fstat(fd, &st), 0);
	close(fd);
	return minor(st.st_rdev);
}

int pgem_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	return ret < 0 ? -errno : 0;
}

int __pgem_get_param(int fd, uint32_t param, uint64_t *value)
{
	struct drm_pgem_get_param arg = { .param = param };
	int ret = pgem_ioctl(fd, DRM_IOCTL_PGEM_GET_PARAM, &arg);

	*value = arg.value;
	return ret;
}

uint64_t pgem_get_param(int fd, uint32_t param)
{
	uint64_t value;

	igt_assert_eq(__pgem_get_param(fd, param, &value), 0);
	return value;
}

int __pgem_create(int fd, uint64_t size, uint32_t *handle)
{
	struct drm_pgem_gem_create arg = { .size = size };
	int ret = pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &arg);

	*handle = arg.handle;
	return ret;
}

uint32_t pgem_create(int fd, uint64_t size)
{
	uint32_t handle;

	igt_assert_eq(__pgem_create(fd, size, &handle), 0);
	igt_assert_neq_u32(handle, 0);
	return handle;
}

int __pgem_close(int fd, uint32_t handle)
{
	struct drm_gem_close arg = { .handle = handle };

	return pgem_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &arg);
}

void pgem_close(int fd, uint32_t handle)
{
	igt_assert_eq(__pgem_close(fd, handle), 0);
}

int __pgem_offset(int fd, uint32_t handle, uint64_t *offset)
{
	struct drm_pgem_gem_mmap_offset arg = { .handle = handle };
	int ret = pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_MMAP_OFFSET, &arg);

	*offset = arg.offset;
	return ret;
}

uint64_t pgem_offset(int fd, uint32_t handle)
{
	uint64_t offset;

	igt_assert_eq(__pgem_offset(fd, handle, &offset), 0);
	return offset;
}

int __pgem_info(int fd, uint32_t handle, struct drm_pgem_gem_info *info)
{
	*info = (struct drm_pgem_gem_info){ .handle = handle };
	return pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, info);
}

uint64_t pgem_resident(int fd, uint32_t handle)
{
	struct drm_pgem_gem_info info;

	igt_assert_eq(__pgem_info(fd, handle, &info), 0);
	return info.resident;
}

int __pgem_export(int fd, uint32_t handle, uint32_t flags, int *dmabuf)
{
	struct drm_prime_handle arg = { .handle = handle, .flags = flags };
	int ret = pgem_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &arg);

	*dmabuf = ret ? -1 : arg.fd;
	return ret;
}

int pgem_export(int fd, uint32_t handle)
{
	int dmabuf;

	igt_assert_eq(__pgem_export(fd, handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf), 0);
	return dmabuf;
}

int __pgem_import(int fd, int dmabuf, uint32_t *handle)
{
	struct drm_prime_handle arg = { .fd = dmabuf };
	int ret = pgem_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &arg);

	*handle = arg.handle;
	return ret;
}

uint32_t pgem_import(int fd, int dmabuf)
{
	uint32_t handle;

	igt_assert_eq(__pgem_import(fd, dmabuf, &handle), 0);
	igt_assert_neq_u32(handle, 0);
	return handle;
}

int __pgem_map(int fd, uint64_t offset, size_t size, int prot, int flags, uint8_t **map)
{
	*map = mmap(NULL, size, prot, flags, fd, offset);
	if (*map != MAP_FAILED)
		return 0;
	*map = NULL;
	return -errno;
}

uint8_t *pgem_map_fd(int fd, uint64_t offset, size_t size)
{
	uint8_t *map;

	igt_assert_eq(__pgem_map(fd, offset, size, PROT_READ | PROT_WRITE, MAP_SHARED, &map), 0);
	return map;
}

uint8_t *pgem_map(int fd, uint32_t handle, size_t size)
{
	return pgem_map_fd(fd, pgem_offset(fd, handle), size);
}

void pgem_unmap(void *map, size_t size)
{
	igt_assert_eq(munmap(map, size), 0);
}

void pgem_expect_map(int fd, uint64_t offset, size_t size, int prot, int flags, int error)
{
	uint8_t *map;

	igt_assert_eq(__pgem_map(fd, offset, size, prot, flags, &map), error);
	if (map)
		pgem_unmap(map, size);
}

void pgem_buf_init(struct pgem_buf *buf, int fd, size_t pages)
{
	buf->fd = fd;
	buf->pages = pages;
	buf->size = pages * PG;
	buf->handle = pgem_create(fd, buf->size);
	buf->map = pgem_map(fd, buf->handle, buf->size);
}

void pgem_buf_fini(struct pgem_buf *buf)
{
	pgem_unmap(buf->map, buf->size);
	pgem_close(buf->fd, buf->handle);
}
