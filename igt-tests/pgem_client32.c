// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_client32
 *
 * Built for 32 bits and run by pgem_abi: uses every call of the interface, by plain
 * system calls. It gets the device by its path, and ends with 0 or the number of
 * the line that went wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "pgem_abi.h"

_Static_assert(sizeof(void *) == 4, "this is to be a 32-bit program");
_Static_assert(sizeof(off_t) == 8, "mmap offsets do not fit 32 bits");

#define SIZE 65536

static int complain(int line)
{
	char text[] = "failed in line 0000\n";

	for (int i = 18; line; i--, line /= 10)
		text[i] = '0' + line % 10;
	(void)!write(2, text, sizeof(text) - 1);
	return 1;
}

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			return complain(__LINE__); \
	} while (0)

static int test_params(int fd)
{
	struct drm_pgem_get_param page = { .param = DRM_PGEM_PARAM_PAGE_SIZE };
	struct drm_pgem_get_param max = { .param = DRM_PGEM_PARAM_MAX_BO_SIZE };
	struct drm_pgem_get_param bad = { .param = DRM_PGEM_PARAM_PAGE_SIZE, .pad = 1 };

	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GET_PARAM, &page));
	CHECK(page.value == 4096);
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GET_PARAM, &max));
	/* The default, which takes more than 32 bits to tell. */
	CHECK(max.value > 0x100000000ull);
	CHECK(ioctl(fd, DRM_IOCTL_PGEM_GET_PARAM, &bad) && errno == EINVAL);
	return 0;
}

static int test_large(int fd)
{
	struct drm_pgem_gem_create create = { .size = 0x200000001ull };
	struct drm_pgem_gem_info info = {};
	struct drm_gem_close close = {};

	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &create));
	CHECK(create.size == 0x200001000ull);
	info.handle = create.handle;
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, &info));
	CHECK(info.size == 0x200001000ull && info.resident == 0);
	close.handle = create.handle;
	CHECK(!ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close));
	return 0;
}

static int test_memory(int fd, uint32_t handle)
{
	struct drm_pgem_gem_mmap_offset offset = { .handle = handle };
	struct drm_pgem_gem_info info = { .handle = handle };
	uint8_t *map;

	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_MMAP_OFFSET, &offset));
	CHECK(offset.offset >= 0x100000000ull);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
	CHECK(map != MAP_FAILED);
	for (int i = 0; i < SIZE / 4096; i += 2)
		map[i * 4096] = i + 1;
	CHECK(!munmap(map, 4096));
	for (int i = 2; i < SIZE / 4096; i += 2)
		CHECK(map[i * 4096] == i + 1);
	CHECK(!munmap(map, SIZE));
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, &info));
	CHECK(info.size == SIZE && info.resident == SIZE / 2);
	return 0;
}

static int test_dmabuf(int fd, uint32_t handle)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = O_CLOEXEC | O_RDWR };
	struct drm_prime_handle back;
	uint8_t *map;

	CHECK(!ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 6 * 4096);
	CHECK(map != MAP_FAILED);
	CHECK(map[0] == 7);
	CHECK(!munmap(map, 4096));
	back = (struct drm_prime_handle){ .fd = prime.fd };
	CHECK(!ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &back));
	CHECK(back.handle == handle);
	close(prime.fd);
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int test_fences(int fd, uint32_t handle)
{
	struct drm_pgem_fence_attach attach = { .handle = handle, .flags = DRM_PGEM_FENCE_WRITE };
	struct drm_pgem_gem_wait wait = { .handle = handle };
	struct drm_pgem_fence_signal signal = {};

	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &attach));
	CHECK(attach.out_fence);
	CHECK(ioctl(fd, DRM_IOCTL_PGEM_GEM_WAIT, &wait) && errno == ETIME);
	CHECK(ioctl(fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &attach) && errno == EBUSY);
	/* A time beyond 32 bits, 4 s after the machine's start; half of it would be past. */
	wait.timeout_ns = now_ns() + 200000000;
	CHECK(wait.timeout_ns > 0x100000000ll);
	CHECK(ioctl(fd, DRM_IOCTL_PGEM_GEM_WAIT, &wait) && errno == ETIME);
	CHECK(now_ns() >= wait.timeout_ns);
	signal.fence = attach.out_fence;
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_FENCE_SIGNAL, &signal));
	CHECK(ioctl(fd, DRM_IOCTL_PGEM_FENCE_SIGNAL, &signal) && errno == ENOENT);
	wait.flags = DRM_PGEM_WAIT_WRITE;
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_WAIT, &wait));
	return 0;
}

/* A pointer of 32 bits, in a field of 64 */
static int test_advice(int fd, uint32_t handle)
{
	struct drm_pgem_gem_madvise madvise = { .handle = handle };
	struct drm_pgem_gem_label label = { .handle = handle, .label = (uintptr_t)"client32" };

	madvise.advice = DRM_PGEM_MADV_DONTNEED;
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_MADVISE, &madvise));
	CHECK(madvise.retained == 1);
	CHECK(ioctl(fd, DRM_IOCTL_PGEM_GEM_MADVISE, &madvise) && errno == EINVAL);
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_LABEL, &label));
	/* Beyond 32 bits nothing is this program's. */
	label.label |= 0x100000000ull;
	CHECK(ioctl(fd, DRM_IOCTL_PGEM_GEM_LABEL, &label) && errno == EFAULT);
	label.label = 0;
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_LABEL, &label));
	return 0;
}

int main(int argc, char **argv)
{
	struct drm_pgem_gem_create create = { .size = SIZE };
	int fd;

	CHECK(argc == 2);
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(!ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &create));
	return test_params(fd) || test_large(fd) || test_memory(fd, create.handle) ||
	       test_dmabuf(fd, create.handle) || test_fences(fd, create.handle) ||
	       test_advice(fd, create.handle);
}
