// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_export
 *
 * Objects of pgem in the hands of other DRM drivers. These do not let their imports be
 * mapped, so that bytes are seen through pgem; pgem_display and pgem_v4l2 have drivers
 * that read and write them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_peer.h"
#include "pgem_sync.h"

IGT_TEST_DESCRIPTION("Check objects of pgem that other drivers import.");

#define PAGES 8

/* An object of pgem, filled, and its handle at a peer's */
struct export {
	struct pgem_buf buf;
	int dmabuf, device;
	uint32_t handle;
};

static void export_init(struct export *export, int fd, const struct pgem_peer *peer)
{
	export->device = pgem_peer_open(peer);
	pgem_buf_init(&export->buf, fd, PAGES);
	pgem_fill(export->buf.map, 0, PAGES);
	export->dmabuf = pgem_export(fd, export->buf.handle);
	export->handle = pgem_import(export->device, export->dmabuf);
}

static void export_fini(struct export *export)
{
	pgem_close(export->device, export->handle);
	close(export->device);
	close(export->dmabuf);
	pgem_buf_fini(&export->buf);
	igt_assert_eq(pgem_objects(), 0);
}

static void import(int fd, const struct pgem_peer *peer)
{
	struct export export;

	export_init(&export, fd, peer);
	pgem_check(export.buf.map, 0, PAGES);
	pgem_fill(export.buf.map, 20, PAGES);
	igt_assert_eq_u32(pgem_import(export.device, export.dmabuf), export.handle);
	pgem_check(export.buf.map, 20, PAGES);
	export_fini(&export);
}

/* There and back: the same dma-buf, and for another file of pgem's the same object. */
static void back(int fd, const struct pgem_peer *peer)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	struct export export;
	uint32_t handle;
	uint8_t *map;

	export_init(&export, fd, peer);
	dmabuf = pgem_export(export.device, export.handle);
	igt_assert(pgem_peer_same(dmabuf, export.dmabuf));
	igt_assert_eq_u32(pgem_import(fd, dmabuf), export.buf.handle);
	handle = pgem_import(own, dmabuf);
	igt_assert_eq_u64(pgem_offset(own, handle), pgem_offset(fd, export.buf.handle));
	igt_assert_eq(pgem_objects(), 1);
	map = pgem_map(own, handle, export.buf.size);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, export.buf.size);
	close(dmabuf);
	close(own);
	export_fini(&export);
}

/* Why the bytes are not looked at from there. */
static void map_refused(int fd, const struct pgem_peer *peer)
{
	struct export export;
	uint64_t offset;

	export_init(&export, fd, peer);
	igt_assert_eq(__pgem_peer_map_dumb(export.device, export.handle, &offset), -EINVAL);
	export_fini(&export);
}

/* All pages come in for a device, or none; what it lets go of can be used on. */
static void pages(int fd, const struct pgem_peer *peer)
{
	int device = pgem_peer_open(peer), dmabuf;
	uint32_t own = pgem_create(fd, PAGES * PG), handle;
	uint64_t resident;
	uint8_t *map;

	dmabuf = pgem_export(fd, own);
	handle = pgem_import(device, dmabuf);
	resident = pgem_resident(fd, own);
	igt_assert(resident == 0 || resident == PAGES * PG);
	map = pgem_map(fd, own, PAGES * PG);
	igt_assert(pgem_is_zero(map, PAGES * PG));
	pgem_fill(map, 0, PAGES);
	pgem_close(device, handle);
	pgem_check(map, 0, PAGES);
	igt_assert_eq_u64(pgem_resident(fd, own), PAGES * PG);
	pgem_unmap(map, PAGES * PG);
	close(dmabuf);
	close(device);
	pgem_close(fd, own);
	igt_assert_eq(pgem_objects(), 0);
}

static void read_only(int fd, const struct pgem_peer *peer)
{
	int device = pgem_peer_open(peer), dmabuf;
	uint32_t own = pgem_create(fd, PG), handle;

	igt_assert_eq(__pgem_export(fd, own, DRM_CLOEXEC, &dmabuf), 0);
	handle = pgem_import(device, dmabuf);
	close(dmabuf);
	dmabuf = pgem_export(device, handle);
	igt_assert_eq_u32(pgem_import(fd, dmabuf), own);
	close(dmabuf);
	pgem_close(device, handle);
	close(device);
	pgem_close(fd, own);
	igt_assert_eq(pgem_objects(), 0);
}

static void drop_in_order(int fd, const struct pgem_peer *peer, unsigned int order)
{
	struct export export;
	bool mapped = true;

	export_init(&export, fd, peer);
	for (int i = 0; i < 4; i++, order >>= 2) {
		switch (order & 3) {
		case 0:
			close(export.dmabuf);
			break;
		case 1:
			close(export.device);
			break;
		case 2:
			pgem_close(fd, export.buf.handle);
			break;
		case 3:
			pgem_unmap(export.buf.map, export.buf.size);
			mapped = false;
			break;
		}
		if (mapped)
			pgem_check(export.buf.map, 0, PAGES);
	}
	igt_assert_eq(pgem_objects(), 0);
}

static void close_order(int fd, const struct pgem_peer *peer)
{
	int done = 0;

	for (unsigned int order = 0; order < 256; order++) {
		if (!pgem_peer_is_order(order))
			continue;
		drop_in_order(fd, peer, order);
		done++;
	}
	igt_assert_eq(done, 24);
}

static void loop(int fd, const struct pgem_peer *peer)
{
	int device = pgem_peer_open(peer), refs = pgem_refcount();

	for (int i = 0; i < 1000; i++) {
		uint32_t own = pgem_create(fd, PAGES * PG), handle;
		int dmabuf = pgem_export(fd, own);

		handle = pgem_import(device, dmabuf);
		close(dmabuf);
		pgem_close(fd, own);
		igt_assert_lt(refs, pgem_refcount());
		pgem_close(device, handle);
	}
	igt_assert_eq(pgem_objects(), 0);
	igt_assert_eq(pgem_refcount(), refs);
	close(device);
}

/* P25: the peer's handle alone, then a dma-buf made from that, then a mapping. */
static void holds_pgem(int fd, const struct pgem_peer *peer)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), refs = pgem_refcount() - 1, dmabuf;
	struct export export;
	uint8_t *map;

	(void)fd;
	export_init(&export, own, peer);
	pgem_unmap(export.buf.map, export.buf.size);
	close(export.dmabuf);
	close(own);
	igt_assert_lt(refs, pgem_refcount());
	dmabuf = pgem_export(export.device, export.handle);
	close(export.device);
	igt_assert_lt(refs, pgem_refcount());
	map = pgem_map_fd(dmabuf, 2 * PG, 3 * PG);
	pgem_check(map, 2, 3);
	close(dmabuf);
	igt_assert_lt(refs, pgem_refcount());
	pgem_unmap(map, 3 * PG);
	igt_assert_eq(pgem_refcount(), refs);
	igt_assert_eq(pgem_objects(), 0);
}

static void refused(int fd, const char *name, int error)
{
	int device = pgem_peer_open(pgem_peer(name)), dmabuf;
	struct pgem_buf buf;
	uint32_t handle;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES / 2);
	dmabuf = pgem_export(fd, buf.handle);
	for (int i = 0; i < 100; i++)
		igt_assert_eq(__pgem_import(device, dmabuf, &handle), error);
	/* It had the pages mapped for its device before it thought of that. */
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_check(buf.map, 0, PAGES / 2);
	igt_assert(pgem_is_zero(buf.map + buf.size / 2, buf.size / 2));
	close(device);
	close(dmabuf);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);
}

/* Without blob resources, which QEMU makes out of the host's udmabuf alone. */
static void virtio_gpu_refuses(int fd)
{
	refused(fd, "virtio-gpu", -ENODEV);
}

/* vgem's fence on what it has imported, in the way of pgem; its calls are pgem's. */
static void fence_of_vgem(int fd)
{
	struct export export;
	uint32_t fence, other;

	export_init(&export, fd, pgem_peer("vgem"));
	fence = pgem_fence_attach(export.device, export.handle, DRM_PGEM_FENCE_WRITE);
	igt_assert_eq(__pgem_wait(fd, export.buf.handle, 0, pgem_until(20)), -ETIME);
	igt_assert_eq(__pgem_fence_attach(fd, export.buf.handle, 0, &other), -EBUSY);
	igt_assert(!pgem_poll(export.dmabuf, POLLIN, 0));
	pgem_fence_signal(export.device, fence);
	igt_assert_eq(__pgem_wait(fd, export.buf.handle, DRM_PGEM_WAIT_WRITE, 0), 0);
	igt_assert(pgem_poll(export.dmabuf, POLLIN, 0));
	export_fini(&export);
}

/* The other way round. */
static void fence_for_vgem(int fd)
{
	struct export export;
	uint32_t fence, other;

	export_init(&export, fd, pgem_peer("vgem"));
	fence = pgem_fence_attach(fd, export.buf.handle, 0);
	igt_assert_eq(__pgem_fence_attach(export.device, export.handle, DRM_PGEM_FENCE_WRITE,
					  &other), -EBUSY);
	other = pgem_fence_attach(export.device, export.handle, 0);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(__pgem_wait(fd, export.buf.handle, DRM_PGEM_WAIT_WRITE,
				  pgem_until(20)), -ETIME);
	pgem_fence_signal(export.device, other);
	igt_assert_eq(__pgem_wait(fd, export.buf.handle, DRM_PGEM_WAIT_WRITE, 0), 0);
	export_fini(&export);
}

/* On memory of vgem's pgem sees vgem's fence, and attaches none (P33). */
static void fence_on_import(int fd)
{
	struct pgem_peer_buf buf;
	uint32_t handle, fence, other;

	pgem_peer_make(&buf, pgem_peer("vgem"), PAGES, DRM_RDWR);
	handle = pgem_import(fd, buf.dmabuf);
	fence = pgem_fence_attach(buf.device, buf.handle, DRM_PGEM_FENCE_WRITE);
	igt_assert_eq(__pgem_wait(fd, handle, 0, pgem_until(20)), -ETIME);
	igt_assert_eq(__pgem_fence_attach(fd, handle, 0, &other), -EOPNOTSUPP);
	pgem_fence_signal(buf.device, fence);
	igt_assert_eq(__pgem_fence_attach(fd, handle, 0, &other), -EOPNOTSUPP);
	pgem_fence_attach(buf.device, buf.handle, DRM_PGEM_FENCE_WRITE);
	igt_assert_eq(__pgem_wait(fd, handle, 0, pgem_until(20)), -ETIME);
	/* Closing the file signals it. */
	pgem_peer_drop(&buf);
	igt_assert_eq(__pgem_wait(fd, handle, DRM_PGEM_WAIT_WRITE, 0), 0);
	pgem_close(fd, handle);
	pgem_peer_free(&buf);
	igt_assert_eq(pgem_objects(), 0);
}

struct export_test {
	const char *name;
	void (*fn)(int fd, const struct pgem_peer *peer);
	const char *description;
};

static const struct export_test peer_tests[] = {
	{ "import", import, "Another driver takes it, and its memory stays as it is." },
	{ "back", back, "What comes back is the same dma-buf and the same object." },
	{ "map-refused", map_refused, "The other does not map it." },
	{ "pages", pages, "Pages that a device had are whole when it lets go." },
	{ "read-only", read_only, "An export for reading is taken, too." },
	{ "close-order", close_order, "The last of its users frees it." },
	{ "loop", loop, "A thousand imports leave nothing." },
	{ "holds-pgem", holds_pgem, "Another driver's import holds pgem's module." },
};

static const struct pgem_test tests[] = {
	{ "virtio-gpu-refuses", virtio_gpu_refuses, "virtio-gpu refuses it, and nothing is left." },
	{ "fence-of-vgem", fence_of_vgem, "pgem sees vgem's fence on a shared object." },
	{ "fence-for-vgem", fence_for_vgem, "vgem sees pgem's fence on a shared object." },
	{ "fence-on-import", fence_on_import, "On vgem's memory pgem attaches none." },
};

int igt_main()
{
	for (volatile size_t i = 0; i < pgem_peers_count; i++) {
		for (volatile size_t j = 0; j < ARRAY_SIZE(peer_tests); j++) {
			if (!(pgem_peers[i].caps & PGEM_PEER_TAKES))
				continue;
			igt_describe(peer_tests[j].description);
			igt_subtest_f("%s-%s", pgem_peers[i].name, peer_tests[j].name) {
				peer_tests[j].fn(pgem_begin(PGEM_RENDER), &pgem_peers[i]);
				pgem_end();
			}
		}
	}
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
