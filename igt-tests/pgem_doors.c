// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_doors
 *
 * What a client can do by system calls on a mapping, whose file is one on the object's shmem
 * inode: nothing that the driver would refuse. See pgem_map_files for what root can do.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_pages.h"

IGT_TEST_DESCRIPTION("Check what can be done by a mapping's file.");

#define PAGES 16

static void expect_whole(const struct pgem_buf *buf)
{
	igt_assert_eq(madvise(buf->map, buf->size, MADV_DONTNEED), 0);
	pgem_check(buf->map, 0, buf->pages);
}

/* It would map the file anew, past what the driver refuses to map. */
static void remap_file(int fd)
{
	struct pgem_buf buf;
	size_t first;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	first = pgem_offset(fd, buf.handle) / PG;
	igt_assert(remap_file_pages(buf.map + PG, PG, 0, 3, 0));
	igt_assert(remap_file_pages(buf.map + PG, PG, 0, first + 3, 0));
	expect_whole(&buf);
	pgem_buf_fini(&buf);
}

static void remap_file_dmabuf(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;
	int dmabuf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	dmabuf = pgem_export(fd, buf.handle);
	map = pgem_map_fd(dmabuf, 0, buf.size);
	igt_assert(remap_file_pages(map + PG, PG, 0, 3, 0));
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, buf.size);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

static void madv_remove(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	igt_assert(madvise(buf.map, PG, MADV_REMOVE));
	expect_whole(&buf);
	pgem_buf_fini(&buf);
}

static void mremap_grow(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	igt_assert(mremap(buf.map, buf.size, 2 * buf.size, MREMAP_MAYMOVE) == MAP_FAILED);
	igt_assert(mremap(buf.map, PG, 2 * buf.size, MREMAP_MAYMOVE) == MAP_FAILED);
	expect_whole(&buf);
	pgem_buf_fini(&buf);
}

static void expect_name(const void *map)
{
	char line[512];

	pgem_maps_line(map, line, sizeof(line));
	igt_assert_f(strstr(line, " /pgem:"), "%s", line);
	igt_assert_f(!strstr(line, "/dev/") && !strstr(line, "/dmabuf"), "%s", line);
}

static void maps(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;
	int dmabuf;

	pgem_buf_init(&buf, fd, PAGES);
	expect_name(buf.map);
	dmabuf = pgem_export(fd, buf.handle);
	map = pgem_map_fd(dmabuf, 0, buf.size);
	expect_name(map);
	pgem_unmap(map, buf.size);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

/* Write-protects pages that are not there yet, and has the kernel lift it at a write. */
static int protect_unpopulated(void *map, size_t size)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED,
	};
	struct uffdio_register reg = { { (uintptr_t)map, size }, UFFDIO_REGISTER_MODE_WP, 0 };
	struct uffdio_writeprotect protect = { reg.range, UFFDIO_WRITEPROTECT_MODE_WP };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	igt_assert(uffd >= 0);
	igt_assert_eq(ioctl(uffd, UFFDIO_API, &api), 0);
	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		return -errno;
	igt_assert_eq(ioctl(uffd, UFFDIO_WRITEPROTECT, &protect), 0);
	return 0;
}

/* In a child, which is killed if its write never ends. */
static void write_protected(enum pgem_kind kind, int fd)
{
	struct pgem_area area;
	int status, i;
	pid_t pid;

	pgem_area_init(&area, kind, fd, 4);
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		if (protect_unpopulated(area.map, area.size))
			_exit(2);
		_exit(pgem_write_signal(area.map + PG) || area.map[PG] != 0xa5);
	}
	for (i = 0; i < 100 && !waitpid(pid, &status, WNOHANG); i++)
		usleep(100000);
	if (i == 100) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	igt_info("%s: %s, status %#x\n", area.name, i == 100 ? "hangs" : "ends", status);
	igt_assert_lt(i, 100);
	/* A kernel that refuses such mappings (VM_MIXEDMAP) is as good. */
	igt_assert(!status || (kind == PGEM_OBJECT && WEXITSTATUS(status) == 2));
	pgem_area_fini(&area);
}

static void userfault(int fd)
{
	write_protected(PGEM_MEMFD, fd);
	write_protected(PGEM_OBJECT, fd);
}

static const struct pgem_test tests[] = {
	{ "remap-file-pages", remap_file, "remap_file_pages() is refused." },
	{ "remap-file-pages-dmabuf", remap_file_dmabuf, "So it is for a dma-buf's mapping." },
	{ "madv-remove", madv_remove, "MADV_REMOVE is refused." },
	{ "mremap-grow", mremap_grow, "A mapping cannot grow." },
	{ "maps", maps, "/proc/PID/maps tells that it is an object." },
	{ "userfaultfd", userfault, "A write to what userfaultfd protects asynchronously ends." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
