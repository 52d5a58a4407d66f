// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_import
 *
 * P10: dma-bufs of other drivers as objects of pgem, every test with every neighbour
 * that exports. The memory stays the exporter's, and so do its mappings: through pgem's
 * file they must be what they are through the dma-buf.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_peer.h"
#include "pgem_sync.h"

IGT_TEST_DESCRIPTION("Check objects made from dma-bufs of other drivers.");

#define PAGES 8

/* A peer's buffer, filled by it, as an object of pgem with a mapping of all of it */
struct import {
	struct pgem_peer_buf peer;
	struct pgem_buf own;
	size_t objects;
};

static void import_init(struct import *import, int fd, const struct pgem_peer *peer)
{
	import->objects = pgem_objects();
	pgem_peer_make(&import->peer, peer, PAGES, DRM_RDWR);
	pgem_fill(import->peer.map, 0, PAGES);
	import->own = (struct pgem_buf){ .fd = fd, .pages = PAGES, .size = PAGES * PG };
	import->own.handle = pgem_import(fd, import->peer.dmabuf);
	import->own.map = pgem_map(fd, import->own.handle, import->own.size);
}

static void import_fini(struct import *import)
{
	pgem_buf_fini(&import->own);
	pgem_peer_free(&import->peer);
	igt_assert_eq(pgem_objects(), import->objects);
}

static void mmap_both_ways(int fd, const struct pgem_peer *peer)
{
	struct import import;

	import_init(&import, fd, peer);
	pgem_check(import.own.map, 0, PAGES);
	pgem_fill(import.own.map, 20, PAGES);
	pgem_check(import.peer.map, 20, PAGES);
	pgem_fill(import.peer.map, 40, PAGES);
	pgem_check(import.own.map, 40, PAGES);
	import_fini(&import);
}

/* What a dma-buf shows, right or wrong, is the exporter's affair. */
static void expect_as_dmabuf(const struct pgem_peer *peer, const uint8_t *map,
			     const uint8_t *reference, size_t first, size_t count)
{
	igt_assert_eq(memcmp(map, reference, count * PG), 0);
	if (peer->caps & PGEM_PEER_PIECES)
		pgem_check(map, first, count);
}

static void part(int fd, const struct pgem_peer *peer)
{
	struct import import;
	uint64_t offset;

	import_init(&import, fd, peer);
	offset = pgem_offset(fd, import.own.handle);
	for (size_t count = 1; count <= PAGES; count++) {
		uint8_t *map = pgem_map_fd(fd, offset, count * PG);

		pgem_check(map, 0, count);
		pgem_unmap(map, count * PG);
	}
	import_fini(&import);
}

/* P3: cut before a page was touched. */
static void split(int fd, const struct pgem_peer *peer)
{
	struct import import;
	uint8_t *reference;

	import_init(&import, fd, peer);
	reference = pgem_map_fd(import.peer.dmabuf, 0, import.own.size);
	pgem_unmap(import.own.map + 3 * PG, 2 * PG);
	pgem_unmap(reference + 3 * PG, 2 * PG);
	expect_as_dmabuf(peer, import.own.map, reference, 0, 3);
	expect_as_dmabuf(peer, import.own.map + 5 * PG, reference + 5 * PG, 5, PAGES - 5);
	igt_assert(pgem_read_signal(import.own.map + 3 * PG));
	pgem_unmap(reference, import.own.size);
	import_fini(&import);
}

/* P2; DRM has no mapping that starts behind the first page, whosever the object is. */
static void beyond(int fd, const struct pgem_peer *peer)
{
	struct import import;
	uint64_t offset;

	import_init(&import, fd, peer);
	offset = pgem_offset(fd, import.own.handle);
	pgem_expect_map(fd, offset + PG, PG, PROT_READ, MAP_SHARED, -EINVAL);
	pgem_expect_map(fd, offset + PAGES * PG, PG, PROT_READ, MAP_SHARED, -EINVAL);
	pgem_expect_map(fd, offset, (PAGES + 1) * PG, PROT_READ, MAP_SHARED, -EINVAL);
	import_fini(&import);
}

/* P4 */
static void private_mapping(int fd, const struct pgem_peer *peer)
{
	struct import import;
	uint64_t offset;

	import_init(&import, fd, peer);
	offset = pgem_offset(fd, import.own.handle);
	pgem_expect_map(fd, offset, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, -EINVAL);
	pgem_expect_map(fd, offset, PG, PROT_READ, MAP_PRIVATE, -EINVAL);
	import_fini(&import);
}

/* P5: DRM warns in the log of a mapping without that flag, whoever made it. */
static void expand(int fd, const struct pgem_peer *peer)
{
	struct import import;

	import_init(&import, fd, peer);
	igt_assert(pgem_map_flag(import.own.map, "de"));
	igt_assert(mremap(import.own.map, PAGES * PG, (PAGES + 1) * PG, MREMAP_MAYMOVE) ==
		   MAP_FAILED);
	igt_assert_eq(errno, EFAULT);
	pgem_check(import.own.map, 0, PAGES);
	import_fini(&import);
}

/* P7, P21: the mapping has an owner more, and none when all is over. */
static void fork_shares(int fd, const struct pgem_peer *peer)
{
	struct import import;

	import_init(&import, fd, peer);
	pgem_check(import.own.map, 0, 2);
	igt_fork(child, 1) {
		pgem_check(import.own.map, 0, PAGES);
		pgem_fill(import.own.map, 20, PAGES);
	}
	igt_waitchildren();
	pgem_check(import.peer.map, 20, PAGES);
	pgem_check(import.own.map, 20, PAGES);
	import_fini(&import);
}

static void info(int fd, const struct pgem_peer *peer)
{
	struct drm_pgem_gem_info info;
	struct pgem_line line;
	struct import import;

	import_init(&import, fd, peer);
	pgem_check(import.own.map, 0, PAGES);
	igt_assert_eq(__pgem_info(fd, import.own.handle, &info), 0);
	igt_assert_eq_u32(info.flags, DRM_PGEM_GEM_IMPORTED);
	igt_assert_eq_u64(info.size, PAGES * PG);
	igt_assert_eq_u64(info.resident, 0);
	igt_assert(pgem_find_line(pgem_offset(fd, import.own.handle), &line));
	igt_assert_eq_u64(line.size, PAGES * PG);
	igt_assert_eq_u64(line.resident, 0);
	import_fini(&import);
}

/* DRM's rule for its own ioctl, which knows no imports. */
static void dumb_refused(int fd, const struct pgem_peer *peer)
{
	int primary = pgem_open(PGEM_PRIMARY, O_RDWR);
	struct import import;
	uint64_t offset;

	(void)fd;
	import_init(&import, primary, peer);
	igt_assert_eq(__pgem_peer_map_dumb(primary, import.own.handle, &offset), -EINVAL);
	pgem_check(import.own.map, 0, PAGES);
	import_fini(&import);
	close(primary);
}

static void reexport(int fd, const struct pgem_peer *peer)
{
	struct import import;
	int dmabuf;

	import_init(&import, fd, peer);
	dmabuf = pgem_export(fd, import.own.handle);
	igt_assert(pgem_peer_same(dmabuf, import.peer.dmabuf));
	close(import.peer.dmabuf);
	import.peer.dmabuf = -1;
	igt_assert_eq_u32(pgem_import(fd, dmabuf), import.own.handle);
	close(dmabuf);
	/* Made again, out of the object alone. */
	dmabuf = pgem_export(fd, import.own.handle);
	igt_assert_eq_u32(pgem_import(fd, dmabuf), import.own.handle);
	close(dmabuf);
	import_fini(&import);
}

/* The way home: the exporter knows its own. */
static void back(int fd, const struct pgem_peer *peer)
{
	struct import import;
	int dmabuf;

	import_init(&import, fd, peer);
	dmabuf = pgem_export(fd, import.own.handle);
	igt_assert_eq_u32(pgem_import(import.peer.device, dmabuf), import.peer.handle);
	close(dmabuf);
	import_fini(&import);
}

static void twice(int fd, const struct pgem_peer *peer)
{
	struct import import;

	import_init(&import, fd, peer);
	igt_assert_eq_u32(pgem_import(fd, import.peer.dmabuf), import.own.handle);
	igt_assert_eq(pgem_objects(), import.objects + 1);
	pgem_close(fd, import.own.handle);
	igt_assert_eq(__pgem_close(fd, import.own.handle), -EINVAL);
	import.own.handle = pgem_import(fd, import.peer.dmabuf);
	import_fini(&import);
}

/* Without an exporter that knows pgem's object, each file makes one of its own. */
static void two_files(int fd, const struct pgem_peer *peer)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR);
	struct import import;
	uint32_t handle;
	uint8_t *map;

	import_init(&import, fd, peer);
	handle = pgem_import(own, import.peer.dmabuf);
	map = pgem_map(own, handle, import.own.size);
	pgem_fill(import.own.map, 20, PAGES);
	pgem_check(map, 20, PAGES);
	close(own);
	import_fini(&import);
	pgem_check(map, 20, PAGES);
	pgem_unmap(map, PAGES * PG);
}

/* Puts a fence into a dma-buf as anyone can, who has a sync_file of it. */
static uint32_t foreign_fence(int fd, int dmabuf, uint32_t flags)
{
	uint32_t handle = pgem_create(fd, PG);
	uint32_t fence = pgem_fence_attach(fd, handle, DRM_PGEM_FENCE_WRITE);
	int sync_file = pgem_fence_sync_file(fd, handle, DMA_BUF_SYNC_RW);

	pgem_import_sync_file(dmabuf, flags, sync_file);
	close(sync_file);
	pgem_close(fd, handle);
	return fence;
}

/* FENCE_ATTACH makes none (P33); those that are in the dma-buf GEM_WAIT waits for. */
static void fence(int fd, const struct pgem_peer *peer)
{
	struct import import;
	uint32_t fence, other;
	int dmabuf;

	import_init(&import, fd, peer);
	dmabuf = import.peer.dmabuf;
	for (uint32_t flags = 0; flags <= DRM_PGEM_FENCE_WRITE; flags++)
		igt_assert_eq(__pgem_fence_attach(fd, import.own.handle, flags, &other),
			      -EOPNOTSUPP);
	igt_assert(pgem_poll(dmabuf, POLLIN, 0) && pgem_poll(dmabuf, POLLOUT, 0));
	fence = foreign_fence(fd, dmabuf, DMA_BUF_SYNC_READ);
	igt_assert(pgem_poll(dmabuf, POLLIN, 0) && !pgem_poll(dmabuf, POLLOUT, 0));
	igt_assert_eq(__pgem_wait(fd, import.own.handle, 0, 0), 0);
	igt_assert_eq(__pgem_wait(fd, import.own.handle, DRM_PGEM_WAIT_WRITE, 0), -ETIME);
	pgem_fence_signal(fd, fence);
	fence = foreign_fence(fd, dmabuf, DMA_BUF_SYNC_RW);
	igt_assert(!pgem_poll(dmabuf, POLLIN, 0) && !pgem_poll(dmabuf, POLLOUT, 0));
	igt_assert_eq(__pgem_wait(fd, import.own.handle, 0, pgem_until(20)), -ETIME);
	pgem_fence_signal(fd, fence);
	igt_assert(pgem_poll(dmabuf, POLLIN, 0) && pgem_poll(dmabuf, POLLOUT, 0));
	igt_assert_eq(__pgem_wait(fd, import.own.handle, DRM_PGEM_WAIT_WRITE, 0), 0);
	import_fini(&import);
}

/* The rights to the dma-buf count, not those to the file that it is mapped by. */
static void read_only(int fd, const struct pgem_peer *peer)
{
	struct pgem_peer_buf buf;
	uint32_t handle;
	uint8_t *map;

	pgem_peer_make(&buf, peer, PAGES, 0);
	pgem_fill(buf.map, 0, PAGES);
	pgem_expect_map(buf.dmabuf, 0, PG, PROT_READ | PROT_WRITE, MAP_SHARED, -EACCES);
	handle = pgem_import(fd, buf.dmabuf);
	pgem_expect_map(fd, pgem_offset(fd, handle), PG, PROT_READ | PROT_WRITE, MAP_SHARED,
			-EACCES);
	igt_assert_eq(__pgem_map(fd, pgem_offset(fd, handle), buf.size, PROT_READ, MAP_SHARED,
				 &map), 0);
	pgem_check(map, 0, PAGES);
	igt_assert_eq(mprotect(map, PG, PROT_READ | PROT_WRITE), -1);
	igt_assert_eq(errno, EACCES);
	pgem_unmap(map, buf.size);
	pgem_close(fd, handle);
	pgem_peer_free(&buf);
}

/* P6, P7: refused mappings leave no reference, nor do good ones. */
static void loop(int fd, const struct pgem_peer *peer)
{
	struct pgem_peer_buf buf;
	uint32_t handle = 0;
	int refs;

	pgem_peer_make(&buf, peer, PAGES, DRM_RDWR);
	pgem_mark(buf.map, 1);
	refs = pgem_peer_owner_refs(peer);
	for (int i = 0; i < 1000; i++) {
		uint64_t offset;
		uint8_t *map;

		handle = pgem_import(fd, buf.dmabuf);
		offset = pgem_offset(fd, handle);
		pgem_expect_map(fd, offset, PG, PROT_READ, MAP_PRIVATE, -EINVAL);
		map = pgem_map_fd(fd, offset, PG);
		igt_assert(pgem_marked(map, 1));
		pgem_unmap(map, PG);
		pgem_close(fd, handle);
	}
	igt_assert_eq(pgem_objects(), 0);
	igt_assert_eq(pgem_peer_owner_refs(peer), refs);
	pgem_peer_free(&buf);
}

struct import_test {
	const char *name;
	void (*fn)(int fd, const struct pgem_peer *peer);
	unsigned int caps;	/* that a peer needs for it */
	const char *description;
};

static const struct import_test tests[] = {
	{ "mmap", mmap_both_ways, 0, "Bytes written on either side are read on the other." },
	{ "part", part, 0, "Any number of pages can be mapped." },
	{ "split", split, 0, "A mapping that is cut is as the dma-buf's own." },
	{ "beyond", beyond, 0, "No more can be mapped than there is." },
	{ "private-mapping", private_mapping, 0, "A private mapping is refused." },
	{ "expand", expand, 0, "A mapping does not grow." },
	{ "fork", fork_shares, 0, "Parent and child share the memory." },
	{ "info", info, 0, "GEM_INFO says that it is an import, and counts no page." },
	{ "dumb-refused", dumb_refused, 0, "DRM's own ioctl does not map it." },
	{ "reexport", reexport, 0, "Exporting it gives the dma-buf that it came from." },
	{ "back", back, PGEM_PEER_DRM, "Its exporter gets its own handle back." },
	{ "twice", twice, 0, "A file gets the handle that it has." },
	{ "two-files", two_files, 0, "Two files share the memory." },
	{ "fence", fence, 0, "It gets no fence of pgem's, and GEM_WAIT sees the dma-buf's." },
	{ "read-only", read_only, PGEM_PEER_READ_ONLY,
	  "An export for reading can be read, and no more." },
	{ "loop", loop, 0, "A thousand imports leave nothing." },
};

int igt_main()
{
	for (volatile size_t i = 0; i < pgem_peers_count; i++) {
		for (volatile size_t j = 0; j < ARRAY_SIZE(tests); j++) {
			if (!pgem_peers[i].make || tests[j].caps & ~pgem_peers[i].caps)
				continue;
			igt_describe(tests[j].description);
			igt_subtest_f("%s-%s", pgem_peers[i].name, tests[j].name) {
				tests[j].fn(pgem_begin(PGEM_RENDER), &pgem_peers[i]);
				pgem_end();
			}
		}
	}
}
