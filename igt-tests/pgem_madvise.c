// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_madvise
 *
 * What can be asked of the kernel for a mapping: bring pages in, forget them, lock
 * them, push them out. No advice may lose data or bring in what is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check advice about mappings.");

#define PAGES 64

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static void expect_advice(struct pgem_buf *buf, int advice, int error)
{
	int ret = madvise(buf->map, buf->size, advice) ? -errno : 0;

	igt_assert_eq(ret, error);
}

static void map_populate(int fd)
{
	uint32_t handle = pgem_create(fd, PAGES * PG);
	uint8_t *map;

	igt_assert_eq(__pgem_map(fd, pgem_offset(fd, handle), PAGES * PG, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_POPULATE, &map), 0);
	igt_assert_eq(pgem_mapped(map, PAGES), PAGES);
	igt_assert_eq_u64(pgem_resident(fd, handle), PAGES * PG);
	igt_assert(pgem_is_zero(map, PAGES * PG));
	pgem_unmap(map, PAGES * PG);
	pgem_close(fd, handle);
}

static void populate(int fd, int advice)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_mark(buf.map + 5 * PG, 5);
	expect_advice(&buf, advice, 0);
	igt_assert_eq(pgem_mapped(buf.map, PAGES), PAGES);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_check(buf.map + 5 * PG, 5, 1);
	igt_assert(pgem_is_zero(buf.map, 5 * PG));
	pgem_fill(buf.map, 0, PAGES);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static void populate_read(int fd)
{
	populate(fd, MADV_POPULATE_READ);
}

static void populate_write(int fd)
{
	populate(fd, MADV_POPULATE_WRITE);
}

static void willneed(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	expect_advice(&buf, MADV_WILLNEED, 0);
	igt_assert_lte_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_fill(buf.map, 0, PAGES);
	expect_advice(&buf, MADV_WILLNEED, 0);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

/* P12: the pages go from the mapping, not from the object. */
static void dontneed(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	for (int round = 0; round < 8; round++) {
		pgem_fill(buf.map, round, PAGES);
		igt_assert_eq(pgem_mapped(buf.map, PAGES), PAGES);
		expect_advice(&buf, MADV_DONTNEED, 0);
		igt_assert_eq(pgem_mapped(buf.map, PAGES), 0);
		igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
		pgem_check(buf.map, round, PAGES);
	}
	pgem_buf_fini(&buf);
}

static void keeps_data(int fd, int advice)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES / 2);
	madvise(buf.map, buf.size, advice);
	pgem_check(buf.map, 0, PAGES / 2);
	igt_assert(pgem_is_zero(buf.map + buf.size / 2, buf.size / 2));
	pgem_fill(buf.map, 7, PAGES);
	pgem_check(buf.map, 7, PAGES);
	pgem_buf_fini(&buf);
}

/* P19: a page is not clean only because its mapping was. */
static void pageout(int fd)
{
	keeps_data(fd, MADV_PAGEOUT);
}

static void cold(int fd)
{
	keeps_data(fd, MADV_COLD);
}

static void hugepage(int fd)
{
	keeps_data(fd, MADV_HUGEPAGE);
	keeps_data(fd, MADV_NOHUGEPAGE);
	keeps_data(fd, MADV_COLLAPSE);
}

static void mergeable(int fd)
{
	keeps_data(fd, MADV_MERGEABLE);
	keeps_data(fd, MADV_UNMERGEABLE);
}

static void refused(int fd, int advice, int error)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	expect_advice(&buf, advice, error);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static void bad_free(int fd)
{
	refused(fd, MADV_FREE, -EINVAL);
}

static void bad_wipeonfork(int fd)
{
	refused(fd, MADV_WIPEONFORK, -EINVAL);
}

/* P5: VM_DONTDUMP stays: a core dump would bring in all pages. */
static void bad_dodump(int fd)
{
	refused(fd, MADV_DODUMP, -EINVAL);
}

/* Punching holes is for files; the object decides about its memory. */
static void bad_remove(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_REMOVE), -1);
	igt_assert_eq(fallocate(fd, 0, 0, PG) ? -errno : 0, -ENODEV);
	igt_assert_eq(ftruncate(fd, 0) ? -errno : 0, -EINVAL);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

/* The kernel brings the pages in, and does not lock mappings of this kind. */
static void mlock_mapping(int fd)
{
	struct pgem_buf buf;
	size_t locked = pgem_meminfo("Mlocked");

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES / 2);
	igt_assert_eq(mlock(buf.map, buf.size), 0);
	igt_assert(!pgem_map_flag(buf.map, "lo"));
	pgem_check(buf.map, 0, PAGES / 2);
	igt_assert(pgem_is_zero(buf.map + buf.size / 2, buf.size / 2));
	igt_assert_eq(munlock(buf.map, buf.size), 0);
	pgem_buf_fini(&buf);
	igt_assert_lte_u64(pgem_meminfo("Mlocked"), locked);
}

static void mlock_all(int fd)
{
	struct pgem_buf buf;

	igt_assert_eq(mlockall(MCL_FUTURE), 0);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	pgem_check(buf.map, 0, PAGES);
	igt_assert_eq(munlockall(), 0);
	pgem_buf_fini(&buf);
}

static void msync_mapping(int fd)
{
	struct pgem_buf buf;
	int ret;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	/* There is no file to write to; whether that is an error is the kernel's business. */
	ret = msync(buf.map, buf.size, MS_SYNC) ? -errno : 0;
	igt_assert(ret == 0 || ret == -EINVAL);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

/* Faults are the driver's to serve. */
static void bad_userfaultfd(int fd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register arg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct pgem_buf buf;
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	igt_assert(uffd >= 0);
	igt_assert_eq(ioctl(uffd, UFFDIO_API, &api), 0);
	pgem_buf_init(&buf, fd, PAGES);
	arg.range.start = (uintptr_t)buf.map;
	arg.range.len = buf.size;
	igt_assert_eq(ioctl(uffd, UFFDIO_REGISTER, &arg) ? -errno : 0, -EINVAL);
	close(uffd);
	pgem_buf_fini(&buf);
}

/* Makes the entries read-only behind the driver's back, which nobody may notice. */
static void soft_dirty(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	for (int round = 0; round < 4; round++) {
		pgem_fill(buf.map, round, PAGES / 2);
		pgem_write_file("/proc/self/clear_refs", "4");
		pgem_write_file("/proc/self/clear_refs", "1");
		pgem_check(buf.map, round, PAGES / 2);
		pgem_fill(buf.map, 100 + round, PAGES);
		pgem_check(buf.map, 100 + round, PAGES);
		pgem_write_file("/proc/self/clear_refs", "4");
		expect_advice(&buf, MADV_DONTNEED, 0);
		pgem_check(buf.map, 100 + round, PAGES);
	}
	pgem_buf_fini(&buf);
}

/* Pages that are mapped must stay where they are: nobody could find their mappings. */
static void compaction(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 2048);
	pgem_fill(buf.map, 0, buf.pages);
	pgem_write_file("/proc/sys/vm/compact_memory", "1");
	pgem_check(buf.map, 0, buf.pages);
	pgem_fill(buf.map, 5, buf.pages);
	pgem_write_file("/proc/sys/vm/compact_memory", "1");
	expect_advice(&buf, MADV_DONTNEED, 0);
	pgem_check(buf.map, 5, buf.pages);
	pgem_buf_fini(&buf);
}

static void caches_dropped(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	expect_advice(&buf, MADV_DONTNEED, 0);
	pgem_write_file("/proc/sys/vm/drop_caches", "3");
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static const struct pgem_test tests[] = {
	{ "map-populate", map_populate, "MAP_POPULATE brings in all pages." },
	{ "populate-read", populate_read, "MADV_POPULATE_READ brings in all pages." },
	{ "populate-write", populate_write, "MADV_POPULATE_WRITE brings in all pages." },
	{ "willneed", willneed, "MADV_WILLNEED does no harm." },
	{ "dontneed", dontneed, "MADV_DONTNEED empties the mapping and keeps the data." },
	{ "pageout", pageout, "MADV_PAGEOUT keeps the data." },
	{ "cold", cold, "MADV_COLD keeps the data." },
	{ "hugepage", hugepage, "Advice about huge pages keeps the data." },
	{ "mergeable", mergeable, "Advice about merging keeps the data." },
	{ "bad-free", bad_free, "MADV_FREE is refused." },
	{ "bad-wipeonfork", bad_wipeonfork, "MADV_WIPEONFORK is refused." },
	{ "bad-dodump", bad_dodump, "Mappings cannot be made part of core dumps." },
	{ "bad-remove", bad_remove, "No holes can be punched through the mapping or the file." },
	{ "bad-userfaultfd", bad_userfaultfd, "userfaultfd cannot take over the mapping." },
	{ "mlock", mlock_mapping, "mlock() succeeds and locks nothing." },
	{ "mlockall", mlock_all, "A process that locks all memory can map objects." },
	{ "msync", msync_mapping, "msync() does no harm." },
	{ "clear-refs", soft_dirty, "Writes work after the kernel looked for them." },
	{ "compact-memory", compaction, "Compaction does not move mapped pages away." },
	{ "drop-caches", caches_dropped, "Dropping caches drops no object's page." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
