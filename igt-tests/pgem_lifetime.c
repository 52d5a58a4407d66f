// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_lifetime
 *
 * How long another driver's buffer lives that pgem has imported: files, handles, dma-bufs
 * and mappings closed in every order, the exporter's module, which must stay, and either
 * device's end. For buffers of pgem's see pgem_export and pgem_gone.
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

IGT_TEST_DESCRIPTION("Check how long imported buffers live.");

#define PAGES 8

/* A peer's buffer, filled by it, in a file of pgem's of its own, and mapped there */
struct import {
	struct pgem_peer_buf peer;
	int fd;
	uint32_t handle;
	uint8_t *map;
};

static void import_init(struct import *import, const struct pgem_peer *peer)
{
	pgem_peer_make(&import->peer, peer, PAGES, DRM_RDWR);
	pgem_fill(import->peer.map, 0, PAGES);
	import->fd = pgem_open(PGEM_RENDER, O_RDWR);
	import->handle = pgem_import(import->fd, import->peer.dmabuf);
	import->map = pgem_map(import->fd, import->handle, PAGES * PG);
}

static void drop_dmabuf(struct import *import)
{
	close(import->peer.dmabuf);
	import->peer.dmabuf = -1;
}

static void drop_exporter(struct import *import)
{
	pgem_peer_drop(&import->peer);
}

static void drop_handle(struct import *import)
{
	pgem_close(import->fd, import->handle);
}

static void drop_file(struct import *import)
{
	close(import->fd);
	import->fd = -1;
}

static void drop_mapping(struct import *import)
{
	pgem_unmap(import->map, PAGES * PG);
	import->map = NULL;
}

static void drop_in_order(const struct pgem_peer *peer, void (*const drops[])(struct import *),
			  unsigned int order)
{
	struct import import;

	import_init(&import, peer);
	for (int i = 0; i < 4; i++, order >>= 2) {
		drops[order & 3](&import);
		if (import.map)
			pgem_check(import.map, 0, PAGES);
	}
	if (import.fd >= 0)
		close(import.fd);
	igt_assert_eq(pgem_objects(), 0);
}

static void drop_in_every_order(const struct pgem_peer *peer,
				void (*const drops[])(struct import *))
{
	int done = 0;

	for (unsigned int order = 0; order < 256; order++) {
		if (!pgem_peer_is_order(order))
			continue;
		drop_in_order(peer, drops, order);
		done++;
	}
	igt_assert_eq(done, 24);
}

static void close_order(const struct pgem_peer *peer)
{
	static void (*const with_handle[])(struct import *) = {
		drop_dmabuf, drop_exporter, drop_handle, drop_mapping };
	static void (*const with_file[])(struct import *) = {
		drop_dmabuf, drop_exporter, drop_file, drop_mapping };
	int refs;

	pgem_peer_load(peer);
	refs = pgem_peer_owner_refs(peer);
	drop_in_every_order(peer, with_handle);
	drop_in_every_order(peer, with_file);
	igt_assert_eq(pgem_peer_owner_refs(peer), refs);
}

/* P25: the handle alone, then the mapping alone. */
static void module_held(const struct pgem_peer *peer)
{
	struct import import;
	int refs;

	pgem_peer_load(peer);
	refs = pgem_peer_owner_refs(peer);
	import_init(&import, peer);
	drop_exporter(&import);
	drop_dmabuf(&import);
	drop_mapping(&import);
	igt_assert_lt(refs, pgem_peer_owner_refs(peer));
	igt_assert_eq(__pgem_peer_unload(peer), -EAGAIN);
	import.map = pgem_map(import.fd, import.handle, PAGES * PG);
	pgem_check(import.map, 0, PAGES);
	drop_handle(&import);
	drop_file(&import);
	igt_assert_eq(__pgem_peer_unload(peer), -EAGAIN);
	pgem_check(import.map, 0, PAGES);
	drop_mapping(&import);
	igt_assert_eq(pgem_peer_owner_refs(peer), refs);
	igt_assert_eq(__pgem_peer_unload(peer), 0);
}

/* Its buffers are another module's, which stays: the device can go, the bytes do not. */
static void exporter_gone(int fd)
{
	const struct pgem_peer *peer = pgem_peer("vivid");
	struct import import;
	int refs;

	(void)fd;
	import_init(&import, peer);
	drop_exporter(&import);
	drop_dmabuf(&import);
	igt_assert_lt(0, pgem_peer_owner_refs(peer));
	igt_assert_eq(__pgem_peer_unload(peer), 0);
	refs = pgem_peer_owner_refs(peer);
	pgem_check(import.map, 0, PAGES);
	drop_mapping(&import);
	import.map = pgem_map(import.fd, import.handle, PAGES * PG);
	pgem_check(import.map, 0, PAGES);
	drop_mapping(&import);
	drop_handle(&import);
	igt_assert_eq(pgem_peer_owner_refs(peer), refs - 1);
	drop_file(&import);
	igt_assert_eq(pgem_objects(), 0);
}

/* P15: the memory is not pgem's, so neither is the end of its mappings. */
static void unbind(const struct pgem_peer *peer)
{
	int refs = pgem_refcount(), owner_refs;
	struct pgem_line line;
	struct import import;
	uint64_t offset;
	uint8_t *map;

	pgem_peer_load(peer);
	owner_refs = pgem_peer_owner_refs(peer);
	import_init(&import, peer);
	offset = pgem_offset(import.fd, import.handle);
	pgem_unbind();
	pgem_check(import.map, 0, PAGES);
	pgem_fill(import.map, 20, PAGES);
	pgem_check(import.peer.map, 20, PAGES);
	igt_assert_eq(__pgem_map(import.fd, offset, PG, PROT_READ, MAP_SHARED, &map), -ENODEV);
	pgem_bind();
	igt_assert(!pgem_find_line(offset, &line));
	drop_file(&import);
	pgem_check(import.map, 20, PAGES);
	drop_mapping(&import);
	pgem_peer_free(&import.peer);
	igt_assert_eq(pgem_refcount(), refs);
	igt_assert_eq(pgem_peer_owner_refs(peer), owner_refs);
}

struct lifetime_test {
	const char *name;
	void (*fn)(const struct pgem_peer *peer);
	unsigned int caps;	/* that a peer needs for it */
	const char *description;
};

static const struct lifetime_test tests[] = {
	{ "close-order", close_order, 0, "The last of an import's users frees it." },
	{ "module-held", module_held, PGEM_PEER_HELD, "An import holds its exporter's module." },
	{ "unbind", unbind, 0, "Mappings of imports outlive pgem's device." },
};

static const struct pgem_test own_tests[] = {
	{ "vivid-gone", exporter_gone, "A buffer of vivid's outlives vivid." },
};

int igt_main()
{
	for (volatile size_t i = 0; i < pgem_peers_count; i++) {
		for (volatile size_t j = 0; j < ARRAY_SIZE(tests); j++) {
			if (!pgem_peers[i].make || tests[j].caps & ~pgem_peers[i].caps)
				continue;
			igt_describe(tests[j].description);
			igt_subtest_f("%s-%s", pgem_peers[i].name, tests[j].name) {
				pgem_begin(PGEM_NONE);
				tests[j].fn(&pgem_peers[i]);
				pgem_end();
			}
		}
	}
	pgem_run_tests(own_tests, ARRAY_SIZE(own_tests), PGEM_NONE);
}
