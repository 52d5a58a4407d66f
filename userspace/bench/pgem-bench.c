// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * What it costs to create, map and touch a buffer, for pgem, vgem and memfd side
 * by side. Prints CSV: a row per measure, a column per provider, in nanoseconds of
 * CLOCK_MONOTONIC. Run under QEMU's `-icount shift=0` (make bench) a nanosecond
 * is one guest instruction, and two runs agree; elsewhere it is just time.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xf86drm.h>
#include <drm_mode.h>
#include <pgem_drm.h>

#define SIZE	(64ull << 20)
#define BATCH	64
#define ROUNDS	16
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

enum {
	CREATE, CLOSE, MMAP, FIRST_TOUCH, TOGETHER, MUNMAP, MMAP_AGAIN, REFAULT, SHARE, MEASURES
};

static const char * const names[MEASURES] = {
	[CREATE] = "create 64 MiB",
	[CLOSE] = "close an untouched one",
	[MMAP] = "first mmap of 64 MiB",
	[FIRST_TOUCH] = "first touch of a page",
	[TOGETHER] = "both together per page",
	[MUNMAP] = "munmap with all pages mapped",
	[MMAP_AGAIN] = "mmap again (pages exist)",
	[REFAULT] = "refault of a page",
	[SHARE] = "export and import by another file",
};

/* A buffer: of a DRM device by handle, or a memfd by itself. */
struct buffer {
	int fd;
	uint32_t handle;
	off_t offset;
};

struct provider {
	const char *name;
	int (*create)(int device, struct buffer *buffer);
	int (*destroy)(struct buffer *buffer);
};

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "pgem-bench: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, ": %s\n", strerror(errno));
	va_end(args);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);

	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int pgem_create(int device, struct buffer *buffer)
{
	struct drm_pgem_gem_create create = { .size = SIZE };
	struct drm_pgem_gem_mmap_offset map = { };

	if (drmIoctl(device, DRM_IOCTL_PGEM_GEM_CREATE, &create))
		return -1;
	map.handle = create.handle;
	*buffer = (struct buffer){ .fd = device, .handle = create.handle };
	if (drmIoctl(device, DRM_IOCTL_PGEM_GEM_MMAP_OFFSET, &map))
		return -1;
	buffer->offset = map.offset;

	return 0;
}

static int vgem_create(int device, struct buffer *buffer)
{
	struct drm_mode_create_dumb create = { .width = 4096, .height = SIZE / 4096, .bpp = 8 };
	struct drm_mode_map_dumb map = { };

	if (drmIoctl(device, DRM_IOCTL_MODE_CREATE_DUMB, &create))
		return -1;
	map.handle = create.handle;
	*buffer = (struct buffer){ .fd = device, .handle = create.handle };
	if (drmIoctl(device, DRM_IOCTL_MODE_MAP_DUMB, &map))
		return -1;
	buffer->offset = map.offset;

	return 0;
}

static int drm_destroy(struct buffer *buffer)
{
	struct drm_gem_close args = { .handle = buffer->handle };

	return drmIoctl(buffer->fd, DRM_IOCTL_GEM_CLOSE, &args);
}

static int memfd_create_buffer(int device, struct buffer *buffer)
{
	int fd = memfd_create("pgem-bench", MFD_CLOEXEC);

	(void)device;
	*buffer = (struct buffer){ .fd = fd };

	return fd < 0 ? -1 : ftruncate(fd, SIZE);
}

static int memfd_destroy(struct buffer *buffer)
{
	return close(buffer->fd);
}

static const struct provider providers[] = {
	{ "pgem", pgem_create, drm_destroy },
	{ "vgem", vgem_create, drm_destroy },
	{ "memfd", memfd_create_buffer, memfd_destroy },
};

static bool is_drm(const struct provider *p)
{
	return p->destroy == drm_destroy;
}

static int open_device(const struct provider *p)
{
	int device = drmOpen(p->name, NULL);

	if (device < 0)
		die("no device of %s: is the module loaded? try: modprobe %s", p->name, p->name);

	return device;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A batch, since the clock itself costs; the best of several, as the rest is noise. */
static void bench_create(const struct provider *p, int device, uint64_t *result)
{
	struct buffer buffers[BATCH];
	uint64_t start = now(), middle;

	for (int i = 0; i < BATCH; i++)
		if (p->create(device, &buffers[i]))
			die("%s: create", p->name);
	middle = now();
	for (int i = 0; i < BATCH; i++)
		if (p->destroy(&buffers[i]))
			die("%s: close", p->name);

	result[CREATE] = min(result[CREATE], (middle - start) / BATCH);
	result[CLOSE] = min(result[CLOSE], (now() - middle) / BATCH);
}

static char *timed_map(const struct provider *p, struct buffer *buffer, uint64_t *result)
{
	uint64_t start = now();
	char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, buffer->fd,
			 buffer->offset);

	*result = now() - start;
	if (map == MAP_FAILED)
		die("%s: mmap", p->name);

	return map;
}

static uint64_t timed_touch(char *map)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	uint64_t start = now();

	for (size_t at = 0; at < SIZE; at += page)
		__atomic_store_n(map + at, 1, __ATOMIC_RELAXED);

	return (now() - start) / (SIZE / page);
}

static void bench_touch(const struct provider *p, int device, uint64_t *result)
{
	struct buffer buffer;
	uint64_t start;
	char *map;

	if (p->create(device, &buffer))
		die("%s: create", p->name);

	map = timed_map(p, &buffer, &result[MMAP]);
	result[FIRST_TOUCH] = timed_touch(map);
	result[TOGETHER] = result[FIRST_TOUCH] + result[MMAP] / (SIZE / sysconf(_SC_PAGESIZE));
	start = now();
	munmap(map, SIZE);
	result[MUNMAP] = now() - start;

	map = timed_map(p, &buffer, &result[MMAP_AGAIN]);
	result[REFAULT] = timed_touch(map);
	munmap(map, SIZE);
	p->destroy(&buffer);
}

/* From a handle to a handle of another open file, and both that and the dma-buf gone. */
static void share(const struct provider *p, struct buffer *buffer, int other)
{
	struct buffer theirs = { .fd = other };
	int dmabuf;

	if (drmPrimeHandleToFD(buffer->fd, buffer->handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf))
		die("%s: export", p->name);
	if (drmPrimeFDToHandle(other, dmabuf, &theirs.handle))
		die("%s: import", p->name);
	if (drm_destroy(&theirs))
		die("%s: close", p->name);
	close(dmabuf);
}

static void bench_share(const struct provider *p, int device, uint64_t *result)
{
	int other = open_device(p);

	for (int round = 0; round < ROUNDS; round++) {
		struct buffer buffers[BATCH];
		uint64_t start;

		for (int i = 0; i < BATCH; i++)
			if (p->create(device, &buffers[i]))
				die("%s: create", p->name);
		start = now();
		for (int i = 0; i < BATCH; i++)
			share(p, &buffers[i], other);
		*result = min(*result, (now() - start) / BATCH);
		for (int i = 0; i < BATCH; i++)
			p->destroy(&buffers[i]);
	}
	close(other);
}

int main(int argc, char **argv)
{
	uint64_t results[ARRAY_SIZE(providers)][MEASURES] = { };

	if (argc > 1) {
		bool help = !strcmp(argv[1], "--help");

		fprintf(help ? stdout : stderr,
			"usage: pgem-bench\nPrints CSV; wants pgem and vgem loaded, and root.\n");
		return help ? 0 : 2;
	}

	for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
		const struct provider *p = &providers[i];
		int device = is_drm(p) ? open_device(p) : -1;

		results[i][CREATE] = UINT64_MAX;
		results[i][CLOSE] = UINT64_MAX;
		results[i][SHARE] = UINT64_MAX;
		for (int round = 0; round < ROUNDS; round++)
			bench_create(p, device, results[i]);
		bench_touch(p, device, results[i]);
		if (is_drm(p)) {
			bench_share(p, device, &results[i][SHARE]);
			close(device);
		}
	}

	printf("measure");
	for (size_t i = 0; i < ARRAY_SIZE(providers); i++)
		printf(",%s", providers[i].name);
	for (int m = 0; m < MEASURES; m++) {
		printf("\n%s", names[m]);
		for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
			if (results[i][m] == UINT64_MAX)
				printf(",-");
			else
				printf(",%llu", (unsigned long long)results[i][m]);
		}
	}
	printf("\n");

	return 0;
}
