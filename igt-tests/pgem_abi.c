// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_abi
 *
 * The interface as numbers and bytes: structures of other lengths, other directions,
 * unused numbers, bad pointers, and 32-bit programs. pgem_abi.h pins the layout.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_abi.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check the interface's numbers and layout.");

static const struct {
	uint32_t request;
	size_t size;
} calls[] = {
	{ DRM_IOCTL_PGEM_GET_PARAM, sizeof(struct drm_pgem_get_param) },
	{ DRM_IOCTL_PGEM_FENCE_ATTACH, sizeof(struct drm_pgem_fence_attach) },
	{ DRM_IOCTL_PGEM_FENCE_SIGNAL, sizeof(struct drm_pgem_fence_signal) },
	{ DRM_IOCTL_PGEM_GEM_CREATE, sizeof(struct drm_pgem_gem_create) },
	{ DRM_IOCTL_PGEM_GEM_MMAP_OFFSET, sizeof(struct drm_pgem_gem_mmap_offset) },
	{ DRM_IOCTL_PGEM_GEM_INFO, sizeof(struct drm_pgem_gem_info) },
	{ DRM_IOCTL_PGEM_GEM_WAIT, sizeof(struct drm_pgem_gem_wait) },
	{ DRM_IOCTL_PGEM_GEM_MADVISE, sizeof(struct drm_pgem_gem_madvise) },
	{ DRM_IOCTL_PGEM_GEM_LABEL, sizeof(struct drm_pgem_gem_label) },
};

static uint32_t request_of(uint32_t request, uint32_t direction, size_t size)
{
	return _IOC(direction, _IOC_TYPE(request), _IOC_NR(request), size);
}

/* A client built before a field was added: what it does not pass is zero. */
static void shorter_struct(int fd)
{
	struct drm_pgem_gem_create create = { .size = 5 * PG, .flags = 0, .handle = 77 };
	struct drm_pgem_gem_info info = { .resident = 0x1234 };
	uint32_t all = _IOC_READ | _IOC_WRITE;

	/* Without the handle, that there is one cannot be refused, and it is not told. */
	igt_assert_eq(pgem_ioctl(fd, request_of(DRM_IOCTL_PGEM_GEM_CREATE, all, 12), &create), 0);
	igt_assert_eq_u32(create.handle, 77);
	info.handle = 1;
	igt_assert_eq(pgem_ioctl(fd, request_of(DRM_IOCTL_PGEM_GEM_INFO, all, 16), &info), 0);
	igt_assert_eq_u64(info.size, 5 * PG);
	igt_assert_eq_u64(info.resident, 0x1234);
	pgem_close(fd, 1);
}

/* The same for fences: no pad, and no time until which to wait */
static void shorter_fence(int fd)
{
	struct drm_pgem_fence_attach attach = { .handle = pgem_create(fd, PG),
						.flags = DRM_PGEM_FENCE_WRITE, .pad = 77 };
	struct drm_pgem_gem_wait wait = { .handle = attach.handle, .timeout_ns = INT64_MAX };
	struct drm_pgem_fence_signal signal = { .flags = 77 };
	uint32_t all = _IOC_READ | _IOC_WRITE;

	igt_assert_eq(pgem_ioctl(fd, request_of(DRM_IOCTL_PGEM_FENCE_ATTACH, all, 12), &attach),
		      0);
	igt_assert_neq_u32(attach.out_fence, 0);
	igt_assert_eq(pgem_ioctl(fd, request_of(DRM_IOCTL_PGEM_GEM_WAIT, _IOC_WRITE, 8), &wait),
		      -ETIME);
	signal.fence = attach.out_fence;
	igt_assert_eq(pgem_ioctl(fd, request_of(DRM_IOCTL_PGEM_FENCE_SIGNAL, _IOC_WRITE, 4),
				 &signal), 0);
	pgem_close(fd, attach.handle);
}

/* And for advice and labels: no answer, and no label, which takes away the old one */
static void shorter_advice(int fd)
{
	struct drm_pgem_gem_madvise madvise = { .handle = pgem_create(fd, PG),
						.retained = 77, .pad = 77 };
	struct drm_pgem_gem_label label = { .handle = madvise.handle, .label = 8 };
	uint32_t all = _IOC_READ | _IOC_WRITE;

	igt_assert_eq(pgem_ioctl(fd, request_of(DRM_IOCTL_PGEM_GEM_MADVISE, all, 8), &madvise),
		      0);
	igt_assert_eq_u32(madvise.retained, 77);
	igt_assert_eq(pgem_ioctl(fd, request_of(DRM_IOCTL_PGEM_GEM_LABEL, _IOC_WRITE, 8), &label),
		      0);
	pgem_close(fd, madvise.handle);
}

/* A client newer than the driver: what the driver does not know comes back as it was. */
static void longer_struct(int fd)
{
	struct {
		struct drm_pgem_gem_create create;
		uint64_t more[64];
	} arg = { .create = { .size = PG } };
	uint32_t all = _IOC_READ | _IOC_WRITE;

	memset(arg.more, 0x77, sizeof(arg.more));
	igt_assert_eq(pgem_ioctl(fd, request_of(DRM_IOCTL_PGEM_GEM_CREATE, all, sizeof(arg)), &arg),
		      0);
	igt_assert_neq_u32(arg.create.handle, 0);
	for (size_t i = 0; i < ARRAY_SIZE(arg.more); i++)
		igt_assert_eq_u64(arg.more[i], 0x7777777777777777);
	pgem_close(fd, arg.create.handle);
}

/* With nothing passed in, size and handle are zero. */
static void no_input(int fd)
{
	struct drm_pgem_gem_create create = { .size = PG };
	struct drm_pgem_gem_info info = { .handle = pgem_create(fd, PG) };
	uint32_t create_in = request_of(DRM_IOCTL_PGEM_GEM_CREATE, _IOC_READ, sizeof(create));
	uint32_t info_in = request_of(DRM_IOCTL_PGEM_GEM_INFO, _IOC_READ, sizeof(info));

	igt_assert_eq(pgem_ioctl(fd, create_in, &create), -EINVAL);
	igt_assert_eq(pgem_ioctl(fd, info_in, &info), -ENOENT);
	pgem_close(fd, 1);
}

static void no_output(int fd)
{
	struct drm_pgem_gem_info info = { .handle = pgem_create(fd, PG), .size = 7 };
	uint32_t request = request_of(DRM_IOCTL_PGEM_GEM_INFO, _IOC_WRITE, sizeof(info));

	igt_assert_eq(pgem_ioctl(fd, request, &info), 0);
	igt_assert_eq_u64(info.size, 7);
	pgem_close(fd, info.handle);
}

static bool answers(uint32_t request)
{
	return _IOC_DIR(request) & _IOC_READ;
}

/*
 * Stack memory of the kernel must not come out of a call that has no input, and
 * nothing at all out of one that has no output.
 */
static void nothing_leaks(int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		uint8_t arg[1024], before[sizeof(arg)];

		memset(arg, 0x77, sizeof(arg));
		memset(before, 0x77, sizeof(arg));
		pgem_ioctl(fd, request_of(calls[i].request, _IOC_READ, sizeof(arg)), arg);
		if (answers(calls[i].request))
			igt_assert(pgem_is_zero(arg + calls[i].size, sizeof(arg) - calls[i].size));
		else
			igt_assert(!memcmp(arg, before, sizeof(arg)));
	}
}

static void bad_pointer(int fd)
{
	void *read_only = mmap(NULL, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *none = mmap(NULL, PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	igt_assert(read_only != MAP_FAILED && none != MAP_FAILED);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		igt_assert_eq(pgem_ioctl(fd, calls[i].request, NULL), -EFAULT);
		igt_assert_eq(pgem_ioctl(fd, calls[i].request, (void *)8), -EFAULT);
		igt_assert_eq(pgem_ioctl(fd, calls[i].request, none), -EFAULT);
		/* All zero, where it can be read: an unknown handle or fence. */
		igt_assert_eq(pgem_ioctl(fd, calls[i].request, read_only),
			      answers(calls[i].request) ? -EFAULT : -ENOENT);
		igt_assert_eq(pgem_ioctl(fd, calls[i].request, (void *)(INTPTR_MIN + 64)), -EFAULT);
	}
	pgem_unmap(read_only, PG);
	pgem_unmap(none, PG);
	igt_assert_eq(pgem_objects(), 0);
}

static bool used(uint32_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (_IOC_NR(calls[i].request) == number)
			return true;
	return false;
}

static void unused_numbers(int fd)
{
	for (uint32_t number = DRM_COMMAND_BASE; number < DRM_COMMAND_END; number++) {
		uint64_t arg[2] = {};

		if (used(number))
			continue;
		igt_assert_eq(pgem_ioctl(fd, DRM_IOWR(number, arg), arg), -EINVAL);
		igt_assert_eq(pgem_ioctl(fd, DRM_IO(number), arg), -EINVAL);
	}
}

static void other_type(int fd)
{
	struct drm_pgem_get_param arg = {};

	igt_assert_eq(pgem_ioctl(fd, _IOWR('e', DRM_COMMAND_BASE, struct drm_pgem_get_param), &arg),
		      -ENOTTY);
}

static void plain_file_calls(int fd)
{
	char byte = 0;

	/* read() waits for events, of which there are none. */
	igt_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	igt_assert_eq(read(fd, &byte, 1), -1);
	igt_assert_eq(errno, EAGAIN);
	igt_assert_eq(write(fd, &byte, 1), -1);
	igt_assert_eq(errno, EINVAL);
}

static void run_client(const char *path, const char *node)
{
	char command[PATH_MAX + 256];

	snprintf(command, sizeof(command), "%s %s", path, node);
	igt_assert_eq(system(command), 0);
}

static void client32(int fd)
{
	char self[PATH_MAX] = "", path[PATH_MAX + 32], node[64], link[32];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	igt_assert(len > 0);
	snprintf(path, sizeof(path), "%s/pgem_client32", dirname(self));
	igt_require_f(!access(path, X_OK), "no 32-bit compiler when this was built\n");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, node, sizeof(node) - 1);
	igt_assert(len > 0);
	node[len] = '\0';
	for (int i = 0; i < 3; i++)
		run_client(path, node);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "shorter-struct", shorter_struct, "Fields that are not passed count as zero." },
	{ "shorter-fence", shorter_fence, "The same for fences, and for waiting." },
	{ "shorter-advice", shorter_advice, "The same for advice, and for labels." },
	{ "longer-struct", longer_struct, "Fields behind those that the driver knows come back." },
	{ "no-input", no_input, "A call that passes nothing in is refused." },
	{ "no-output", no_output, "A call that wants nothing back gets nothing." },
	{ "nothing-leaks", nothing_leaks, "What comes back beyond the structure is zero." },
	{ "bad-pointer", bad_pointer, "A bad address gives EFAULT." },
	{ "unused-numbers", unused_numbers, "Numbers without a meaning are refused." },
	{ "other-type", other_type, "Calls of another kind are not DRM's." },
	{ "plain-file-calls", plain_file_calls, "read() and write() are not for data." },
	{ "client32", client32, "A 32-bit program can use every call." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
