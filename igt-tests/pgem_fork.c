// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_fork
 *
 * P21: parent and child share what is mapped, whoever touches it first and whoever
 * lets go of it first. P7: references of mappings that fork() copies.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check mappings that processes share.");

#define PAGES 16

static void parent_to_child(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	igt_fork(child, 1)
		pgem_check(buf.map, 0, PAGES);
	igt_waitchildren();
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static void child_to_parent(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	igt_fork(child, 1)
		pgem_fill(buf.map, 0, PAGES);
	igt_waitchildren();
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

/* Pages that were there before the fork are shared, not copied on write. */
static void both_ways(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	igt_fork(child, 1) {
		pgem_check(buf.map, 0, PAGES);
		pgem_fill(buf.map, 30, PAGES);
	}
	igt_waitchildren();
	pgem_check(buf.map, 30, PAGES);
	pgem_buf_fini(&buf);
}

static void three_generations(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	buf.map[0] = 1;
	igt_fork(child, 1) {
		pid_t pid = fork();

		if (!pid) {
			pgem_fill(buf.map, 3, PAGES);
			_exit(0);
		}
		pgem_unmap(buf.map, buf.size);
		igt_assert_eq(waitpid(pid, NULL, 0), pid);
	}
	igt_waitchildren();
	pgem_check(buf.map, 3, PAGES);
	pgem_buf_fini(&buf);
}

/* The child holds the object alone: no handle, no mapping, no file in the parent. */
static void parent_leaves_first(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), gate[2];
	struct pgem_buf buf;
	char byte = 0;

	(void)fd;
	igt_assert_eq(pipe(gate), 0);
	pgem_buf_init(&buf, own, PAGES);
	pgem_fill(buf.map, 0, PAGES / 2);
	igt_fork(child, 1) {
		close(own);
		close(gate[1]);
		igt_assert_eq(read(gate[0], &byte, 1), 1);
		pgem_check(buf.map, 0, PAGES / 2);
		igt_assert(pgem_is_zero(buf.map + buf.size / 2, buf.size / 2));
		pgem_fill(buf.map, 9, PAGES);
		pgem_check(buf.map, 9, PAGES);
	}
	pgem_buf_fini(&buf);
	close(own);
	igt_assert_eq(pgem_objects(), 1);
	igt_assert_eq(write(gate[1], &byte, 1), 1);
	igt_waitchildren();
	close(gate[0]);
	close(gate[1]);
	igt_assert_eq(pgem_objects(), 0);
}

static void dontfork(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, PAGES);
	pgem_fill(buf.map, 0, PAGES);
	igt_assert_eq(madvise(buf.map + 4 * PG, 4 * PG, MADV_DONTFORK), 0);
	igt_fork(child, 1) {
		pgem_check(buf.map, 0, 4);
		igt_assert_eq(pgem_read_signal(buf.map + 4 * PG), SIGSEGV);
		igt_assert_eq(pgem_read_signal(buf.map + 8 * PG - 1), SIGSEGV);
		pgem_check(buf.map + 8 * PG, 8, PAGES - 8);
	}
	igt_waitchildren();
	pgem_check(buf.map, 0, PAGES);
	pgem_buf_fini(&buf);
}

static const char *map_and_unmap(void *arg)
{
	const struct pgem_buf *buf = arg;
	uint64_t end = pgem_now_ms() + 1200, offset;

	if (__pgem_offset(buf->fd, buf->handle, &offset))
		return "no offset";
	while (pgem_now_ms() < end) {
		uint8_t *map;

		if (__pgem_map(buf->fd, offset, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			       &map))
			return "mapping failed";
		for (size_t i = 0; i < buf->pages; i += 3)
			map[i * PG] = 1;
		if (munmap(map + PG, PG) || munmap(map, buf->size))
			return "unmapping failed";
	}
	return NULL;
}

static const char *fork_and_touch(void *arg)
{
	const struct pgem_buf *buf = arg;
	uint64_t end = pgem_now_ms() + 1200;

	while (pgem_now_ms() < end) {
		int status;
		pid_t pid = fork();

		if (pid < 0)
			return "fork() failed";
		if (!pid) {
			buf->map[PG] = 1;
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return "the child came to harm";
	}
	return NULL;
}

struct job {
	const char *(*fn)(void *arg);
	struct pgem_buf *buf;
};

static const char *run_job(void *arg)
{
	struct job *job = arg;

	return job->fn(job->buf);
}

/* P7 */
static void race_munmap(int fd)
{
	struct pgem_buf buf;
	struct job jobs[] = {
		{ fork_and_touch, &buf }, { fork_and_touch, &buf },
		{ map_and_unmap, &buf }, { map_and_unmap, &buf },
	};
	struct pgem_line line;
	uint64_t offset;

	pgem_buf_init(&buf, fd, PAGES);
	offset = pgem_offset(fd, buf.handle);
	pgem_race(ARRAY_SIZE(jobs), run_job, jobs, sizeof(jobs[0]));
	igt_assert(pgem_find_line(offset, &line));
	pgem_buf_fini(&buf);
	igt_assert(!pgem_find_line(offset, &line));
}

static void many_children(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 64);
	igt_fork(child, 16)
		for (size_t i = child; i < buf.pages; i += 16)
			pgem_mark(buf.map + i * PG, i);
	igt_waitchildren();
	pgem_check(buf.map, 0, buf.pages);
	pgem_buf_fini(&buf);
}

static long futex(_Atomic uint32_t *word, int op, uint32_t value)
{
	struct timespec limit = { .tv_sec = 20 };

	return syscall(SYS_futex, word, op, value, op == FUTEX_WAIT ? &limit : NULL, NULL, 0);
}

/* The key of a futex is its page, which has to be the same one in both processes. */
static void shared_futex(int fd)
{
	_Atomic uint32_t *word;
	enum { ROUNDS = 200 };
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 3);
	word = (_Atomic uint32_t *)(buf.map + 2 * PG);
	igt_fork(child, 1)
		for (uint32_t i = 0; i < ROUNDS; i++) {
			while (atomic_load(word) == 2 * i)
				igt_assert(!futex(word, FUTEX_WAIT, 2 * i) || errno == EAGAIN);
			atomic_fetch_add(word, 1);
			futex(word, FUTEX_WAKE, 1);
		}
	for (uint32_t i = 0; i < ROUNDS; i++) {
		atomic_fetch_add(word, 1);
		futex(word, FUTEX_WAKE, 1);
		while (atomic_load(word) == 2 * i + 1)
			igt_assert(!futex(word, FUTEX_WAIT, 2 * i + 1) || errno == EAGAIN);
	}
	igt_waitchildren();
	igt_assert_eq_u32(atomic_load(word), 2 * ROUNDS);
	pgem_buf_fini(&buf);
}

/* The file is shared with the child, and its handles with it. */
static void inherited_file(int fd)
{
	uint32_t handle = pgem_create(fd, PAGES * PG);
	uint8_t *map;

	igt_fork(child, 1) {
		uint8_t *own = pgem_map(fd, handle, PAGES * PG);

		pgem_fill(own, 0, PAGES);
	}
	igt_waitchildren();
	map = pgem_map(fd, handle, PAGES * PG);
	pgem_check(map, 0, PAGES);
	pgem_unmap(map, PAGES * PG);
	pgem_close(fd, handle);
}

static void send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 0;
	struct iovec io = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	igt_assert_eq(sendmsg(socket, &msg, 0), 1);
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec io = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int fd;

	igt_assert_eq(recvmsg(socket, &msg, 0), 1);
	igt_assert(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void sent_dmabuf(int fd)
{
	struct pgem_buf buf;
	int sockets[2], dmabuf;

	igt_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	pgem_buf_init(&buf, fd, PAGES);
	igt_fork(child, 1) {
		int received = receive_fd(sockets[1]);
		uint8_t *map = pgem_map_fd(received, 0, buf.size);

		pgem_check(map, 0, PAGES);
		pgem_fill(map, 60, PAGES);
	}
	pgem_fill(buf.map, 0, PAGES);
	dmabuf = pgem_export(fd, buf.handle);
	send_fd(sockets[0], dmabuf);
	close(dmabuf);
	igt_waitchildren();
	pgem_check(buf.map, 60, PAGES);
	close(sockets[0]);
	close(sockets[1]);
	pgem_buf_fini(&buf);
}

static const struct pgem_test tests[] = {
	{ "parent-to-child", parent_to_child, "A child sees what the parent wrote." },
	{ "child-to-parent", child_to_parent, "The parent sees what a child touched first." },
	{ "both-ways", both_ways, "Pages mapped before fork() are shared, not copied." },
	{ "three-generations", three_generations, "A grandchild writes for its grandparent." },
	{ "parent-leaves-first", parent_leaves_first, "A child's mapping alone keeps the object." },
	{ "dontfork", dontfork, "A part that is not for children is not in them." },
	{ "race-munmap", race_munmap, "fork() and munmap() run at the same time." },
	{ "many-children", many_children, "Sixteen children fill an object." },
	{ "shared-futex", shared_futex, "Processes wake each other through an object." },
	{ "inherited-file", inherited_file, "A child maps through the file that it inherited." },
	{ "sent-dmabuf", sent_dmabuf, "A process that got a dma-buf by socket maps it." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
