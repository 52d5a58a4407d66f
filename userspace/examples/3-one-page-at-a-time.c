// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Lesson 3: memory comes one page at a time
 *
 * An object of 64 MiB costs nothing at first. Each touch of a new page makes the
 * processor fault, and the driver's fault handler allocates this page and maps
 * it. Two witnesses are asked while the pages are touched one after another: the
 * driver says what the object occupies (GEM_INFO), the kernel says what this
 * process has mapped of shared memory (RssShmem in /proc/self/status).
 *
 * What lesson 2 did by hand is done by libpgem here.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xf86drm.h>

#include <pgem.h>

#define OBJECT_SIZE (64u << 20)

static int fail(const char *what, int err)
{
	fprintf(stderr, "3-one-page-at-a-time: %s: %s\n", what, strerror(-err));
	return 1;
}

/* KiB, or a negative errno value. */
static long read_rss_shmem(void)
{
	char line[128];
	long kib = -ENODATA;
	FILE *status;

	status = fopen("/proc/self/status", "re");
	if (!status)
		return -errno;

	while (kib < 0 && fgets(line, sizeof(line), status))
		sscanf(line, "RssShmem: %ld kB", &kib);

	fclose(status);
	return kib;
}

static int print_line(const struct pgem_bo *bo, uint64_t touched)
{
	struct drm_pgem_gem_info info = { .handle = bo->handle };
	long rss;

	if (drmIoctl(bo->fd, DRM_IOCTL_PGEM_GEM_INFO, &info))
		return fail("GEM_INFO", -errno);
	rss = read_rss_shmem();
	if (rss < 0)
		return fail("/proc/self/status", rss);

	printf("%13" PRIu64 " %13" PRIu64 " %13ld\n", touched, (uint64_t)info.resident / 1024, rss);
	return 0;
}

static int touch_pages(struct pgem_bo *bo, uint64_t page_size)
{
	uint64_t pages = bo->size / page_size, page, next = 1;
	char *map = bo->map;

	printf("%13s %13s %13s\n", "pages touched", "resident KiB", "RssShmem KiB");
	if (print_line(bo, 0))
		return 1;

	for (page = 0; page < pages; page++) {
		map[page * page_size] = 1;

		/* Look after 1, 4, 16, ... pages. */
		if (page + 1 == next) {
			if (print_line(bo, next))
				return 1;
			next *= 4;
		}
	}
	return 0;
}

static int create_and_touch(int fd)
{
	uint64_t page_size;
	struct pgem_bo bo;
	int ret, failed;

	ret = pgem_get_param(fd, DRM_PGEM_PARAM_PAGE_SIZE, &page_size);
	if (ret)
		return fail("GET_PARAM", ret);
	ret = pgem_bo_create(fd, OBJECT_SIZE, &bo);
	if (ret)
		return fail("pgem_bo_create", ret);

	ret = pgem_bo_map(&bo);
	failed = ret ? fail("pgem_bo_map", ret) : touch_pages(&bo, page_size);

	/* Unmaps as well. */
	pgem_bo_close(&bo);
	return failed;
}

int main(int argc, char **argv)
{
	int fd, failed;

	fd = pgem_open(argc > 1 ? argv[1] : NULL);
	if (fd < 0)
		return fail("no pgem device (try 1-open)", fd);

	failed = create_and_touch(fd);

	close(fd);
	return failed;
}
