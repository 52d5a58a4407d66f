// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_vgem
 *
 * A client that knows of vgem only, from the kernel's vgem_drm.h. Each subtest stands
 * for one of upstream's vgem_basic and vgem_slow, which ask for a device of the name
 * "vgem". They are run on pgem, and again on vgem, to see that it is vgem's interface
 * that they hold pgem to.
 */
#include <drm/vgem_drm.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_sync.h"

IGT_TEST_DESCRIPTION("Check that a client of vgem works on pgem.");

#define PAGES 1024
#define SAME_FIELD(type, field) \
	_Static_assert(offsetof(struct drm_pgem_ ## type, field) == \
		       offsetof(struct drm_vgem_ ## type, field), #field " is elsewhere")

_Static_assert(DRM_IOCTL_PGEM_FENCE_ATTACH == DRM_IOCTL_VGEM_FENCE_ATTACH, "not vgem's number");
_Static_assert(DRM_IOCTL_PGEM_FENCE_SIGNAL == DRM_IOCTL_VGEM_FENCE_SIGNAL, "not vgem's number");
_Static_assert(DRM_PGEM_FENCE_WRITE == VGEM_FENCE_WRITE, "not vgem's flag");
SAME_FIELD(fence_attach, handle);
SAME_FIELD(fence_attach, flags);
SAME_FIELD(fence_attach, out_fence);
SAME_FIELD(fence_attach, pad);
SAME_FIELD(fence_signal, fence);
SAME_FIELD(fence_signal, flags);

static int attach(int fd, struct drm_vgem_fence_attach *arg)
{
	return drmIoctl(fd, DRM_IOCTL_VGEM_FENCE_ATTACH, arg) ? -errno : 0;
}

static uint32_t attached(int fd, uint32_t handle, uint32_t flags)
{
	struct drm_vgem_fence_attach arg = { .handle = handle, .flags = flags };

	igt_assert_eq(attach(fd, &arg), 0);
	igt_assert_neq_u32(arg.out_fence, 0);
	return arg.out_fence;
}

static int signal_fence(int fd, uint32_t fence, uint32_t flags)
{
	struct drm_vgem_fence_signal arg = { .fence = fence, .flags = flags };

	return drmIoctl(fd, DRM_IOCTL_VGEM_FENCE_SIGNAL, &arg) ? -errno : 0;
}

/* vgem has no other way to create an object, and that one not on the render node. */
static uint32_t create_dumb(int fd, size_t *size)
{
	struct drm_mode_create_dumb arg = { .width = 1024, .height = PAGES, .bpp = 32 };

	igt_assert_eq(drmIoctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &arg), 0);
	igt_assert_neq_u32(arg.handle, 0);
	igt_assert_lte_u64((uint64_t)PAGES * 4096, arg.size);
	if (size)
		*size = arg.size;
	return arg.handle;
}

static void create(int fd)
{
	size_t size;
	uint32_t handle = create_dumb(fd, &size);

	igt_assert_eq_u64(size, PAGES * PG);
	pgem_close(fd, handle);
	igt_assert_eq(__pgem_close(fd, handle), -EINVAL);
}

static uint8_t *map_dumb(int fd, uint32_t handle, size_t size)
{
	struct drm_mode_map_dumb arg = { .handle = handle };

	igt_assert_eq(drmIoctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &arg), 0);
	return pgem_map_fd(fd, arg.offset, size);
}

static void map(int fd)
{
	size_t size;
	uint32_t handle = create_dumb(fd, &size);
	uint8_t *mem = map_dumb(fd, handle, size);

	/* A mapping does without the handle. */
	pgem_close(fd, handle);
	pgem_fill(mem, 0, PAGES);
	pgem_check(mem, 0, PAGES);
	pgem_unmap(mem, size);
}

static void bad_flag(int fd)
{
	uint32_t handle = create_dumb(fd, NULL);
	struct drm_vgem_fence_attach arg = { .handle = handle, .flags = ~VGEM_FENCE_WRITE };

	igt_assert_eq(attach(fd, &arg), -EINVAL);
	pgem_close(fd, handle);
}

static void bad_pad(int fd)
{
	uint32_t handle = create_dumb(fd, NULL);
	struct drm_vgem_fence_attach arg = { .handle = handle, .pad = ~0u };

	igt_assert_eq(attach(fd, &arg), -EINVAL);
	pgem_close(fd, handle);
}

static void bad_handle(int fd)
{
	struct drm_vgem_fence_attach arg = { .handle = 0xdead };

	igt_assert_eq(attach(fd, &arg), -ENOENT);
}

static void bad_fence(int fd)
{
	igt_assert_eq(signal_fence(fd, 0xdead, 0), -ENOENT);
	igt_assert_eq(signal_fence(fd, 0xdead, ~0u), -EINVAL);
}

static void busy_fence(int fd)
{
	uint32_t handle = create_dumb(fd, NULL), fence = attached(fd, handle, VGEM_FENCE_WRITE);
	struct drm_vgem_fence_attach reader = { .handle = handle };
	struct drm_vgem_fence_attach writer = { .handle = handle, .flags = VGEM_FENCE_WRITE };

	igt_assert_eq(attach(fd, &reader), -EBUSY);
	igt_assert_eq(attach(fd, &writer), -EBUSY);
	igt_assert_eq(signal_fence(fd, fence, 0), 0);
	fence = attached(fd, handle, 0);
	igt_assert_eq(attach(fd, &writer), -EBUSY);
	igt_assert_eq(attach(fd, &reader), 0);
	igt_assert_eq(signal_fence(fd, fence, 0), 0);
	igt_assert_eq(signal_fence(fd, reader.out_fence, 0), 0);
	igt_assert_eq(signal_fence(fd, fence, 0), -ENOENT);
	pgem_close(fd, handle);
}

static void expect_poll(int dmabuf, bool in, bool out)
{
	igt_assert_eq(pgem_poll(dmabuf, POLLIN, 0), in);
	igt_assert_eq(pgem_poll(dmabuf, POLLOUT, 0), out);
}

static void dmabuf_fence(int fd)
{
	uint32_t handle = create_dumb(fd, NULL), fence;
	int dmabuf = pgem_export(fd, handle);

	fence = attached(fd, handle, 0);
	expect_poll(dmabuf, true, false);
	igt_assert_eq(signal_fence(fd, fence, 0), 0);
	expect_poll(dmabuf, true, true);
	fence = attached(fd, handle, VGEM_FENCE_WRITE);
	expect_poll(dmabuf, false, false);
	igt_assert_eq(signal_fence(fd, fence, 0), 0);
	expect_poll(dmabuf, true, true);
	close(dmabuf);
	pgem_close(fd, handle);
}

/* The fence is there before the dma-buf is. */
static void dmabuf_fence_before(int fd)
{
	uint32_t handle = create_dumb(fd, NULL), fence = attached(fd, handle, 0);
	int dmabuf = pgem_export(fd, handle);

	expect_poll(dmabuf, true, false);
	igt_assert_eq(signal_fence(fd, fence, 0), 0);
	expect_poll(dmabuf, true, true);
	close(dmabuf);
	pgem_close(fd, handle);
}

/* By a file of the driver to another one of the same driver */
static void dmabuf_export(int fd)
{
	size_t size;
	uint32_t handle = create_dumb(fd, &size), there;
	int dmabuf = pgem_export(fd, handle), other;
	uint8_t *mem = map_dumb(fd, handle, size), *seen;
	char path[64], link[64] = "";

	pgem_fill(mem, 0, PAGES);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	igt_assert_lt(0, readlink(path, link, sizeof(link) - 1));
	other = open(link, O_RDWR | O_CLOEXEC);
	igt_assert(other >= 0);
	there = pgem_import(other, dmabuf);
	close(dmabuf);
	pgem_unmap(mem, size);
	pgem_close(fd, handle);
	seen = map_dumb(other, there, size);
	pgem_check(seen, 0, PAGES);
	pgem_unmap(seen, size);
	close(other);
}

static void dmabuf_mmap(int fd)
{
	size_t size;
	uint32_t handle = create_dumb(fd, &size);
	int dmabuf = pgem_export(fd, handle);
	uint8_t *mem;

	pgem_close(fd, handle);
	mem = pgem_map_fd(dmabuf, 0, size);
	close(dmabuf);
	pgem_fill(mem, 0, PAGES);
	pgem_check(mem, 0, PAGES);
	pgem_unmap(mem, size);
}

static void set_version(int fd)
{
	drmSetVersion version = { 1, 4, -1, -1 };
	drmVersionPtr driver = drmGetVersion(fd);

	igt_assert(driver);
	igt_assert_lte(1, driver->version_major);
	drmFreeVersion(driver);
	igt_assert_eq(drmSetInterfaceVersion(fd, &version), 0);
	igt_assert_eq(version.drm_di_major, 1);
}

static void second_client(int fd)
{
	uint32_t handle = create_dumb(fd, NULL), fence = attached(fd, handle, VGEM_FENCE_WRITE);
	char path[64], link[64] = "";
	int second;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	igt_assert_lt(0, readlink(path, link, sizeof(link) - 1));
	second = open(link, O_RDWR | O_CLOEXEC);
	igt_assert(second >= 0);
	create(second);
	/* What the first one has is not the second one's. */
	igt_assert_eq(signal_fence(second, fence, 0), -ENOENT);
	close(second);
	igt_assert_eq(signal_fence(fd, fence, 0), 0);
	pgem_close(fd, handle);
}

/* vgem_slow: a fence that nobody signals is over within 11 seconds. */
static void nohang(int fd)
{
	uint32_t handle = create_dumb(fd, NULL);
	uint32_t fence = attached(fd, handle, VGEM_FENCE_WRITE);
	int dmabuf = pgem_export(fd, handle);

	expect_poll(dmabuf, false, false);
	igt_assert(pgem_poll(dmabuf, POLLIN, 11000));
	expect_poll(dmabuf, true, true);
	igt_assert_eq(signal_fence(fd, fence, 0), -ETIMEDOUT);
	close(dmabuf);
	pgem_close(fd, handle);
}

static const struct pgem_test tests[] = {
	{ "setversion", set_version, "The interface of DRM can be chosen." },
	{ "second-client", second_client, "Two clients are there at the same time." },
	{ "create", create, "Objects can be created, and closed once." },
	{ "mmap", map, "Their memory can be written and read." },
	{ "bad-flag", bad_flag, "Unknown flags are refused." },
	{ "bad-pad", bad_pad, "A pad that is set is refused." },
	{ "bad-handle", bad_handle, "Unknown handles are refused." },
	{ "bad-fence", bad_fence, "Unknown fences are refused." },
	{ "busy-fence", busy_fence, "Fences in conflict are refused." },
	{ "dmabuf-export", dmabuf_export, "An object goes to another client." },
	{ "dmabuf-mmap", dmabuf_mmap, "A dma-buf can be mapped." },
	{ "dmabuf-fence", dmabuf_fence, "A dma-buf is as busy as its fences say." },
	{ "dmabuf-fence-before", dmabuf_fence_before, "Also by fences that were there before." },
	{ "nohang", nohang, "A fence that is not signalled does not hang others." },
};

static int open_vgem(void)
{
	for (int i = 0; i < 64; i++) {
		char path[32];
		drmVersionPtr version;
		bool found;
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version && !strcmp(version->name, "vgem");
		drmFreeVersion(version);
		if (found)
			return fd;
		close(fd);
	}
	return -1;
}

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_PRIMARY);

	/* Without the last one, which would take 10 s more */
	for (volatile size_t i = 0; i < ARRAY_SIZE(tests) - 1; i++) {
		igt_describe_f("The same on vgem: %s", tests[i].description);
		igt_subtest_f("on-vgem-%s", tests[i].name) {
			int fd;

			pgem_begin(PGEM_NONE);
			igt_assert_eq(igt_kmod_load("vgem", NULL), 0);
			fd = open_vgem();
			igt_assert(fd >= 0);
			tests[i].fn(fd);
			close(fd);
			pgem_end();
		}
	}
	igt_fixture()
		igt_kmod_unload("vgem");
}
