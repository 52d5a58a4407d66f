// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_hotunplug
 *
 * P15: the driver is unbound, as if the device had been pulled out, while clients
 * have files, mappings and dma-bufs. They get errors and signals; nothing hangs, and
 * binding again gives a fresh device. pgem_hotrace does it at bad moments.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check unbinding of the driver while it is used.");

#define PAGES 8

static void use(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert(pgem_is_zero(buf.map, buf.size));
	pgem_fill(buf.map, 0, PAGES);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static void rebind(void)
{
	int fd;

	pgem_bind();
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	use(fd);
	close(fd);
	igt_assert_eq(pgem_objects(), 0);
}

static void basic(int fd)
{
	(void)fd;
	pgem_unbind();
	igt_assert_eq(__pgem_open(PGEM_RENDER, O_RDWR), -ENODEV);
	igt_assert_eq(__pgem_open(PGEM_PRIMARY, O_RDWR), -ENODEV);
	rebind();
}

static void loop(int fd)
{
	(void)fd;
	for (int i = 0; i < 10; i++) {
		pgem_unbind();
		rebind();
	}
}

static void twice(int fd)
{
	(void)fd;
	igt_assert_eq(__pgem_bind(), -EBUSY);
	pgem_unbind();
	igt_assert_eq(__pgem_write_file(PGEM_DRIVER_DIR "/unbind", PGEM_NAME), -ENODEV);
	rebind();
}

static void expect_dead(int fd, uint32_t handle)
{
	struct drm_pgem_gem_info info;
	uint64_t value;
	uint32_t other;
	int dmabuf;

	igt_assert_eq(__pgem_get_param(fd, DRM_PGEM_PARAM_PAGE_SIZE, &value), -ENODEV);
	igt_assert_eq(__pgem_create(fd, PG, &other), -ENODEV);
	igt_assert_eq(__pgem_offset(fd, handle, &value), -ENODEV);
	igt_assert_eq(__pgem_info(fd, handle, &info), -ENODEV);
	igt_assert_eq(__pgem_export(fd, handle, DRM_CLOEXEC, &dmabuf), -ENODEV);
	igt_assert_eq(__pgem_close(fd, handle), -ENODEV);
}

static void ioctls(int fd)
{
	int primary = pgem_open(PGEM_PRIMARY, O_RDWR);
	uint32_t handle = pgem_create(fd, PG), second = pgem_create(primary, PG);

	pgem_unbind();
	expect_dead(fd, handle);
	expect_dead(primary, second);
	rebind();
	/* The old files stay dead. */
	expect_dead(fd, handle);
	expect_dead(primary, second);
	close(primary);
}

static void mmap_fails(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	uint64_t offset = pgem_offset(fd, handle);
	uint8_t *map;

	pgem_unbind();
	igt_assert_eq(__pgem_map(fd, offset, PG, PROT_READ, MAP_SHARED, &map), -ENODEV);
	rebind();
	igt_assert_eq(__pgem_map(fd, offset, PG, PROT_READ, MAP_SHARED, &map), -ENODEV);
}

static void dmabuf_mmap_fails(int fd)
{
	uint32_t handle = pgem_create(fd, PAGES * PG);
	int dmabuf = pgem_export(fd, handle);
	uint8_t *map;

	pgem_unbind();
	for (int i = 0; i < 100; i++)
		igt_assert_eq(__pgem_map(dmabuf, PG, PG, PROT_READ, MAP_SHARED, &map), -ENODEV);
	rebind();
	igt_assert_eq(__pgem_map(dmabuf, 0, PG, PROT_READ, MAP_SHARED, &map), -ENODEV);
	igt_assert_eq_u64(lseek(dmabuf, 0, SEEK_END), PAGES * PG);
	close(dmabuf);
}

/* The old device's buffer is another driver's to the new one; pgem_lifetime has more. */
static void dmabuf_import(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	struct drm_pgem_gem_info info;
	int dmabuf = pgem_export(fd, handle), other;
	uint8_t *map;

	pgem_unbind();
	pgem_bind();
	other = pgem_open(PGEM_RENDER, O_RDWR);
	igt_assert_eq(__pgem_import(fd, dmabuf, &handle), -ENODEV);
	handle = pgem_import(other, dmabuf);
	igt_assert_eq(__pgem_info(other, handle, &info), 0);
	igt_assert_eq_u32(info.flags, DRM_PGEM_GEM_IMPORTED);
	igt_assert_eq(__pgem_map(other, pgem_offset(other, handle), PG, PROT_READ, MAP_SHARED,
				 &map), -ENODEV);
	close(other);
	close(dmabuf);
	igt_assert_eq(pgem_objects(), 0);
}

static void touched_pages(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	pgem_unbind();
	igt_assert_eq(pgem_mapped(buf.map, PAGES), 0);
	for (size_t i = 0; i < PAGES; i++) {
		igt_assert_eq(pgem_read_signal(buf.map + i * PG), SIGBUS);
		igt_assert_eq(pgem_write_signal(buf.map + i * PG), SIGBUS);
	}
	rebind();
	igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
	pgem_unmap(buf.map, buf.size);
}

static void untouched_pages(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_unbind();
	for (size_t i = 0; i < PAGES; i++)
		igt_assert_eq(i % 2 ? pgem_read_signal(buf.map + i * PG) :
				      pgem_write_signal(buf.map + i * PG), SIGBUS);
	rebind();
	igt_assert_eq(pgem_write_signal(buf.map), SIGBUS);
	pgem_unmap(buf.map, buf.size);
}

static void dmabuf_mapping(int fd)
{
	uint32_t handle = pgem_create(fd, PAGES * PG);
	int dmabuf = pgem_export(fd, handle);
	uint8_t *map = pgem_map_fd(dmabuf, 2 * PG, 4 * PG);

	pgem_fill(map, 0, 2);
	pgem_unbind();
	igt_assert_eq(pgem_mapped(map, 4), 0);
	igt_assert_eq(pgem_read_signal(map), SIGBUS);
	igt_assert_eq(pgem_write_signal(map + 3 * PG), SIGBUS);
	rebind();
	igt_assert_eq(pgem_read_signal(map + PG), SIGBUS);
	pgem_unmap(map, 4 * PG);
	close(dmabuf);
}

/* The pieces of a cut mapping are found as well. */
static void split_mapping(int fd)
{
	struct pgem_buf buf;
	uint8_t *place = mmap(NULL, PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	pgem_unmap(buf.map, PG);
	igt_assert_eq(mprotect(buf.map + 2 * PG, PG, PROT_READ), 0);
	igt_assert(mremap(buf.map + 5 * PG, PG, PG, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
	pgem_unbind();
	igt_assert_eq(pgem_read_signal(buf.map), SIGSEGV);
	igt_assert_eq(pgem_read_signal(buf.map + PG), SIGBUS);
	igt_assert_eq(pgem_read_signal(buf.map + 2 * PG), SIGBUS);
	igt_assert_eq(pgem_read_signal(buf.map + 7 * PG), SIGBUS);
	igt_assert_eq(pgem_read_signal(place), SIGBUS);
	pgem_unmap(place, PG);
	pgem_unmap(buf.map, buf.size);
	rebind();
}

static void child_mapping(int fd)
{
	struct pgem_buf buf;
	int gate[2];
	char byte = 0;

	igt_assert_eq(pipe(gate), 0);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	igt_fork(child, 1) {
		pgem_check(buf.map, 0, PAGES);
		igt_assert_eq(read(gate[0], &byte, 1), 1);
		igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
		igt_assert_eq(pgem_write_signal(buf.map + PG), SIGBUS);
	}
	usleep(50000);
	pgem_unbind();
	igt_assert_eq(write(gate[1], &byte, 1), 1);
	igt_waitchildren();
	igt_fork(child, 1)
		igt_assert_eq(pgem_read_signal(buf.map), SIGBUS);
	igt_waitchildren();
	close(gate[0]);
	close(gate[1]);
	rebind();
	pgem_unmap(buf.map, buf.size);
}

/* Where the kernel would touch the page, the system call fails. */
static void kernel_access(int fd)
{
	struct pgem_buf buf;
	struct iovec local, remote;
	uint64_t word;
	int ends[2];

	igt_assert_eq(pipe(ends), 0);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	local = (struct iovec){ &word, sizeof(word) };
	remote = (struct iovec){ buf.map, sizeof(word) };
	pgem_unbind();
	igt_assert_eq(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), -1);
	igt_assert_eq(errno, EFAULT);
	igt_assert_eq(vmsplice(ends[1], &remote, 1, 0), -1);
	igt_assert_eq(errno, EFAULT);
	igt_assert_eq(write(ends[1], buf.map, 8), -1);
	igt_assert_eq(errno, EFAULT);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_POPULATE_WRITE), -1);
	close(ends[0]);
	close(ends[1]);
	rebind();
	pgem_unmap(buf.map, buf.size);
}

/* P20 */
static void pages_in_pipe(int fd)
{
	uint8_t *copy = malloc(PG);
	struct pgem_buf buf;
	struct iovec io;
	int ends[2];

	igt_assert(copy);
	igt_assert_eq(pipe(ends), 0);
	pgem_buf_init(&buf, fd, 1);
	pgem_fill(buf.map, 5, 1);
	io = (struct iovec){ buf.map, PG };
	igt_assert_eq(vmsplice(ends[1], &io, 1, 0), PG);
	pgem_unbind();
	rebind();
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq(read(ends[0], copy, PG), PG);
	pgem_check(copy, 5, 1);
	close(ends[0]);
	close(ends[1]);
	free(copy);
}

static void change_mapping(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	pgem_unbind();
	igt_assert_eq(mprotect(buf.map + PG, PG, PROT_READ), 0);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_DONTNEED), 0);
	pgem_unmap(buf.map + 3 * PG, PG);
	igt_assert_eq(pgem_read_signal(buf.map + PG), SIGBUS);
	pgem_unmap(buf.map, buf.size);
	rebind();
}

/* Each generation leaves a file, a mapping and a dma-buf behind. */
static void generations(int fd)
{
	enum { COUNT = 8 };
	struct pgem_buf bufs[COUNT];
	int files[COUNT], dmabufs[COUNT];

	(void)fd;
	for (int i = 0; i < COUNT; i++) {
		files[i] = pgem_open(PGEM_RENDER, O_RDWR);
		pgem_buf_init(&bufs[i], files[i], PAGES);
		pgem_fill(bufs[i].map, i, PAGES);
		dmabufs[i] = pgem_export(files[i], bufs[i].handle);
		igt_assert_eq(pgem_objects(), 1);
		pgem_unbind();
		rebind();
		for (int j = 0; j <= i; j++) {
			expect_dead(files[j], bufs[j].handle);
			igt_assert_eq(pgem_read_signal(bufs[j].map), SIGBUS);
		}
	}
	for (int i = 0; i < COUNT; i++) {
		/* In each order once. */
		if (i % 3 == 0)
			close(files[i]);
		if (i % 2)
			close(dmabufs[i]);
		pgem_unmap(bufs[i].map, bufs[i].size);
		if (i % 3)
			close(files[i]);
		if (i % 2 == 0)
			close(dmabufs[i]);
	}
}

/* What remains of the old device holds the module, and nothing more does. */
static void references(int fd)
{
	struct pgem_buf buf;
	int own = pgem_open(PGEM_RENDER, O_RDWR), before, dmabuf;

	close(fd);
	before = pgem_refcount();
	pgem_buf_init(&buf, own, PAGES);
	dmabuf = pgem_export(own, buf.handle);
	pgem_unbind();
	close(own);
	pgem_unmap(buf.map, buf.size);
	igt_assert_lt(0, pgem_refcount());
	close(dmabuf);
	igt_assert_eq(pgem_refcount(), before - 1);
	igt_assert_eq(dup2(open("/dev/null", O_RDWR), fd), fd);
	rebind();
}

static const struct pgem_test tests[] = {
	{ "basic", basic, "The nodes go with the device and come again with it." },
	{ "loop", loop, "The same ten times." },
	{ "twice", twice, "What is bound is not bound again, nor unbound twice." },
	{ "ioctls", ioctls, "Calls on a file of the old device give ENODEV for good." },
	{ "mmap", mmap_fails, "A file of the old device maps nothing." },
	{ "dmabuf-mmap", dmabuf_mmap_fails, "A dma-buf of the old device maps nothing." },
	{ "dmabuf-import", dmabuf_import, "The new device takes it, and maps nothing of it." },
	{ "touched-pages", touched_pages, "Pages that were mapped are gone: SIGBUS." },
	{ "untouched-pages", untouched_pages, "Pages that were not mapped do not come: SIGBUS." },
	{ "dmabuf-mapping", dmabuf_mapping, "The same for a dma-buf's mapping." },
	{ "split-mapping", split_mapping, "The same for the pieces of a mapping." },
	{ "child-mapping", child_mapping, "The same for a child's mapping." },
	{ "kernel-access", kernel_access, "System calls on such a mapping give EFAULT." },
	{ "pages-in-pipe", pages_in_pipe, "Pages in a pipe keep their data." },
	{ "change-mapping", change_mapping, "A dead mapping can be cut and unmapped." },
	{ "generations", generations, "Eight devices in turn, all still referenced." },
	{ "references", references, "The last reference to the old device frees it." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
