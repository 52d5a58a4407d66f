// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_mmap
 *
 * mmap() of the device file: what is refused, which flags a mapping has, and that
 * it outlives the handle and the file. GEM_MMAP_OFFSET as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check mapping of objects through the device file.");

#define PAGES 8

static void basic(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static void twice(int fd)
{
	struct pgem_buf buf;
	uint8_t *second;

	pgem_buf_init(&buf, fd, PAGES);
	second = pgem_map(fd, buf.handle, buf.size);
	igt_assert(second != buf.map);
	pgem_fill(buf.map, 0, PAGES);
	pgem_check(second, 0, PAGES);
	pgem_fill(second, 50, PAGES);
	pgem_check(buf.map, 50, PAGES);
	pgem_unmap(second, buf.size);
	pgem_buf_fini(&buf);
}

static void part(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	for (size_t pages = 1; pages < PAGES; pages++) {
		uint8_t *map = pgem_map(fd, buf.handle, pages * PG);

		pgem_fill(map, pages, pages);
		pgem_check(buf.map, pages, pages);
		pgem_unmap(map, pages * PG);
	}
	pgem_buf_fini(&buf);
}

/* P2 */
static void too_long(int fd)
{
	const int prot = PROT_READ | PROT_WRITE;
	struct pgem_buf buf;
	uint64_t offset;

	pgem_buf_init(&buf, fd, PAGES);
	offset = pgem_offset(fd, buf.handle);
	pgem_expect_map(fd, offset, buf.size, prot, MAP_SHARED, 0);
	pgem_expect_map(fd, offset, buf.size + 1, prot, MAP_SHARED, -EINVAL);
	pgem_expect_map(fd, offset, buf.size + PG, prot, MAP_SHARED, -EINVAL);
	pgem_expect_map(fd, offset, 1ull << 40, prot, MAP_SHARED, -EINVAL);
	pgem_buf_fini(&buf);
}

/* Mappings start at the object's first byte; splitting makes the others. */
static void inside(int fd)
{
	struct pgem_buf buf;
	uint64_t offset;

	pgem_buf_init(&buf, fd, PAGES);
	offset = pgem_offset(fd, buf.handle);
	for (size_t page = 1; page <= PAGES; page++)
		pgem_expect_map(fd, offset + page * PG, PG, PROT_READ, MAP_SHARED, -EINVAL);
	pgem_expect_map(fd, offset - PG, PG, PROT_READ, MAP_SHARED, -EINVAL);
	pgem_buf_fini(&buf);
}

static void no_object(int fd)
{
	static const uint64_t offsets[] = { 0, 0x1000, 0xffffffff000, 0x10000000000000,
					    0x7ffffffffffff000, 0xfffffffffffff000 };

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		uint8_t *map;
		int ret = __pgem_map(fd, offsets[i], PG, PROT_READ, MAP_SHARED, &map);

		/* The last one wraps: that is told by the kernel, not by the driver. */
		igt_assert(ret == -EINVAL || ret == -EOVERFLOW);
	}
}

/* P4 */
static void private_write(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_expect_map(fd, pgem_offset(fd, buf.handle), buf.size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE, -EINVAL);
	pgem_buf_fini(&buf);
}

/* P4: mprotect() could make it writable later. */
static void private_read(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_expect_map(fd, pgem_offset(fd, buf.handle), buf.size, PROT_READ, MAP_PRIVATE, -EINVAL);
	pgem_expect_map(fd, pgem_offset(fd, buf.handle), buf.size, PROT_NONE, MAP_PRIVATE, -EINVAL);
	pgem_buf_fini(&buf);
}

/* P4: the case where a driver that inserts writable entries leaks writes. */
static void private_read_only_file(int fd)
{
	int ro = pgem_open(PGEM_RENDER, O_RDONLY);
	uint32_t handle = pgem_create(ro, PG);

	(void)fd;
	pgem_expect_map(ro, pgem_offset(ro, handle), PG, PROT_READ, MAP_PRIVATE, -EINVAL);
	close(ro);
}

static void read_only_file(int fd)
{
	int ro = pgem_open(PGEM_RENDER, O_RDONLY);
	uint32_t handle = pgem_create(ro, PG);
	uint8_t *map;

	(void)fd;
	pgem_expect_map(ro, pgem_offset(ro, handle), PG, PROT_READ | PROT_WRITE, MAP_SHARED,
			-EACCES);
	igt_assert_eq(__pgem_map(ro, pgem_offset(ro, handle), PG, PROT_READ, MAP_SHARED, &map), 0);
	igt_assert(pgem_is_zero(map, PG));
	igt_assert_eq(mprotect(map, PG, PROT_READ | PROT_WRITE), -1);
	igt_assert_eq(errno, EACCES);
	igt_assert_eq(pgem_write_signal(map), SIGSEGV);
	pgem_unmap(map, PG);
	close(ro);
}

static void read_only_mapping(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES / 2);
	igt_assert_eq(__pgem_map(fd, pgem_offset(fd, buf.handle), buf.size, PROT_READ, MAP_SHARED,
				 &map), 0);
	for (size_t i = 0; i < PAGES; i++)
		igt_assert_eq(pgem_write_signal(map + i * PG), SIGSEGV);
	pgem_check(map, 0, PAGES / 2);

	/* Pages that were read first can be written once that is allowed. */
	igt_assert_eq(mprotect(map, buf.size, PROT_READ | PROT_WRITE), 0);
	pgem_fill(map, 70, PAGES);
	pgem_check(buf.map, 70, PAGES);
	pgem_unmap(map, buf.size);
	pgem_buf_fini(&buf);
}

static void no_access_mapping(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	igt_assert_eq(mprotect(buf.map, buf.size, PROT_NONE), 0);
	igt_assert_eq(pgem_read_signal(buf.map), SIGSEGV);
	igt_assert_eq(mprotect(buf.map, buf.size, PROT_READ | PROT_WRITE), 0);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

/* P9: the right to an offset comes with a handle. */
static void other_client(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR);
	uint32_t handle = pgem_create(fd, PG);
	uint64_t offset = pgem_offset(fd, handle);

	pgem_expect_map(other, offset, PG, PROT_READ | PROT_WRITE, MAP_SHARED, -EACCES);
	pgem_expect_map(fd, offset, PG, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	pgem_close(fd, handle);
	close(other);
}

static void closed_handle(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	uint64_t offset = pgem_offset(fd, handle);

	pgem_close(fd, handle);
	pgem_expect_map(fd, offset, PG, PROT_READ, MAP_SHARED, -EINVAL);
}

/* The object lives on in its mapping; the right to map it again is gone. */
static void closed_handle_mapped(int fd)
{
	struct pgem_buf buf;
	uint64_t offset;

	pgem_buf_init(&buf, fd, PAGES);
	offset = pgem_offset(fd, buf.handle);
	pgem_close(fd, buf.handle);
	pgem_expect_map(fd, offset, PG, PROT_READ, MAP_SHARED, -EACCES);
	pgem_unmap(buf.map, buf.size);
	pgem_expect_map(fd, offset, PG, PROT_READ, MAP_SHARED, -EINVAL);
}

/* P5 */
static void flags(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert(pgem_map_flag(buf.map, "sh"));
	igt_assert(pgem_map_flag(buf.map, "mm"));	/* VM_MIXEDMAP */
	igt_assert(pgem_map_flag(buf.map, "de"));	/* VM_DONTEXPAND */
	igt_assert(pgem_map_flag(buf.map, "dd"));	/* VM_DONTDUMP */
	igt_assert(!pgem_map_flag(buf.map, "pf"));	/* VM_PFNMAP */
	igt_assert(!pgem_map_flag(buf.map, "io"));	/* VM_IO */
	buf.map[0] = 1;
	igt_assert(!pgem_map_flag(buf.map, "pf"));
	pgem_buf_fini(&buf);
}

static void offset_stable(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	uint64_t offset = pgem_offset(fd, handle);

	igt_assert_neq_u64(offset, 0);
	igt_assert_eq_u64(offset % PG, 0);
	igt_assert_eq_u64(pgem_offset(fd, handle), offset);
	pgem_close(fd, handle);
}

static void expect_refused(int fd, struct drm_pgem_gem_mmap_offset arg, int error)
{
	struct drm_pgem_gem_mmap_offset before = arg;

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_MMAP_OFFSET, &arg), error);
	igt_assert(!memcmp(&arg, &before, sizeof(arg)));
}

/* P26 */
static void bad_handle(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	const uint32_t handles[] = { 0, handle + 1, INT_MAX, INT_MAX + 1u, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		expect_refused(fd, (struct drm_pgem_gem_mmap_offset){
			.handle = handles[i], .offset = 0x1234 }, -ENOENT);
	pgem_close(fd, handle);
	expect_refused(fd, (struct drm_pgem_gem_mmap_offset){
		.handle = handle, .offset = 0x1234 }, -ENOENT);
}

/* P26 */
static void bad_flags(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (int bit = 0; bit < 32; bit++)
		expect_refused(fd, (struct drm_pgem_gem_mmap_offset){
			.handle = handle, .flags = 1u << bit, .offset = 0x1234 }, -EINVAL);
	pgem_close(fd, handle);
}

/* P7 */
static void handle_closed_first(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES / 2);
	pgem_close(fd, buf.handle);
	pgem_check(buf.map, 0, PAGES / 2);
	igt_assert(pgem_is_zero(buf.map + buf.size / 2, buf.size / 2));
	pgem_fill(buf.map, 20, PAGES);
	pgem_check(buf.map, 20, PAGES);
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq(pgem_objects(), 0);
}

/* P7 */
static void fd_closed_first(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR);
	struct pgem_buf buf;

	(void)fd;
	pgem_buf_init(&buf, own, PAGES);
	pgem_fill(buf.map, 0, PAGES / 2);
	close(own);
	pgem_check(buf.map, 0, PAGES / 2);
	pgem_fill(buf.map, 20, PAGES);
	pgem_check(buf.map, 20, PAGES);
	igt_assert_eq(pgem_objects(), 1);
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq(pgem_objects(), 0);
}

/* P7: an mmap() that fails for lack of address space takes and leaves nothing. */
static void no_address_space(int fd)
{
	struct rlimit old, none;
	struct pgem_buf buf;
	uint64_t offset;
	uint8_t *map;
	int failures = 0;

	pgem_buf_init(&buf, fd, 4096);
	offset = pgem_offset(fd, buf.handle);
	igt_assert_eq(getrlimit(RLIMIT_AS, &old), 0);
	none = old;
	none.rlim_cur = buf.size;
	igt_assert_eq(setrlimit(RLIMIT_AS, &none), 0);
	for (int i = 0; i < 100; i++)
		failures += __pgem_map(fd, offset, buf.size, PROT_READ, MAP_SHARED,
				       &map) == -ENOMEM;
	igt_assert_eq(setrlimit(RLIMIT_AS, &old), 0);
	igt_assert_eq(failures, 100);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "basic", basic, "Pages keep what is written to them." },
	{ "twice", twice, "Two mappings of an object show the same memory." },
	{ "part", part, "A mapping can be shorter than the object." },
	{ "too-long", too_long, "A mapping cannot be longer than the object." },
	{ "inside", inside, "A mapping cannot start inside an object." },
	{ "no-object", no_object, "Offsets of no object are refused." },
	{ "private-write", private_write, "A private mapping is refused." },
	{ "private-read", private_read, "A private mapping to read from is refused as well." },
	{ "private-read-only-file", private_read_only_file,
	  "A private mapping of a file opened for reading is refused as well." },
	{ "read-only-file", read_only_file, "A file opened for reading gives no write access." },
	{ "read-only-mapping", read_only_mapping, "PROT_READ holds until mprotect() lifts it." },
	{ "no-access-mapping", no_access_mapping, "PROT_NONE holds until mprotect() lifts it." },
	{ "other-client", other_client, "Another client's offset is refused." },
	{ "closed-handle", closed_handle, "The offset of a freed object is refused." },
	{ "closed-handle-mapped", closed_handle_mapped,
	  "The offset is refused without a handle, even if the object is still mapped." },
	{ "flags", flags, "A mapping has the flags of ordinary pages that nobody expands." },
	{ "offset-stable", offset_stable, "An object keeps its offset." },
	{ "bad-handle", bad_handle, "There is no offset for an unknown handle." },
	{ "bad-flags", bad_flags, "Asking for the offset takes no flags." },
	{ "handle-closed-first", handle_closed_first, "A mapping outlives the handle." },
	{ "fd-closed-first", fd_closed_first, "A mapping outlives the file." },
	{ "no-address-space", no_address_space, "A failing mmap() leaves no reference." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
