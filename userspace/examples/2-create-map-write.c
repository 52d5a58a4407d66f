// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Lesson 2: create an object, map it, write into it
 *
 * Memory of a DRM device comes in GEM objects. A program knows an object by a
 * handle, a number that means something to its own open file only. To get at the
 * memory it asks for an offset, and gives that to mmap() of the device.
 *
 * This is what pgem_bo_create(), pgem_bo_map() and pgem_bo_close() of libpgem do.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include <pgem.h>

static int fail(const char *what)
{
	fprintf(stderr, "2-create-map-write: %s: %s\n", what, strerror(errno));
	return 1;
}

static int write_and_read(int fd, const struct drm_pgem_gem_create *bo)
{
	struct drm_pgem_gem_mmap_offset args = { .handle = bo->handle };
	static const char first_text[] = "hello, page 0";
	static const char middle_text[] = "hello, page in the middle";
	char *map, *middle;

	if (drmIoctl(fd, DRM_IOCTL_PGEM_GEM_MMAP_OFFSET, &args))
		return fail("GEM_MMAP_OFFSET");

	/* MAP_SHARED: a private copy would not be the object. */
	map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, args.offset);
	if (map == MAP_FAILED)
		return fail("mmap");

	/* Ordinary memory from here on. It starts as zeros. */
	printf("first byte before: %d\n", map[0]);
	middle = map + bo->size / 2;
	memcpy(map, first_text, sizeof(first_text));
	memcpy(middle, middle_text, sizeof(middle_text));
	printf("first page:        %s\n", map);
	printf("middle page:       %s\n", middle);

	if (munmap(map, bo->size))
		return fail("munmap");
	return 0;
}

static int create_and_use(int fd)
{
	/* An odd size, to see that it is rounded up to whole pages. */
	struct drm_pgem_gem_create bo = { .size = 1000 * 1000 };
	struct drm_gem_close close_args = { 0 };
	int failed;

	if (drmIoctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &bo))
		return fail("GEM_CREATE");
	printf("object:            handle %u, %" PRIu64 " bytes\n", bo.handle, (uint64_t)bo.size);

	failed = write_and_read(fd, &bo);

	/*
	 * Closing the file would close its handles as well. A program that runs on
	 * does it itself, or the memory stays.
	 */
	close_args.handle = bo.handle;
	if (drmIoctl(fd, DRM_IOCTL_GEM_CLOSE, &close_args))
		return fail("GEM_CLOSE");
	return failed;
}

int main(int argc, char **argv)
{
	int fd, failed;

	/* Lesson 1 in one call; the node is found unless one is given. */
	fd = pgem_open(argc > 1 ? argv[1] : NULL);
	if (fd < 0) {
		errno = -fd;
		return fail("no pgem device (try 1-open)");
	}

	failed = create_and_use(fd);

	close(fd);
	return failed;
}
