// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_inject: mappings
 *
 * Mapping, touching, forking, splitting and moving, with each allocation failing once.
 * Every try has an object of its own. That is freed in the end, whatever happened, as
 * no mapping that was not to be holds a reference, and none too few.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_inject.h"
#include "pgem_lib.h"
#include "pgem_nth.h"

#define PAGES 8
/* In a mapping of this size, the middle has a page table for itself. */
#define SPARSE_PAGES 2048
#define TOUCHED 1000

/* What the operations work on */
static struct {
	int fd;			/* the subtest's file */
	int zero;		/* /dev/zero */
	int dmabuf;
	uint64_t offset;
	uint8_t *map, *target;
	struct pgem_buf buf;
} s;

static void each(int fd, const struct pgem_nth *op)
{
	s.fd = fd;
	pgem_nth_each(op);
}

static void prepare_buf(void)
{
	pgem_buf_init(&s.buf, s.fd, PAGES);
	pgem_fill(s.buf.map, 0, PAGES);
}

/* All pages of a mapping are what and where they were, and can be written. */
static void intact(void *map, size_t first, size_t count)
{
	pgem_check(map, first, count);
	igt_assert_eq(pgem_mapped(map, count), count);
	pgem_fill(map, first, count);
}

static void free_buf(void)
{
	pgem_buf_fini(&s.buf);
	/* Also where a mapping that failed kept its reference. */
	igt_assert_eq(pgem_objects(), 0);
}

static void prepare_mmap(void)
{
	s.buf.handle = pgem_create(s.fd, PAGES * PG);
	s.offset = pgem_offset(s.fd, s.buf.handle);
}

static int run_mmap(void)
{
	return __pgem_map(s.fd, s.offset, PAGES * PG, PROT_READ | PROT_WRITE, MAP_SHARED, &s.map);
}

/* Closing the handle frees the object, unless a mapping that failed kept it. */
static void check_mmap(int ret)
{
	if (!ret) {
		pgem_fill(s.map, 0, PAGES);
		intact(s.map, 0, PAGES);
		pgem_unmap(s.map, PAGES * PG);
	}
	pgem_close(s.fd, s.buf.handle);
	igt_assert_eq(pgem_objects(), 0);
}

static void map_file(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_mmap, .run = run_mmap, .check = check_mmap,
		.errors = { ENOMEM }, .refusals = 1 });
}

static void prepare_mmap_dmabuf(void)
{
	s.buf.handle = pgem_create(s.fd, PAGES * PG);
	s.dmabuf = pgem_export(s.fd, s.buf.handle);
}

static int run_mmap_dmabuf(void)
{
	return __pgem_map(s.dmabuf, 0, PAGES * PG, PROT_READ | PROT_WRITE, MAP_SHARED, &s.map);
}

static void check_mmap_dmabuf(int ret)
{
	close(s.dmabuf);
	check_mmap(ret);
}

static void map_dmabuf(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_mmap_dmabuf, .run = run_mmap_dmabuf, .check = check_mmap_dmabuf,
		.errors = { ENOMEM }, .refusals = 1 });
}

static void prepare_sparse(void)
{
	pgem_buf_init(&s.buf, s.fd, SPARSE_PAGES);
}

/* The page may be there without being mapped, but no other one, and no old data. */
static void check_sparse(int ret)
{
	uint8_t *page = s.buf.map + TOUCHED * PG;

	igt_assert_lte_u64(pgem_resident(s.fd, s.buf.handle), PG);
	if (!ret)
		igt_assert_eq(pgem_mapped(page, 1), 1);
	igt_assert(pgem_is_zero(page, PG));
	pgem_mark(page, TOUCHED);
	igt_assert(pgem_marked(page, TOUCHED));
	igt_assert_eq_u64(pgem_resident(s.fd, s.buf.handle), PG);
	free_buf();
}

static int run_touch(void)
{
	volatile uint8_t *page = s.buf.map + TOUCHED * PG;

	return *page ? -EIO : 0;
}

/* The kernel makes the access again, as long as the driver calls it out of memory. */
static void touch(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_sparse, .run = run_touch, .check = check_sparse,
		.failures = 3 });
}

static int run_read(void)
{
	ssize_t got = read(s.zero, s.buf.map + TOUCHED * PG, PG);

	return got == (ssize_t)PG ? 0 : got < 0 ? -errno : -EIO;
}

static void touch_in_read(int fd)
{
	s.zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	each(fd, &(struct pgem_nth){
		.prepare = prepare_sparse, .run = run_read, .check = check_sparse,
		.errors = { EFAULT }, .refusals = 3 });
	close(s.zero);
}

static int run_gup(void)
{
	static uint8_t byte;
	struct iovec here = { &byte, 1 }, there = { s.buf.map + TOUCHED * PG, 1 };

	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) < 0 ? -errno : -byte;
}

static void touch_in_gup(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_sparse, .run = run_gup, .check = check_sparse,
		.errors = { EFAULT, ENOMEM }, .refusals = 3 });
}

static bool all_marked(const uint8_t *map)
{
	for (size_t i = 0; i < PAGES; i++)
		if (!pgem_marked(map + i * PG, i))
			return false;
	return true;
}

/* The child cannot look up functions: see that all it calls are known. */
static void prepare_fork(void)
{
	prepare_buf();
	igt_assert(all_marked(s.buf.map));
}

static int child(void *unused)
{
	(void)unused;
	return !all_marked(s.buf.map);
}

/* Failures are of the parent; the child has none ahead. */
static int run_fork(void)
{
	static uint8_t stack[65536] __attribute__((aligned(16)));

	return clone(child, stack + sizeof(stack), SIGCHLD, NULL) < 0 ? -errno : 0;
}

static void check_fork(int ret)
{
	int status;

	if (!ret) {
		igt_assert_lt(0, wait(&status));
		igt_assert_eq(status, 0);
	}
	intact(s.buf.map, 0, PAGES);
	free_buf();
}

/*
 * What the child does without: libraries, whose mappings would be a thousand calls that
 * have nothing to do with pgem's; and the stack, which the parent would have to copy
 * while it still has a failure ahead.
 */
static void advise_rest(int advice)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512];

	igt_assert(file);
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "/libc.so") || strstr(line, "/ld-linux") ||
		    !(strstr(line, ".so") || strstr(line, "[stack]")))
			continue;
		igt_assert_eq(sscanf(line, "%lx-%lx ", &start, &end), 2);
		igt_assert_eq(madvise((void *)start, end - start, advice), 0);
	}
	fclose(file);
}

static void fork_mapping(int fd)
{
	advise_rest(MADV_DONTFORK);
	each(fd, &(struct pgem_nth){
		.prepare = prepare_fork, .run = run_fork, .check = check_fork,
		.errors = { ENOMEM, EAGAIN }, .refusals = 10 });
	advise_rest(MADV_DOFORK);
}

static int run_unmap_middle(void)
{
	return munmap(s.buf.map + 3 * PG, 2 * PG) ? -errno : 0;
}

static void check_unmap_middle(int ret)
{
	if (ret) {
		intact(s.buf.map, 0, PAGES);
	} else {
		intact(s.buf.map, 0, 3);
		igt_assert_eq(pgem_read_signal(s.buf.map + 3 * PG), SIGSEGV);
		intact(s.buf.map + 5 * PG, 5, PAGES - 5);
	}
	free_buf();
}

static void unmap_middle(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_buf, .run = run_unmap_middle, .check = check_unmap_middle,
		.errors = { ENOMEM }, .refusals = 2 });
}

static int run_protect_middle(void)
{
	return mprotect(s.buf.map + 3 * PG, 2 * PG, PROT_READ) ? -errno : 0;
}

static void check_protect_middle(int ret)
{
	if (!ret)
		igt_assert_eq(pgem_write_signal(s.buf.map + 3 * PG), SIGSEGV);
	/* What the first half of a failed split did, this takes back, or not. */
	igt_assert(!ret || !pgem_write_signal(s.buf.map + 4 * PG + 8));
	igt_assert_eq(mprotect(s.buf.map, s.buf.size, PROT_READ | PROT_WRITE), 0);
	intact(s.buf.map, 0, PAGES);
	free_buf();
}

static void protect_middle(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_buf, .run = run_protect_middle, .check = check_protect_middle,
		.errors = { ENOMEM }, .refusals = 2 });
}

static void prepare_move(void)
{
	const size_t size = 4 << 20;
	uint8_t *place = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	igt_assert(place != MAP_FAILED);
	prepare_buf();
	s.target = place + size / 2;
	pgem_unmap(place, size);
}

static int run_move(void)
{
	s.map = mremap(s.buf.map, s.buf.size, s.buf.size, MREMAP_MAYMOVE | MREMAP_FIXED,
		       s.target);
	return s.map == MAP_FAILED ? -errno : 0;
}

static void check_move(int ret)
{
	if (!ret)
		s.buf.map = s.target;
	intact(s.buf.map, 0, PAGES);
	free_buf();
}

static void move(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_move, .run = run_move, .check = check_move,
		.errors = { ENOMEM }, .refusals = 2 });
}

/* The mapping is the last that holds the object. */
static void prepare_unmap(void)
{
	prepare_buf();
	pgem_close(s.fd, s.buf.handle);
	igt_assert_eq(pgem_objects(), 1);
}

static int run_unmap(void)
{
	return munmap(s.buf.map, s.buf.size) ? -errno : 0;
}

static void check_unmap(int ret)
{
	if (ret) {
		intact(s.buf.map, 0, PAGES);
		pgem_unmap(s.buf.map, s.buf.size);
	}
	igt_assert_eq(pgem_objects(), 0);
}

static void unmap(int fd)
{
	each(fd, &(struct pgem_nth){
		.prepare = prepare_unmap, .run = run_unmap, .check = check_unmap,
		.errors = { ENOMEM }, .failures = 1 });
}

static const struct pgem_test tests[] = {
	{ "map", map_file, "Mapping an object." },
	{ "map-dmabuf", map_dmabuf, "Mapping a dma-buf." },
	{ "touch", touch, "A touch, which the kernel repeats until there is memory." },
	{ "touch-in-read", touch_in_read, "A system call that touches is refused, or done." },
	{ "touch-in-gup", touch_in_gup, "The same by get_user_pages()." },
	{ "fork", fork_mapping, "Forking a process that has a mapping." },
	{ "unmap-middle", unmap_middle, "Cutting a hole into a mapping." },
	{ "protect-middle", protect_middle, "Changing the rights to some pages." },
	{ "move", move, "Moving a mapping." },
	{ "unmap", unmap, "The end of the last mapping, and with it of the object." },
};

void pgem_inject_map_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
