// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_library
 *
 * libpgem keeps what pgem.h promises. The driver's side of it has tests of its own; here
 * it is what the library adds: errors as return values, output arguments that a failure
 * leaves alone, buffers that can be closed twice.
 *
 * Goes without pgem_lib.c, whose functions are called as the library's are. Fences are in
 * pgem_library_fence.c, flags, advice and labels in pgem_library_memory.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_library.h"

IGT_TEST_DESCRIPTION("Check libpgem.");

FILE *pgem_library_debugfs(int fd, const char *name, const char *mode)
{
	struct stat st;
	char path[64];
	FILE *file;

	igt_assert_eq(fstat(fd, &st), 0);
	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/%s", minor(st.st_rdev), name);
	file = fopen(path, mode);
	igt_assert_f(file, "cannot open %s\n", path);
	return file;
}

static size_t objects(int fd)
{
	FILE *file = pgem_library_debugfs(fd, "bos", "re");
	char line[512];
	size_t count = 0;

	while (fgets(line, sizeof(line), file))
		count++;
	fclose(file);
	return count - 1;
}

struct pgem_bo pgem_library_create(int fd)
{
	struct pgem_bo bo;

	igt_assert_eq(pgem_bo_create(fd, PGEM_LIBRARY_SIZE, &bo), 0);
	return bo;
}

int pgem_library_export(const struct pgem_bo *bo)
{
	int dmabuf = pgem_bo_export(bo);

	igt_assert(dmabuf >= 0);
	return dmabuf;
}

/* That a structure still has the bytes that it was filled with */
void pgem_library_expect_untouched(const void *p, size_t size)
{
	const uint8_t *bytes = p;

	for (size_t i = 0; i < size; i++)
		igt_assert_eq_u32(bytes[i], PGEM_LIBRARY_UNTOUCHED);
}

static void open_node(int fd)
{
	char link[32], node[64] = "";
	int other;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	igt_assert(readlink(link, node, sizeof(node) - 1) > 0);
	other = pgem_open(node);
	igt_assert(other >= 0 && other != fd);
	igt_assert(fcntl(other, F_GETFD) & FD_CLOEXEC);
	close(other);
}

static void open_bad(int fd)
{
	(void)fd;
	igt_assert_eq(pgem_open("/dev/null"), -ENOTTY);
	igt_assert_eq(pgem_open("/dev/dri/none"), -ENOENT);
}

static void param(int fd)
{
	uint64_t value;

	igt_assert_eq(pgem_get_param(fd, DRM_PGEM_PARAM_PAGE_SIZE, &value), 0);
	igt_assert_eq_u64(value, sysconf(_SC_PAGESIZE));
	memset(&value, PGEM_LIBRARY_UNTOUCHED, sizeof(value));
	igt_assert_eq(pgem_get_param(fd, 1000, &value), -EINVAL);
	pgem_library_expect_untouched(&value, sizeof(value));
}

static void create_bad(int fd)
{
	struct pgem_bo bo;

	memset(&bo, PGEM_LIBRARY_UNTOUCHED, sizeof(bo));
	igt_assert_eq(pgem_bo_create(fd, 0, &bo), -EINVAL);
	igt_assert_eq(pgem_bo_create(fd, INT64_MAX, &bo), -E2BIG);
	pgem_library_expect_untouched(&bo, sizeof(bo));
}

static void map(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);
	uint64_t resident;
	void *first;

	igt_assert(!bo.map);
	igt_assert_eq(pgem_bo_map(&bo), 0);
	first = bo.map;
	igt_assert_eq(pgem_bo_map(&bo), 0);
	igt_assert(bo.map == first);
	*(char *)bo.map = 1;
	igt_assert_eq(pgem_bo_unmap(&bo), 0);
	igt_assert(!bo.map);
	igt_assert_eq(pgem_bo_unmap(&bo), 0);
	igt_assert_eq(pgem_bo_resident(&bo, &resident), 0);
	igt_assert_eq_u64(resident, sysconf(_SC_PAGESIZE));
	pgem_bo_close(&bo);
}

/* Some dozens of the largest take all offsets; another can be mapped when one of them goes. */
static void map_no_offset(int fd)
{
	struct pgem_bo bos[80];
	size_t last = 0;
	int dmabuf, ret;
	uint64_t size;
	void *map;

	igt_assert_eq(pgem_get_param(fd, DRM_PGEM_PARAM_MAX_BO_SIZE, &size), 0);
	for (;; last++) {
		igt_assert(last < ARRAY_SIZE(bos));
		igt_assert_eq(pgem_bo_create(fd, size, &bos[last]), 0);
		ret = pgem_bo_map(&bos[last]);
		if (ret)
			break;
	}
	igt_assert_eq(ret, -ENOSPC);
	igt_assert(!bos[last].map);

	/* Its dma-buf needs none. */
	dmabuf = pgem_bo_export(&bos[last]);
	igt_assert(dmabuf >= 0);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, dmabuf, 0);
	igt_assert(map != MAP_FAILED);
	munmap(map, 4096);
	close(dmabuf);

	igt_assert_eq(pgem_bo_close(&bos[0]), 0);
	igt_assert_eq(pgem_bo_map(&bos[last]), 0);
	for (size_t i = 1; i <= last; i++)
		igt_assert_eq(pgem_bo_close(&bos[i]), 0);
}

static void close_twice(int fd)
{
	static const struct pgem_bo closed;
	struct pgem_bo bo = pgem_library_create(fd);

	igt_assert_eq(pgem_bo_map(&bo), 0);
	igt_assert_eq(pgem_bo_close(&bo), 0);
	igt_assert(!memcmp(&bo, &closed, sizeof(bo)));
	igt_assert_eq(pgem_bo_close(&bo), 0);
}

/* The file is open, the handle is 0. */
static void closed_buffer(int fd)
{
	struct pgem_bo bo = { .fd = fd, .size = PGEM_LIBRARY_SIZE };
	bool retained = false;
	uint64_t resident;
	uint32_t number;

	memset(&resident, PGEM_LIBRARY_UNTOUCHED, sizeof(resident));
	memset(&number, PGEM_LIBRARY_UNTOUCHED, sizeof(number));
	igt_assert_eq(pgem_bo_resident(&bo, &resident), -ENOENT);
	igt_assert_eq(pgem_bo_flags(&bo, &number), -ENOENT);
	igt_assert_eq(pgem_fence_attach(&bo, 0, &number), -ENOENT);
	igt_assert_eq(pgem_bo_wait(&bo, 0, 0), -ENOENT);
	igt_assert_eq(pgem_bo_madvise(&bo, 0, &retained), -ENOENT);
	igt_assert(!retained);
	igt_assert_eq(pgem_bo_label(&bo, NULL), -ENOENT);
	igt_assert_eq(pgem_bo_export(&bo), -ENOENT);
	igt_assert_eq(pgem_bo_map(&bo), -ENOENT);
	igt_assert(!bo.map);
	pgem_library_expect_untouched(&resident, sizeof(resident));
	pgem_library_expect_untouched(&number, sizeof(number));
}

static void import(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd), same, other;
	int dmabuf = pgem_library_export(&bo), fd2 = pgem_open(NULL);
	uint32_t flags;

	igt_assert_eq(pgem_bo_import(fd, dmabuf, &same), 0);
	igt_assert_eq_u32(same.handle, bo.handle);
	igt_assert_eq(pgem_bo_import(fd2, dmabuf, &other), 0);
	igt_assert_eq_u64(other.size, PGEM_LIBRARY_SIZE);
	igt_assert_eq(pgem_bo_flags(&other, &flags), 0);
	igt_assert_eq_u32(flags, 0);
	igt_assert_eq(pgem_bo_map(&bo), 0);
	igt_assert_eq(pgem_bo_map(&other), 0);
	memcpy(bo.map, "shared", 7);
	igt_assert(!strcmp(other.map, "shared"));
	pgem_bo_close(&other);
	pgem_bo_close(&bo);
	close(fd2);
	close(dmabuf);
}

static int create_udmabuf(int memory)
{
	struct udmabuf_create arg = { .memfd = memory, .size = PGEM_LIBRARY_SIZE };
	int udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), dmabuf;

	igt_assert(udmabuf >= 0);
	dmabuf = ioctl(udmabuf, UDMABUF_CREATE, &arg);
	igt_assert(dmabuf >= 0);
	close(udmabuf);
	return dmabuf;
}

static void import_foreign(int fd)
{
	int memory = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING), dmabuf;
	uint64_t resident;
	struct pgem_bo bo;
	uint32_t flags;
	bool retained;
	char text[8];

	igt_assert_eq(ftruncate(memory, PGEM_LIBRARY_SIZE), 0);
	igt_assert_eq(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	dmabuf = create_udmabuf(memory);
	igt_assert_eq(pgem_bo_import(fd, dmabuf, &bo), 0);
	close(dmabuf);
	igt_assert_eq_u64(bo.size, PGEM_LIBRARY_SIZE);
	igt_assert_eq(pgem_bo_flags(&bo, &flags), 0);
	igt_assert_eq_u32(flags, DRM_PGEM_GEM_IMPORTED);
	igt_assert_eq(pgem_bo_map(&bo), 0);
	memcpy(bo.map, "foreign", 8);
	igt_assert_eq(pread(memory, text, sizeof(text), 0), sizeof(text));
	igt_assert(!strcmp(text, "foreign"));
	igt_assert_eq(pgem_bo_resident(&bo, &resident), 0);
	igt_assert_eq_u64(resident, 0);
	igt_assert_eq(pgem_bo_madvise(&bo, DRM_PGEM_MADV_WILLNEED, &retained), -EINVAL);
	pgem_bo_close(&bo);
	close(memory);
}

static void import_bad(int fd)
{
	struct pgem_bo bo;

	memset(&bo, PGEM_LIBRARY_UNTOUCHED, sizeof(bo));
	igt_assert_eq(pgem_bo_import(fd, fd, &bo), -EINVAL);
	igt_assert_eq(pgem_bo_import(fd, -1, &bo), -EBADF);
	pgem_library_expect_untouched(&bo, sizeof(bo));
}

static const struct pgem_library_test tests[] = {
	{ "open-node", open_node, "A node can be named." },
	{ "open-bad", open_bad, "A node that is not pgem's, or is none, is refused." },
	{ "param", param, "A parameter is told, an unknown one leaves the value alone." },
	{ "create-bad", create_bad, "A size that cannot be leaves the buffer alone." },
	{ "map", map, "A buffer is mapped once, and unmapped once." },
	{ "map-no-offset", map_no_offset, "Without a free mmap offset a buffer is left alone." },
	{ "close-twice", close_twice, "A closed buffer is all zeros and may be closed again." },
	{ "closed-buffer", closed_buffer, "A closed buffer can do nothing." },
	{ "import", import, "A dma-buf of the device is the same object." },
	{ "import-foreign", import_foreign, "One of udmabuf is mapped, and known as foreign." },
	{ "import-bad", import_bad, "What is no dma-buf leaves the buffer alone." },
};

void pgem_library_run(const struct pgem_library_test *list, size_t count)
{
	for (volatile size_t i = 0; i < count; i++) {
		igt_describe(list[i].description);
		igt_subtest(list[i].name) {
			int fd = pgem_open(NULL);
			size_t before;

			igt_assert_f(fd >= 0, "no pgem device: %d\n", fd);
			before = objects(fd);
			list[i].fn(fd);
			igt_assert_eq(objects(fd), before);
			close(fd);
		}
	}
}

int igt_main()
{
	pgem_library_run(tests, ARRAY_SIZE(tests));
	pgem_library_fence_subtests();
	pgem_library_memory_subtests();
}
