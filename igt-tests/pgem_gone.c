// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_gone
 *
 * P15, P25: dma-bufs of a device of pgem that has been unbound. Other drivers and pgem's
 * next device can still have them; the last one frees the old device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_peer.h"

IGT_TEST_DESCRIPTION("Check dma-bufs of a device that is gone.");

#define PAGES 8

/* An object of pgem, mapped, and its dma-buf; the file is its own. */
struct export {
	struct pgem_buf buf;
	int dmabuf;
};

static void export_init(struct export *export)
{
	pgem_buf_init(&export->buf, pgem_open(PGEM_RENDER, O_RDWR), PAGES);
	pgem_fill(export->buf.map, 0, PAGES);
	export->dmabuf = pgem_export(export->buf.fd, export->buf.handle);
}

/* Of pgem's side nothing is left but what the peer has. */
static void export_drop(struct export *export)
{
	pgem_unmap(export->buf.map, export->buf.size);
	close(export->dmabuf);
	close(export->buf.fd);
}

static void outlives(const struct pgem_peer *peer)
{
	int device = pgem_peer_open(peer), refs = pgem_refcount();
	struct export export;
	uint32_t handle;
	uint8_t *map;

	export_init(&export);
	handle = pgem_import(device, export.dmabuf);
	pgem_unbind();
	pgem_bind();
	igt_assert_eq_u32(pgem_import(device, export.dmabuf), handle);
	igt_assert_eq(__pgem_map(export.dmabuf, 0, PG, PROT_READ, MAP_SHARED, &map), -ENODEV);
	export_drop(&export);
	igt_assert_lt(refs, pgem_refcount());
	pgem_close(device, handle);
	igt_assert_eq(pgem_refcount(), refs);
	close(device);
}

/* No page of it is mapped for a device any more: a peer that wants that is told so. */
static void into_peer(const struct pgem_peer *peer)
{
	int device = pgem_peer_open(peer), refs = pgem_refcount(), ret;
	struct export export;
	uint32_t handle;

	export_init(&export);
	pgem_unbind();
	pgem_bind();
	ret = __pgem_import(device, export.dmabuf, &handle);
	/* Linux 6.12's vgem has all pages mapped when it imports, 7.2's has not. */
	igt_assert(ret == 0 || ret == -ENODEV);
	if (!ret)
		pgem_close(device, handle);
	export_drop(&export);
	igt_assert_eq(pgem_refcount(), refs);
	close(device);
}

/* The new device's import of a dma-buf of the old one */
static uint32_t import_old(int fd, const struct export *export)
{
	struct drm_pgem_gem_info info;
	uint32_t handle = pgem_import(fd, export->dmabuf);
	int dmabuf = pgem_export(fd, handle);
	uint8_t *map;

	igt_assert(pgem_peer_same(dmabuf, export->dmabuf));
	close(dmabuf);
	igt_assert_eq(__pgem_info(fd, handle, &info), 0);
	igt_assert_eq_u32(info.flags, DRM_PGEM_GEM_IMPORTED);
	igt_assert_eq_u64(info.size, PAGES * PG);
	igt_assert_eq_u64(info.resident, 0);
	igt_assert_eq(__pgem_map(fd, pgem_offset(fd, handle), PG, PROT_READ, MAP_SHARED, &map),
		      -ENODEV);
	return handle;
}

static void drop_old_in_order(unsigned int order)
{
	int refs = pgem_refcount(), fd;
	struct export export;
	uint32_t handle;

	export_init(&export);
	pgem_unbind();
	pgem_bind();
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	handle = import_old(fd, &export);
	for (int i = 0; i < 4; i++, order >>= 2) {
		if ((order & 3) == 0)
			close(export.dmabuf);
		else if ((order & 3) == 1)
			close(export.buf.fd);
		else if ((order & 3) == 2)
			pgem_unmap(export.buf.map, export.buf.size);
		else
			pgem_close(fd, handle);
	}
	close(fd);
	igt_assert_eq(pgem_objects(), 0);
	igt_assert_eq(pgem_refcount(), refs);
}

static void close_order(int fd)
{
	int done = 0;

	(void)fd;
	for (unsigned int order = 0; order < 256; order++) {
		if (!pgem_peer_is_order(order))
			continue;
		drop_old_in_order(order);
		done++;
	}
	igt_assert_eq(done, 24);
}

/* P6, P7 */
static void loop(int fd)
{
	int refs = pgem_refcount();
	struct export export;

	(void)fd;
	export_init(&export);
	pgem_unbind();
	pgem_bind();
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	for (int i = 0; i < 1000; i++)
		pgem_close(fd, import_old(fd, &export));
	close(fd);
	igt_assert_eq(pgem_objects(), 0);
	export_drop(&export);
	igt_assert_eq(pgem_refcount(), refs);
}

static const struct {
	const char *name;
	void (*fn)(const struct pgem_peer *peer);
	const char *description;
} peer_tests[] = {
	{ "outlives", outlives, "Another driver's import outlives the device, and frees it." },
	{ "import", into_peer, "Another driver takes a dma-buf of it, or says that it is gone." },
};

static const struct pgem_test tests[] = {
	{ "close-order", close_order, "The last user of an old device's buffer frees it." },
	{ "loop", loop, "A thousand imports by the next device leave nothing." },
};

int igt_main()
{
	for (volatile size_t i = 0; i < pgem_peers_count; i++) {
		for (volatile size_t j = 0; j < ARRAY_SIZE(peer_tests); j++) {
			if (!(pgem_peers[i].caps & PGEM_PEER_TAKES))
				continue;
			igt_describe(peer_tests[j].description);
			igt_subtest_f("%s-%s", pgem_peers[i].name, peer_tests[j].name) {
				pgem_begin(PGEM_NONE);
				peer_tests[j].fn(&pgem_peers[i]);
				pgem_end();
			}
		}
	}
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_NONE);
}
