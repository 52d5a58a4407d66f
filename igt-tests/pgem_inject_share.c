// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_inject: sharing
 *
 * A dma-buf of another driver as an object, and an object of pgem's as another driver's
 * buffer, with each allocation or copy failing once. What was refused leaves no pin, no
 * attachment and no object behind, and works when tried again; a dma-buf that could not
 * be made does not keep its object from being purged.
 *
 * The other driver is udmabuf on the way in. On the way out it is vivid, a V4L2 device
 * without hardware. It wants memory in one piece, and gets it: what is looked at is the
 * metadata of a frame, which fits the object's first page.
 *
 * A mapping for the kernel (vmap) is left out: dma_buf_vmap() warns of each that fails.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_inject.h"
#include "pgem_lib.h"
#include "pgem_nth.h"
#include "pgem_sync.h"

#define PAGES		16
#define VIDEO_DIR	"/sys/class/video4linux"
/* A camera with metadata, for DMA; without inputs for HDMI, which alone crash vivid */
#define VIDEO_PARAMS	"n_devs=1 allocators=1 node_types=0x20001 num_inputs=1 input_types=0"

/* What the operations work on */
static struct {
	int fd;			/* the subtest's file */
	int other;		/* one of each try */
	int dmabuf;
	int video;
	uint32_t handle;
	uint64_t offset;
	uint8_t *map;
	int refs;
} s;

static void each(int fd, const struct pgem_nth *op)
{
	s.fd = fd;
	s.refs = pgem_refcount();
	pgem_nth_each(op);
}

static void nothing_left(void)
{
	igt_assert_eq(pgem_objects(), 0);
	igt_assert_eq(pgem_refcount(), s.refs);
}

static void prepare_import(void)
{
	s.dmabuf = pgem_udmabuf(PAGES);
	s.other = pgem_open(PGEM_RENDER, O_RDWR);
}

static int run_import(void)
{
	return __pgem_import(s.other, s.dmabuf, &s.handle);
}

static void check_import(int ret)
{
	struct drm_pgem_gem_info info;
	uint8_t *map;

	if (ret)
		s.handle = pgem_import(s.other, s.dmabuf);
	igt_assert_eq(pgem_objects(), 1);
	igt_assert_eq(__pgem_info(s.other, s.handle, &info), 0);
	igt_assert_eq_u32(info.flags, DRM_PGEM_GEM_IMPORTED);
	igt_assert_eq_u64(info.size, PAGES * PG);
	map = pgem_map(s.other, s.handle, PAGES * PG);
	pgem_fill(map, 0, PAGES);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, PAGES * PG);
	close(s.dmabuf);
	close(s.other);
	nothing_left();
}

static void import_udmabuf(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_import, .run = run_import, .check = check_import,
		.errors = { ENOMEM, EFAULT }, .refusals = 5 });
}

static void prepare_map(void)
{
	prepare_import();
	s.handle = pgem_import(s.other, s.dmabuf);
	s.offset = pgem_offset(s.other, s.handle);
}

static int run_map(void)
{
	return __pgem_map(s.other, s.offset, PAGES * PG, PROT_READ | PROT_WRITE, MAP_SHARED,
			  &s.map);
}

/* A mapping is the exporter's, and holds nothing of pgem's; nor does one that failed. */
static void check_map(int ret)
{
	if (!ret) {
		pgem_fill(s.map, 0, PAGES);
		pgem_check(s.map, 0, PAGES);
	}
	close(s.dmabuf);
	pgem_close(s.other, s.handle);
	close(s.other);
	nothing_left();
	if (!ret) {
		pgem_check(s.map, 0, PAGES);
		pgem_unmap(s.map, PAGES * PG);
	}
}

static void map_import(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_map, .run = run_map, .check = check_map,
		.errors = { ENOMEM }, .refusals = 1 });
}

/* The device of vivid's that has that name; -1: none */
static int find_video(const char *name)
{
	DIR *dir = opendir(VIDEO_DIR);
	struct dirent *entry;
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir))) {
		char path[sizeof(VIDEO_DIR) + sizeof(entry->d_name) + 8], text[64];

		snprintf(path, sizeof(path), VIDEO_DIR "/%s/name", entry->d_name);
		if (pgem_read_file(path, text, sizeof(text)) <= 0 ||
		    strncmp(text, name, strlen(name)))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return fd;
}

static void open_video(const char *name)
{
	igt_kmod_unload("vivid");
	igt_require_f(!igt_kmod_load("vivid", VIDEO_PARAMS), "the kernel has no vivid\n");
	s.video = find_video(name);
	igt_assert_f(s.video >= 0, "no video device of the name %s\n", name);
}

static void close_video(void)
{
	close(s.video);
	igt_kmod_unload("vivid");
}

/* Makes room for @count buffers; 0 takes away what is there, mappings and all. */
static void request_buffers(unsigned int count)
{
	struct v4l2_requestbuffers arg = {
		.type = V4L2_BUF_TYPE_META_CAPTURE, .memory = V4L2_MEMORY_DMABUF, .count = count,
	};

	igt_assert_eq(pgem_ioctl(s.video, VIDIOC_REQBUFS, &arg), 0);
}

static int run_queue(void)
{
	struct v4l2_buffer arg = {
		.type = V4L2_BUF_TYPE_META_CAPTURE, .memory = V4L2_MEMORY_DMABUF,
		.m = { .fd = s.dmabuf }, .length = PG,
	};

	return pgem_ioctl(s.video, VIDIOC_QBUF, &arg);
}

static void prepare_queue(void)
{
	s.handle = pgem_create(s.fd, PAGES * PG);
	s.dmabuf = pgem_export(s.fd, s.handle);
	request_buffers(1);
}

/*
 * EINVAL is what videobuf2 makes of a failed mapping. EFAULT may come last, when the
 * buffer is queued already, which it cannot be another time.
 */
static void check_queue(int ret)
{
	if (ret)
		igt_assert(!run_queue() || ret == -EFAULT);
	/* All there, as the device needs them. */
	igt_assert_eq_u64(pgem_resident(s.fd, s.handle), PAGES * PG);
	request_buffers(0);
	close(s.dmabuf);
	pgem_close(s.fd, s.handle);
	nothing_left();
}

/*
 * What comes before the mapping is not tried: videobuf2, in 7.2, keeps a reference to a
 * dma-buf that it cannot attach to. These allocations have other sizes.
 */
static const char * const queue_slabs[] = {
	"kmalloc-128", "kmalloc-512", "radix_tree_node", NULL,
};

static void map_dma(int fd)
{
	open_video("vivid-000-meta-cap");
	each(fd, &(struct pgem_nth){
		.prepare = prepare_queue, .run = run_queue, .check = check_queue,
		.slabs = queue_slabs, .errors = { EFAULT, EINVAL }, .refusals = PAGES });
	close_video();
}

/* The number that the dma-buf will get, to be closed also if it was not told. */
static void prepare_export(void)
{
	s.other = pgem_open(PGEM_RENDER, O_RDWR);
	s.handle = pgem_create(s.other, PG);
	s.dmabuf = dup(s.other);
	close(s.dmabuf);
}

static int run_export(void)
{
	int unused;

	return __pgem_export(s.other, s.handle, DRM_CLOEXEC | DRM_RDWR, &unused);
}

/* A dma-buf that came to nothing keeps nothing; one that nobody was told of does. */
static void check_purge(int ret)
{
	bool exported = pgem_line_of(s.other, s.handle).dmabuf;

	igt_assert(exported || ret);
	if (exported)
		close(s.dmabuf);
	pgem_dontneed(s.other, s.handle);
	pgem_shrink(PGEM_SHRINK_ALL);
	igt_assert_eq(pgem_willneed(s.other, s.handle), exported);
	close(s.other);
	nothing_left();
}

static void export_purge(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_export, .run = run_export, .check = check_purge,
		.errors = { ENOMEM, EFAULT }, .refusals = 5 });
}

static const struct pgem_test tests[] = {
	{ "import-udmabuf", import_udmabuf, "A dma-buf of another driver." },
	{ "map-import", map_import, "Mapping such a one." },
	{ "map-dma", map_dma, "All pages, mapped for a device." },
	{ "export-purge", export_purge, "What could not be exported can be purged." },
};

void pgem_inject_share_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
