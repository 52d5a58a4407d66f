// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_around: ways into the fault handler, and kinds of pages
 *
 * System calls that fault for their caller, dma-bufs, children, mappings for reading;
 * pages of large folios, in swap, purged, or of a device that is gone.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_around.h"
#include "pgem_group.h"
#include "pgem_window.h"

/* P4: a page that were writable would take the write without another fault. */
static void read_only(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;

	pgem_window(8);
	pgem_buf_init(&buf, fd, 8);
	pgem_fill(buf.map, 0, 8);
	map = pgem_window_map(fd, pgem_offset(fd, buf.handle), 8, 0, PROT_READ);
	pgem_check(map + 3 * PG, 3, 1);
	pgem_expect_mapped(map, "########");
	for (size_t i = 0; i < 8; i++)
		igt_assert_eq(pgem_write_signal(map + i * PG), SIGSEGV);
	pgem_check(buf.map, 0, 8);
	igt_assert_eq(mprotect(map, 8 * PG, PROT_READ | PROT_WRITE), 0);
	pgem_fill(map, 20, 8);
	pgem_check(buf.map, 20, 8);
	pgem_unmap(map, 8 * PG);
	pgem_buf_fini(&buf);
}

static void dmabuf(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;
	int dmabuf;

	pgem_window(8);
	pgem_buf_init(&buf, fd, 32);
	pgem_fill(buf.map, 0, 32);
	dmabuf = pgem_export(fd, buf.handle);
	map = pgem_window_map(dmabuf, 5 * PG, 20, 2, PROT_READ | PROT_WRITE);
	pgem_check(map + 7 * PG, 12, 1);
	pgem_expect_mapped(map, "......########......");
	pgem_check(map + 19 * PG, 24, 1);
	pgem_expect_mapped(map, "......##############");
	pgem_check(map, 5, 20);
	pgem_unmap(map, 20 * PG);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

static void read_remote(void *from, void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { from, size };

	igt_assert_eq(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), size);
}

static void gup(int fd)
{
	uint8_t *copy = malloc(64 * PG);
	struct around around;

	igt_assert(copy);
	pgem_window(16);
	around_init(&around, fd, 64, 0);
	read_remote(around.map + 18 * PG, copy, PG);
	pgem_check(copy, 18, 1);
	pgem_expect_range(around.map, 64, 16, 16);
	read_remote(around.map, copy, 64 * PG);
	pgem_check(copy, 0, 64);
	around_fini(&around);
	free(copy);
}

/* Pages that a system call holds are the same ones that come back. */
static void pinned(int fd)
{
	struct around around;
	struct iovec io;
	uint8_t copy[4096];
	int ends[2];

	igt_assert_eq(pipe(ends), 0);
	pgem_window(16);
	around_init(&around, fd, 16, 0);
	io = (struct iovec){ around.map + 3 * PG, PG };
	igt_assert_eq(vmsplice(ends[1], &io, 1, 0), PG);
	around_forget(&around);
	around_touch(&around, 12);
	pgem_expect_range(around.map, 16, 0, 16);
	pgem_fill(around.map, 40, 16);
	igt_assert_eq(read(ends[0], copy, PG), PG);
	pgem_check(copy, 43, 1);
	close(ends[0]);
	close(ends[1]);
	around_fini(&around);
}

static void populate(int fd)
{
	struct around around;

	pgem_window(16);
	around_init_holes(&around, fd, "#.#..#..#######.", 0);
	igt_assert_eq(madvise(around.map + 2 * PG, PG, MADV_POPULATE_READ), 0);
	pgem_expect_mapped(around.map, "#.#..#..#######.");
	igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), 10 * PG);
	igt_assert_eq(madvise(around.map, 16 * PG, MADV_POPULATE_WRITE), 0);
	pgem_expect_range(around.map, 16, 0, 16);
	igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), 16 * PG);
	around_fini(&around);
}

static void map_populate(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;

	pgem_window(16);
	pgem_buf_init(&buf, fd, 40);
	pgem_fill(buf.map + 10 * PG, 10, 20);
	igt_assert_eq(__pgem_map(fd, pgem_offset(fd, buf.handle), buf.size, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_POPULATE, &map), 0);
	pgem_expect_range(map, 40, 0, 40);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_check(map + 10 * PG, 10, 20);
	pgem_unmap(map, buf.size);
	pgem_buf_fini(&buf);
}

/* Locks nothing in such a mapping, but brings in what was asked for. */
static void lock_page(int fd)
{
	struct around around;

	pgem_window(16);
	around_init_holes(&around, fd, "#######.########", 0);
	igt_assert_eq(mlock(around.map + 7 * PG, PG), 0);
	pgem_expect_mapped(around.map, ".......#........");
	igt_assert_eq(mlock(around.map + 3 * PG, PG), 0);
	pgem_expect_range(around.map, 16, 0, 16);
	igt_assert_eq(munlock(around.map, 16 * PG), 0);
	around_fini(&around);
}

/* P21: page tables of parent and child are their own. */
static void child(int fd)
{
	struct around around;

	pgem_window(8);
	around_init(&around, fd, 24, 0);
	around_touch(&around, 9);
	igt_fork(child, 1) {
		pgem_expect_mapped(around.map, "........########........");
		around_touch(&around, 23);
		pgem_expect_mapped(around.map, "........################");
		around_forget(&around);
		around_touch(&around, 0);
		pgem_expect_mapped(around.map, "########................");
		pgem_fill(around.map, 60, 24);
	}
	igt_waitchildren();
	pgem_expect_mapped(around.map, "........########........");
	pgem_check(around.map, 60, 24);
	around_fini(&around);
}

/* Kept: a reference of the neighbours' that is one too many pins them until reboot. */
static void memory_returns(int fd)
{
	size_t shmem = pgem_meminfo("Shmem"), unused = pgem_meminfo("MemFree");
	const size_t size = 32 << 20, slack = 4 << 20;
	struct around around;

	pgem_window(16);
	for (int round = 0; round < 4; round++) {
		around_init(&around, fd, size / PG, 0);
		for (size_t i = 0; i < around.pages; i += 16)
			around_touch(&around, i);
		pgem_expect_range(around.map, around.pages, 0, around.pages);
		around_fini(&around);
		igt_assert_lte_u64(pgem_meminfo("Shmem"), shmem + slack);
	}
	igt_assert_lte_u64(unused, pgem_meminfo("MemFree") + 2 * size);
}

/*
 * A second touch maps all of a large folio, up to where the page table ends: four pages
 * early, for how the mapping lies. The next table has them, and pages of the next folio.
 */
static void huge(int fd)
{
	const size_t pages = 2 * FOLIO_PAGES, edge = FOLIO_PAGES - 4;
	uint32_t handle;
	uint8_t *map = around_map_huge(fd, 2, 4, &handle);

	pgem_window(16);
	pgem_mark(map + 100 * PG, 100);
	pgem_expect_range(map, pages, 100, 1);
	igt_assert_eq_u64(pgem_resident(fd, handle), FOLIO);
	pgem_mark(map + 102 * PG, 102);
	pgem_expect_range(map, pages, 0, edge);
	igt_assert_eq_u64(pgem_map_rss(map), edge * PG);
	pgem_mark(map + (edge + 1) * PG, edge + 1);
	pgem_expect_range(map, pages, 0, FOLIO_PAGES);
	igt_assert_eq_u64(pgem_resident(fd, handle), FOLIO);

	pgem_fill(map, 0, pages);
	igt_assert_eq_u64(pgem_resident(fd, handle), 2 * FOLIO);
	igt_assert_eq(madvise(map, 2 * FOLIO, MADV_DONTNEED), 0);
	pgem_check(map + (FOLIO_PAGES - 2) * PG, FOLIO_PAGES - 2, 1);
	pgem_expect_range(map, pages, edge, FOLIO_PAGES);
	pgem_check(map, 0, pages);
	pgem_unmap(map, 2 * FOLIO);
	pgem_close(fd, handle);
}

/* Who wants no neighbours wants none of a large folio. */
static void huge_off(int fd)
{
	uint32_t handle;
	uint8_t *map = around_map_huge(fd, 1, 0, &handle);

	pgem_window(1);
	for (size_t i = 300; i < 304; i++)
		pgem_mark(map + i * PG, i);
	pgem_expect_range(map, FOLIO_PAGES, 300, 4);
	igt_assert_eq_u64(pgem_resident(fd, handle), FOLIO);
	pgem_unmap(map, FOLIO);
	pgem_close(fd, handle);
}

/* Returns how many pages are in the object by now. */
static size_t swap_out(const struct pgem_buf *buf)
{
	igt_assert_eq(madvise(buf->map, buf->size, MADV_DONTNEED), 0);
	for (int i = 0; i < 4 && pgem_resident(buf->fd, buf->handle); i++)
		pgem_group_reclaim();
	return pgem_resident(buf->fd, buf->handle) / PG;
}

/* The first touch reads the page in, the second finds it there: neither its neighbours. */
static void fault_beside_swap(int fd)
{
	const size_t pages = 512;
	struct around around;
	size_t there;

	pgem_window(16);
	around_init(&around, fd, pages, 0);
	there = swap_out(&around.buf);
	igt_assert_lt(there, pages / 4);
	for (size_t i = 0; i < pages; i += 64)
		around_touch(&around, i);
	igt_assert_lte(pgem_resident(fd, around.buf.handle) / PG, there + pages / 64);
	there = pgem_resident(fd, around.buf.handle) / PG;
	around_forget(&around);
	for (size_t i = 0; i < pages; i += 64)
		around_touch(&around, i);
	igt_assert_eq(pgem_resident(fd, around.buf.handle) / PG, there);
	igt_assert_lte_u64(pgem_map_rss(around.map), there * PG);
	pgem_check(around.map, 0, pages);
	around_fini(&around);
}

static void swap(int fd)
{
	pgem_group_with_swap(fd, fault_beside_swap);
}

/* P11 */
static void purged(int fd)
{
	struct around around;

	pgem_window(16);
	around_init(&around, fd, 32, 0);
	around_touch(&around, 4);
	pgem_dontneed(fd, around.buf.handle);
	igt_assert_eq_u64(pgem_shrink(PGEM_SHRINK_ALL), 32);
	pgem_expect_range(around.map, 32, 0, 0);
	for (size_t i = 0; i < 32; i++)
		igt_assert_eq(pgem_read_signal(around.map + i * PG), SIGBUS);
	pgem_expect_range(around.map, 32, 0, 0);
	igt_assert_eq_u64(pgem_resident(fd, around.buf.handle), 0);
	around_fini(&around);
}

/* P15 */
static void unbound(int fd)
{
	struct around around;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	pgem_window(16);
	around_init(&around, fd, 32, 0);
	around_touch(&around, 4);
	pgem_unbind();
	pgem_expect_range(around.map, 32, 0, 0);
	for (size_t i = 0; i < 32; i++)
		igt_assert_eq(pgem_read_signal(around.map + i * PG), SIGBUS);
	pgem_expect_range(around.map, 32, 0, 0);
	pgem_unmap(around.map, 32 * PG);
	pgem_unmap(around.buf.map, around.buf.size);
	close(fd);
	pgem_bind();
}

static const struct pgem_test tests[] = {
	{ "read-only", read_only, "Neighbours in a mapping for reading cannot be written." },
	{ "dmabuf", dmabuf, "A dma-buf mapped at an offset shows the right neighbours." },
	{ "gup", gup, "get_user_pages() maps around what it takes." },
	{ "pinned", pinned, "A page that is pinned comes back as the same one." },
	{ "populate", populate, "Populating one page allocates no other." },
	{ "map-populate", map_populate, "MAP_POPULATE brings in all pages, old and new." },
	{ "mlock", lock_page, "mlock() faults like a program does." },
	{ "child", child, "A child's faults map pages for the child alone." },
	{ "memory-returns", memory_returns, "128 MiB of neighbours are free in the end." },
	{ "huge", huge, "Of a large folio a second touch maps all, of one page table." },
	{ "huge-off", huge_off, "Without a window large folios are mapped page by page." },
	{ "swap", swap, "Pages in swap are skipped, and stay there." },
	{ "purged", purged, "A purge takes neighbours, too, and none comes back." },
	{ "unbound", unbound, "Unbinding takes neighbours, too, and none comes back." },
};

void around_path_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
