// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_access
 *
 * The kernel as the one who touches the pages: system calls that copy to and from
 * the mapping, and those that take hold of its pages (get_user_pages), which most
 * DRM drivers refuse.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check access to mapped pages by the kernel.");

#define PAGES 16

/* P18: the fault comes in the middle of a copy to user space. */
static void read_into_untouched(int fd)
{
	int file = memfd_create("source", MFD_CLOEXEC);
	struct pgem_buf plain, buf;

	pgem_buf_init(&plain, fd, PAGES);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(plain.map, 0, PAGES);
	igt_assert_eq(write(file, plain.map, plain.size), plain.size);
	igt_assert_eq(pread(file, buf.map, buf.size, 0), buf.size);
	pgem_check(buf.map, 0, PAGES);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	close(file);
	pgem_buf_fini(&buf);
	pgem_buf_fini(&plain);
}

static void write_from_untouched(int fd)
{
	int file = memfd_create("target", MFD_CLOEXEC);
	struct pgem_buf buf;
	uint8_t *map;

	pgem_buf_init(&buf, fd, PAGES);
	igt_assert_eq(write(file, buf.map, buf.size), buf.size);
	map = mmap(NULL, buf.size, PROT_READ, MAP_SHARED, file, 0);
	igt_assert(map != MAP_FAILED);
	igt_assert(pgem_is_zero(map, buf.size));
	pgem_unmap(map, buf.size);
	close(file);
	pgem_buf_fini(&buf);
}

static void random_into_untouched(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 2);
	igt_assert_eq(getrandom(buf.map + PG - 100, 200, 0), 200);
	igt_assert(!pgem_is_zero(buf.map + PG - 100, 100));
	igt_assert(!pgem_is_zero(buf.map + PG, 100));
	pgem_buf_fini(&buf);
}

/* P18: the driver's own calls, with their structures in an object's untouched pages. */
static void ioctl_struct_inside(int fd)
{
	struct drm_pgem_gem_info *info;
	struct drm_pgem_gem_create *create;
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 3);
	/* One half of the structure in each of two pages. */
	create = (void *)(buf.map + PG - 8);
	create->size = PG;
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, create), 0);
	igt_assert_neq_u32(create->handle, 0);
	pgem_close(fd, create->handle);

	info = (void *)(buf.map + 2 * PG);
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, info), -ENOENT);
	info->handle = buf.handle;
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_INFO, info), 0);
	igt_assert_eq_u64(info->size, buf.size);
	pgem_buf_fini(&buf);
}

static int open_disk(void)
{
	int disk = open(pgem_ram_disk(), O_RDWR | O_DIRECT | O_CLOEXEC);

	igt_assert(disk >= 0);
	return disk;
}

/* GUP for writing, into pages that nobody touched. */
static void direct_read(int fd)
{
	int disk = open_disk();
	struct pgem_buf source, buf;

	pgem_buf_init(&source, fd, PAGES);
	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(source.map, 20, PAGES);
	igt_assert_eq(pwrite(disk, source.map, source.size, 0), source.size);
	igt_assert_eq(pread(disk, buf.map, buf.size, 0), buf.size);
	pgem_check(buf.map, 20, PAGES);
	close(disk);
	pgem_buf_fini(&buf);
	pgem_buf_fini(&source);
}

/* GUP for reading, from pages that nobody touched. */
static void direct_write(int fd)
{
	int disk = open_disk();
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_mark(buf.map + 3 * PG, 3);
	igt_assert_eq(pwrite(disk, buf.map, buf.size, 0), buf.size);
	memset(buf.map, 0xff, buf.size);
	igt_assert_eq(pread(disk, buf.map, buf.size, 0), buf.size);
	pgem_check(buf.map + 3 * PG, 3, 1);
	igt_assert(pgem_is_zero(buf.map, 3 * PG));
	igt_assert(pgem_is_zero(buf.map + 4 * PG, buf.size - 4 * PG));
	close(disk);
	pgem_buf_fini(&buf);
}

/* P2: no access reaches behind the end of the mapping. */
static void direct_beyond(int fd)
{
	int disk = open_disk();
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_unmap(buf.map + (PAGES - 1) * PG, PG);
	igt_assert_lt(pread(disk, buf.map, buf.size, 0), buf.size);
	close(disk);
	pgem_buf_fini(&buf);
}

static void vm_transfer(int fd, ssize_t (*transfer)(pid_t, const struct iovec *, unsigned long,
						    const struct iovec *, unsigned long,
						    unsigned long), bool writes)
{
	struct pgem_buf buf, copy;
	struct iovec remote, local;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_buf_init(&copy, fd, PAGES);
	pgem_fill(writes ? copy.map : buf.map, 5, PAGES);
	remote = (struct iovec){ buf.map, buf.size };
	local = (struct iovec){ copy.map, copy.size };
	igt_assert_eq(transfer(getpid(), &local, 1, &remote, 1, 0), buf.size);
	pgem_check(writes ? buf.map : copy.map, 5, PAGES);
	pgem_buf_fini(&copy);
	pgem_buf_fini(&buf);
}

static void vm_readv(int fd)
{
	vm_transfer(fd, process_vm_readv, false);
}

static void vm_writev(int fd)
{
	vm_transfer(fd, process_vm_writev, true);
}

static void vm_readv_read_only(int fd)
{
	struct pgem_buf buf;
	uint64_t word = 0;
	struct iovec local = { &word, sizeof(word) }, remote;

	pgem_buf_init(&buf, fd, 1);
	pgem_mark(buf.map, 1);
	igt_assert_eq(mprotect(buf.map, PG, PROT_READ), 0);
	remote = (struct iovec){ buf.map, sizeof(word) };
	igt_assert_eq(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), sizeof(word));
	igt_assert_eq(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), -1);
	igt_assert_eq(errno, EFAULT);
	igt_assert(pgem_marked(buf.map, 1));
	pgem_buf_fini(&buf);
}

/* A debugger looks at and changes what another process has mapped, untouched or not. */
static void debugger(int fd)
{
	struct igt_helper_process victim = { .use_SIGKILL = true };
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 2);
	*(uint64_t *)buf.map = 0x1122334455667788;
	igt_fork_helper(&victim)
		for (;;)
			pause();
	igt_assert_eq(ptrace(PTRACE_ATTACH, victim.pid, NULL, NULL), 0);
	igt_assert_eq(waitpid(victim.pid, NULL, 0), victim.pid);
	errno = 0;
	igt_assert_eq_u64(ptrace(PTRACE_PEEKDATA, victim.pid, buf.map, NULL), 0x1122334455667788);
	igt_assert_eq_u64(ptrace(PTRACE_PEEKDATA, victim.pid, buf.map + PG, NULL), 0);
	igt_assert_eq(errno, 0);
	igt_assert_eq(ptrace(PTRACE_POKEDATA, victim.pid, buf.map + PG, 0x99), 0);
	igt_assert_eq(ptrace(PTRACE_DETACH, victim.pid, NULL, NULL), 0);
	igt_stop_helper(&victim);
	igt_assert_eq(buf.map[PG], 0x99);
	pgem_buf_fini(&buf);
}

static void proc_mem(int fd)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct pgem_buf buf;
	uint64_t word = 0x42;

	igt_assert(mem >= 0);
	pgem_buf_init(&buf, fd, 2);
	igt_assert_eq(pwrite(mem, &word, sizeof(word), (uintptr_t)buf.map + PG), sizeof(word));
	igt_assert_eq(buf.map[PG], 0x42);
	igt_assert_eq(pread(mem, &word, sizeof(word), (uintptr_t)buf.map), sizeof(word));
	igt_assert_eq_u64(word, 0);
	close(mem);
	pgem_buf_fini(&buf);
}

/* P20: a page that somebody holds outlives mapping and object, and nobody else gets it. */
static void held_by_pipe(int fd)
{
	uint8_t *copy = malloc(4 * PG);
	struct pgem_buf buf, other;
	struct iovec io;
	int ends[2];

	igt_assert(copy);
	igt_assert_eq(pipe(ends), 0);
	pgem_buf_init(&buf, fd, 4);
	pgem_fill(buf.map, 11, 4);
	io = (struct iovec){ buf.map, buf.size };
	igt_assert_eq(vmsplice(ends[1], &io, 1, 0), buf.size);

	/* Still the object's page: what is written now is seen at the other end. */
	pgem_mark(buf.map + PG, 99);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);

	pgem_buf_init(&other, fd, 1024);
	memset(other.map, 0xee, other.size);
	igt_assert_eq(read(ends[0], copy, 4 * PG), 4 * PG);
	igt_assert(pgem_marked(copy, 11));
	igt_assert(pgem_marked(copy + PG, 99));
	igt_assert(pgem_marked(copy + 2 * PG, 13));
	igt_assert(pgem_marked(copy + 3 * PG, 14));
	pgem_buf_fini(&other);
	close(ends[0]);
	close(ends[1]);
	free(copy);
}

static void held_untouched(int fd)
{
	struct pgem_buf buf;
	struct iovec io;
	int ends[2];

	igt_assert_eq(pipe(ends), 0);
	pgem_buf_init(&buf, fd, 4);
	io = (struct iovec){ buf.map + PG, 2 * PG };
	igt_assert_eq(vmsplice(ends[1], &io, 1, 0), 2 * PG);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 2 * PG);
	close(ends[0]);
	close(ends[1]);
	pgem_buf_fini(&buf);
}

/* A pin for as long as it pleases the user, as RDMA and virtual machines take it. */
static void io_uring_buffers(int fd)
{
	struct io_uring_params params = {};
	struct pgem_buf buf;
	struct iovec io;
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	igt_assert(ring >= 0);
	pgem_buf_init(&buf, fd, PAGES);
	io = (struct iovec){ buf.map, buf.size };
	igt_assert_eq(syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &io, 1), 0);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_fill(buf.map, 0, PAGES);
	igt_assert_eq(madvise(buf.map, buf.size, MADV_DONTNEED), 0);
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
	igt_assert_eq(syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0), 0);
	close(ring);
}

static const struct pgem_test tests[] = {
	{ "read-into-untouched", read_into_untouched, "read() fills pages that nobody touched." },
	{ "write-from-untouched", write_from_untouched, "write() takes zeros from such pages." },
	{ "random-into-untouched", random_into_untouched, "A copy across two such pages works." },
	{ "ioctl-struct-inside", ioctl_struct_inside,
	  "The structure of an ioctl may lie in an object." },
	{ "direct-read", direct_read, "O_DIRECT reads into the mapping." },
	{ "direct-write", direct_write, "O_DIRECT writes from the mapping." },
	{ "direct-beyond", direct_beyond, "O_DIRECT stops at the end of the mapping." },
	{ "process-vm-readv", vm_readv, "process_vm_readv() reads the mapping." },
	{ "process-vm-writev", vm_writev, "process_vm_writev() writes to the mapping." },
	{ "process-vm-read-only", vm_readv_read_only, "A read-only mapping is only read." },
	{ "debugger", debugger, "ptrace() peeks and pokes." },
	{ "proc-mem", proc_mem, "/proc/PID/mem reads and writes." },
	{ "held-by-pipe", held_by_pipe, "Pages in a pipe keep their data without the object." },
	{ "held-untouched", held_untouched, "Pages get into a pipe without being touched before." },
	{ "io-uring-buffers", io_uring_buffers, "Pages can be registered with io_uring." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
