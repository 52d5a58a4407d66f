// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: the neighbours
 *
 * Each makes a buffer, a dma-buf of it, and a mapping in its own way, so that bytes
 * can be looked at from its side. Their modules are loaded when a test asks for them
 * and unloaded when the program ends: later tests want pgem's device alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_peer.h"

static bool module_path(char *path, size_t size, const char *module, const char *file)
{
	snprintf(path, size, "/sys/module/%s%s", module, file);
	for (char *p = path; *p; p++)
		if (*p == '-')
			*p = '_';
	return !access(path, F_OK);
}

static const char *loaded_module(const struct pgem_peer *peer)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(peer->modules); i++)
		if (peer->modules[i] &&
		    module_path(path, sizeof(path), peer->modules[i], ""))
			return peer->modules[i];
	return NULL;
}

int __pgem_peer_unload(const struct pgem_peer *peer)
{
	const char *module = loaded_module(peer);
	char name[32];

	if (!module)
		return -ENOENT;
	snprintf(name, sizeof(name), "%s", module);
	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static void unload_all(int sig)
{
	(void)sig;
	for (size_t i = 0; i < pgem_peers_count; i++)
		__pgem_peer_unload(&pgem_peers[i]);
}

void pgem_peer_load(const struct pgem_peer *peer)
{
	static bool installed;
	char command[256];

	if (!peer->modules[0] || loaded_module(peer))
		return;
	if (!installed)
		igt_install_exit_handler(unload_all);
	installed = true;

	/* Not igt_kmod_load(), which complains about the name that a kernel does not know. */
	for (size_t i = 0; i < ARRAY_SIZE(peer->modules) && peer->modules[i]; i++) {
		snprintf(command, sizeof(command), "modprobe -q %s %s", peer->modules[i],
			 peer->params ?: "");
		if (!system(command))
			return;
	}
	igt_require_f(false, "this kernel has no %s\n", peer->name);
}

int pgem_peer_owner_refs(const struct pgem_peer *peer)
{
	const char *owner = peer->owner ?: loaded_module(peer);
	char path[64];

	/* Not loaded yet, or a part of the kernel. */
	if (!owner || !module_path(path, sizeof(path), owner, "/refcnt"))
		return 0;
	return pgem_read_number(path);
}

/* libigt's own search may load other drivers. */
static bool is_driver(int fd, const struct pgem_peer *peer)
{
	char name[32] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	if (pgem_ioctl(fd, DRM_IOCTL_VERSION, &version))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(peer->modules); i++)
		if (peer->modules[i] && !strcmp(name, peer->modules[i]))
			return true;
	return false;
}

int pgem_peer_open(const struct pgem_peer *peer)
{
	pgem_peer_load(peer);
	for (int i = 0; i < 64; i++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (is_driver(fd, peer))
			return fd;
		close(fd);
	}
	igt_assert_f(false, "%s is loaded and has no device\n", peer->name);
	return -1;
}

int pgem_video_open(const char *name)
{
	char path[64], found[64];

	for (int i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), "/sys/class/video4linux/video%d/name", i);
		if (pgem_read_file(path, found, sizeof(found)) <= 0)
			continue;
		found[strcspn(found, "\n")] = '\0';
		if (strcmp(found, name))
			continue;
		snprintf(path, sizeof(path), "/dev/video%d", i);
		return open(path, O_RDWR | O_CLOEXEC);
	}
	return -ENODEV;
}

int __pgem_peer_map_dumb(int fd, uint32_t handle, uint64_t *offset)
{
	struct drm_mode_map_dumb arg = { .handle = handle };
	int ret = pgem_ioctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &arg);

	*offset = arg.offset;
	return ret;
}

static void make_dumb(struct pgem_peer_buf *buf, uint32_t flags)
{
	struct drm_mode_create_dumb dumb = { .width = PG / 4, .height = buf->pages, .bpp = 32 };
	uint64_t offset;

	buf->device = pgem_peer_open(buf->peer);
	igt_assert_eq(pgem_ioctl(buf->device, DRM_IOCTL_MODE_CREATE_DUMB, &dumb), 0);
	igt_assert_eq_u64(dumb.size, buf->size);
	buf->handle = dumb.handle;
	igt_assert_eq(__pgem_export(buf->device, buf->handle, flags | DRM_CLOEXEC, &buf->dmabuf),
		      0);
	igt_assert_eq(__pgem_peer_map_dumb(buf->device, buf->handle, &offset), 0);
	buf->map = pgem_map_fd(buf->device, offset, buf->size);
}

static void make_udmabuf(struct pgem_peer_buf *buf, uint32_t flags)
{
	int maker = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	struct udmabuf_create arg = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = buf->size };

	(void)flags;
	igt_assert(maker >= 0);
	buf->device = memfd_create("pgem", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	arg.memfd = buf->device;
	igt_assert_eq(ftruncate(buf->device, buf->size), 0);
	igt_assert_eq(fcntl(buf->device, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	buf->dmabuf = ioctl(maker, UDMABUF_CREATE, &arg);
	igt_assert(buf->dmabuf >= 0);
	close(maker);
	buf->map = pgem_map_fd(buf->device, 0, buf->size);
}

/* Its memory has no other mapping than the dma-buf's. */
static void make_heap(struct pgem_peer_buf *buf, uint32_t flags)
{
	struct dma_heap_allocation_data arg = { .len = buf->size,
						.fd_flags = O_RDWR | O_CLOEXEC };

	(void)flags;
	buf->device = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
	igt_assert(buf->device >= 0);
	igt_assert_eq(ioctl(buf->device, DMA_HEAP_IOCTL_ALLOC, &arg), 0);
	buf->dmabuf = arg.fd;
	buf->map = pgem_map_fd(buf->dmabuf, 0, buf->size);
}

/* The project's own, modules/pgem_pinner.c */
static void make_pinner(struct pgem_peer_buf *buf, uint32_t flags)
{
	buf->device = open("/dev/pgem_pinner", O_RDWR | O_CLOEXEC);
	igt_assert(buf->device >= 0);
	buf->dmabuf = ioctl(buf->device, _IO('P', flags & DRM_RDWR), buf->size);
	igt_assert(buf->dmabuf >= 0);
	buf->map = pgem_map_fd(buf->dmabuf, 0, buf->size);
}

/* A frame that nearly fills its last page: the size of the picture is not in pages. */
static void make_vivid(struct pgem_peer_buf *buf, uint32_t flags)
{
	struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
	struct v4l2_requestbuffers request = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
					       .memory = V4L2_MEMORY_MMAP, .count = 1 };
	struct v4l2_buffer frame = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
				     .memory = V4L2_MEMORY_MMAP };
	struct v4l2_exportbuffer export = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
					    .flags = O_CLOEXEC | (flags & DRM_RDWR ? O_RDWR : 0) };

	buf->device = pgem_video_open("vivid-000-vid-cap");
	igt_assert(buf->device >= 0);
	format.fmt.pix.width = 128;
	format.fmt.pix.height = buf->pages * PG / 256 - 3;
	format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
	igt_assert_eq(pgem_ioctl(buf->device, VIDIOC_S_FMT, &format), 0);
	igt_assert_eq(pgem_ioctl(buf->device, VIDIOC_REQBUFS, &request), 0);
	igt_assert_eq(pgem_ioctl(buf->device, VIDIOC_QUERYBUF, &frame), 0);
	igt_assert_eq(frame.length, buf->size - 3 * 256);
	igt_assert_eq(pgem_ioctl(buf->device, VIDIOC_EXPBUF, &export), 0);
	buf->dmabuf = export.fd;
	igt_assert_eq_u64(lseek(buf->dmabuf, 0, SEEK_END), buf->size);
	buf->map = pgem_map_fd(buf->device, frame.m.offset, buf->size);
}

void pgem_peer_make(struct pgem_peer_buf *buf, const struct pgem_peer *peer, size_t pages,
		    uint32_t flags)
{
	pgem_peer_load(peer);
	*buf = (struct pgem_peer_buf){ .peer = peer, .pages = pages, .size = pages * PG };
	peer->make(buf, flags);
}

void pgem_peer_drop(struct pgem_peer_buf *buf)
{
	if (buf->device < 0)
		return;
	pgem_unmap(buf->map, buf->size);
	close(buf->device);
	buf->device = -1;
}

void pgem_peer_free(struct pgem_peer_buf *buf)
{
	pgem_peer_drop(buf);
	if (buf->dmabuf >= 0)
		close(buf->dmabuf);
	buf->dmabuf = -1;
}

bool pgem_peer_same(int dmabuf, int other)
{
	struct stat first, second;

	igt_assert_eq(fstat(dmabuf, &first), 0);
	igt_assert_eq(fstat(other, &second), 0);
	return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool pgem_peer_is_order(unsigned int code)
{
	unsigned int steps = 0;

	for (int i = 0; i < 4; i++, code >>= 2)
		steps |= 1 << (code & 3);
	return steps == 15;
}

#define DUMB (PGEM_PEER_DRM | PGEM_PEER_HELD | PGEM_PEER_READ_ONLY)

/* DRM's shmem helper, which the first three are built on, counts from a mapping's start. */
const struct pgem_peer pgem_peers[] = {
	{ "vgem", { "vgem" }, NULL, NULL, DUMB | PGEM_PEER_TAKES, make_dumb },
	{ "cirrus", { "cirrus-qemu", "cirrus" }, NULL, NULL, DUMB | PGEM_PEER_TAKES, make_dumb },
	{ "virtio-gpu", { "virtio_gpu" }, NULL, NULL, DUMB, make_dumb },
	{ "udmabuf", { NULL }, NULL, NULL, PGEM_PEER_PIECES, make_udmabuf },
	{ "heap", { NULL }, NULL, NULL, PGEM_PEER_PIECES, make_heap },
	{ "pinner", { "pgem_pinner" }, NULL, NULL, PGEM_PEER_HELD | PGEM_PEER_PIECES,
	  make_pinner },
	/* For pgem_writeback alone: of its buffers all is said by vgem's. */
	{ "vkms", { "vkms" }, "enable_writeback=1", NULL, 0, NULL },
	/* Two devices, the second for DMA; of each a camera and a screen, over HDMI */
	{ "vivid", { "vivid" }, "n_devs=2 allocators=0,1 node_types=0x101,0x101 num_inputs=1,1 "
	  "input_types=3,3 num_outputs=1,1 output_types=1,1", "videobuf2_vmalloc",
	  PGEM_PEER_READ_ONLY | PGEM_PEER_PIECES, make_vivid },
};

const size_t pgem_peers_count = ARRAY_SIZE(pgem_peers);

const struct pgem_peer *pgem_peer(const char *name)
{
	for (size_t i = 0; i < pgem_peers_count; i++)
		if (!strcmp(pgem_peers[i].name, name))
			return &pgem_peers[i];
	igt_assert_f(false, "no peer %s\n", name);
	return NULL;
}
