// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_map_files
 *
 * Root can open an object's shmem inode, by a mapping's name in /proc/PID/map_files. Root may
 * spoil that object so, but neither the kernel nor another object, and does not keep the
 * module from being unloaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_pages.h"
#include "pgem_peer.h"
#include "pgem_video.h"

IGT_TEST_DESCRIPTION("Check what root can do by /proc/PID/map_files.");

#define PAGES 256	/* a frame of video and more */

static void expect_whole(const struct pgem_buf *buf)
{
	igt_assert_eq(madvise(buf->map, buf->size, MADV_DONTNEED), 0);
	pgem_check(buf->map, 0, buf->pages);
}

static int open_mapping(const void *map, int flags)
{
	unsigned long start, end;
	char line[512], path[64];
	int file;

	pgem_maps_line(map, line, sizeof(line));
	igt_assert_eq(sscanf(line, "%lx-%lx ", &start, &end), 2);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", start, end);
	file = open(path, flags | O_CLOEXEC);
	igt_assert_f(file >= 0, "%s: %s\n", path, strerror(errno));
	return file;
}

/* One object is spoilt; the other must not notice. */
struct pair {
	struct pgem_buf spoilt, other;
	int file;
};

static void pair_init(struct pair *pair, int fd)
{
	pgem_buf_init(&pair->spoilt, fd, PAGES);
	pgem_buf_init(&pair->other, fd, PAGES);
	pgem_fill(pair->spoilt.map, 0, PAGES);
	pgem_fill(pair->other.map, 0, PAGES);
	pair->file = open_mapping(pair->spoilt.map, O_RDWR);
}

static void pair_fini(struct pair *pair)
{
	close(pair->file);
	expect_whole(&pair->other);
	pgem_buf_fini(&pair->spoilt);
	expect_whole(&pair->other);
	pgem_buf_fini(&pair->other);
	igt_assert_eq(pgem_objects(), 0);
}

static void expect_info(const struct pgem_buf *buf, uint64_t least, uint64_t most)
{
	struct drm_pgem_gem_info info;

	igt_assert_eq(__pgem_info(buf->fd, buf->handle, &info), 0);
	igt_assert_eq_u64(info.size, buf->size);
	igt_assert_lte_u64(least, info.resident);
	igt_assert_lte_u64(info.resident, most);
}

/*
 * By a mapping and a device: each may fail, and says so. Not by the kernel: the dma-buf core
 * warns when an exporter refuses that, for whatever reason.
 */
static void use_as_dmabuf(const struct pgem_buf *buf)
{
	int vgem = pgem_peer_open(pgem_peer("vgem")), dmabuf = pgem_export(buf->fd, buf->handle);
	uint32_t handle = 0;
	uint8_t *map;
	int sig, ret;

	map = pgem_map_fd(dmabuf, 0, buf->size);
	sig = pgem_write_signal(map);
	ret = __pgem_import(vgem, dmabuf, &handle);
	igt_info("dma-buf: signal %d, attachment %d\n", sig, ret);
	igt_assert(!sig || sig == SIGBUS);
	if (!ret)
		pgem_close(vgem, handle);
	pgem_unmap(map, buf->size);
	close(dmabuf);
	close(vgem);
}

static void truncated(int fd)
{
	struct pair pair;

	pair_init(&pair, fd);
	igt_assert_eq(ftruncate(pair.file, 0), 0);
	expect_info(&pair.spoilt, 0, 0);
	igt_assert_eq(pgem_read_signal(pair.spoilt.map), SIGBUS);
	igt_assert_eq(pgem_write_signal(pair.spoilt.map + PG), SIGBUS);
	use_as_dmabuf(&pair.spoilt);
	expect_info(&pair.spoilt, 0, 0);
	/* A part of it, and whole again. */
	igt_assert_eq(ftruncate(pair.file, 2 * PG), 0);
	igt_assert(pgem_is_zero(pair.spoilt.map, 2 * PG));
	igt_assert_eq(pgem_read_signal(pair.spoilt.map + 2 * PG), SIGBUS);
	use_as_dmabuf(&pair.spoilt);
	igt_assert_eq(ftruncate(pair.file, pair.spoilt.size), 0);
	pgem_fill(pair.spoilt.map, 3, PAGES);
	pgem_check(pair.spoilt.map, 3, PAGES);
	use_as_dmabuf(&pair.spoilt);
	pair_fini(&pair);
}

/* The pages that a device has are pinned: they are taken from the object all the same. */
static void truncated_attached(int fd)
{
	int vgem = pgem_peer_open(pgem_peer("vgem")), dmabuf;
	struct pgem_video camera;
	struct pair pair;
	uint32_t handle;

	pair_init(&pair, fd);
	dmabuf = pgem_export(fd, pair.spoilt.handle);
	handle = pgem_import(vgem, dmabuf);
	pgem_video_init(&camera, 0, PGEM_VIDEO_CAPTURE, PGEM_VIDEO_WIDTH, PGEM_VIDEO_HEIGHT);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, dmabuf);
	igt_assert_eq(ftruncate(pair.file, 0), 0);
	igt_assert_eq(pgem_read_signal(pair.spoilt.map), SIGBUS);
	/* Into pages that nobody sees any more */
	pgem_video_on(&camera);
	igt_assert_eq(pgem_video_dequeue(&camera), 0);
	pgem_video_fini(&camera);
	pgem_close(vgem, handle);
	close(vgem);
	close(dmabuf);
	pair_fini(&pair);
}

static void punched(int fd)
{
	struct pair pair;

	pair_init(&pair, fd);
	igt_assert_eq(fallocate(pair.file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PG,
				2 * PG), 0);
	expect_info(&pair.spoilt, pair.spoilt.size - 2 * PG, pair.spoilt.size - 2 * PG);
	pgem_check(pair.spoilt.map, 0, 1);
	igt_assert(pgem_is_zero(pair.spoilt.map + PG, 2 * PG));
	pgem_check(pair.spoilt.map + 3 * PG, 3, PAGES - 3);
	use_as_dmabuf(&pair.spoilt);
	pair_fini(&pair);
}

static void written(int fd)
{
	uint64_t word = 0x1122334455667788, back = 0;
	struct pair pair;

	pair_init(&pair, fd);
	igt_assert_eq(pwrite(pair.file, &word, sizeof(word), 5 * PG + 8), sizeof(word));
	igt_assert(!memcmp(pair.spoilt.map + 5 * PG + 8, &word, sizeof(word)));
	pair.spoilt.map[6 * PG] = 0x42;
	igt_assert_eq(pread(pair.file, &back, 1, 6 * PG), 1);
	igt_assert_eq_u64(back, 0x42);
	use_as_dmabuf(&pair.spoilt);
	pair_fini(&pair);
}

static void extended(int fd)
{
	uint64_t word = 0x1122334455667788;
	struct pair pair;

	pair_init(&pair, fd);
	igt_assert_eq(ftruncate(pair.file, 4 * pair.spoilt.size), 0);
	igt_assert_eq(pwrite(pair.file, &word, sizeof(word), 3 * pair.spoilt.size),
		      sizeof(word));
	/* One page more, or none more than the object can have */
	expect_info(&pair.spoilt, pair.spoilt.size, pair.spoilt.size + PG);
	expect_whole(&pair.spoilt);
	use_as_dmabuf(&pair.spoilt);
	igt_assert_eq(ftruncate(pair.file, pair.spoilt.size), 0);
	pair_fini(&pair);
}

static void seals(int fd)
{
	struct pair pair;
	int ret;

	pair_init(&pair, fd);
	ret = fcntl(pair.file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE);
	igt_info("F_ADD_SEALS: %s\n", ret ? strerror(errno) : "done");
	igt_assert(ret);
	expect_whole(&pair.spoilt);
	pair_fini(&pair);
}

static void make_udmabuf(int fd)
{
	struct udmabuf_create create = { .size = PAGES * PG };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), ret;
	struct pair pair;

	igt_require_f(device >= 0, "no udmabuf\n");
	pair_init(&pair, fd);
	create.memfd = pair.file;
	ret = ioctl(device, UDMABUF_CREATE, &create);
	igt_info("UDMABUF_CREATE: %s\n", ret < 0 ? strerror(errno) : "done");
	igt_assert_lt(ret, 0);
	expect_whole(&pair.spoilt);
	close(device);
	pair_fini(&pair);
}

/* The inode is the kernel's own: a descriptor of it holds no code of the driver. */
static void unload_with(int flags)
{
	uint8_t byte = 0x42;
	struct pgem_buf buf;
	int fd, file;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	file = open_mapping(buf.map, flags);
	pgem_buf_fini(&buf);
	close(fd);
	igt_assert_eq(pgem_objects(), 0);
	igt_assert_eq(__pgem_unload(), 0);
	if (flags != O_PATH) {
		igt_assert_eq(pwrite(file, &byte, 1, PG), 1);
		igt_assert_eq(ftruncate(file, PG), 0);
	}
	close(file);
	pgem_load("");
}

static void unload_path(int fd)
{
	(void)fd;
	unload_with(O_PATH);
}

static void unload_file(int fd)
{
	(void)fd;
	unload_with(O_RDWR);
}

static const struct pgem_test tests[] = {
	{ "truncated", truncated, "Root truncates an object: touches get SIGBUS." },
	{ "truncated-attached", truncated_attached, "The same while devices have its pages." },
	{ "punched", punched, "Root punches a hole: there are zeros in it." },
	{ "written", written, "Root writes and reads: it is the same memory." },
	{ "extended", extended, "Root makes it larger: the object stays as it is." },
	{ "seals", seals, "Not even root can seal an object's file." },
	{ "udmabuf", make_udmabuf, "Hence not make a udmabuf of it." },
};

static const struct pgem_test unload_tests[] = {
	{ "unload-path", unload_path, "The module goes while O_PATH has the inode." },
	{ "unload-file", unload_file, "It goes while root has the inode's own file open." },
};

static void cleanup(int sig)
{
	(void)sig;
	if (access(PGEM_MODULE_DIR, F_OK))
		__pgem_load("");
}

int igt_main()
{
	igt_fixture()
		igt_install_exit_handler(cleanup);
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_run_tests(unload_tests, ARRAY_SIZE(unload_tests), PGEM_NONE);
}
