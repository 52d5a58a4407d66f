// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Lesson 4: share an object with another process
 *
 * A handle means nothing to another process, but a file descriptor can be sent to
 * one. So the parent exports its object as a dma-buf, which is a file descriptor, and
 * sends that. The child imports it into its own open device, reads and answers.
 *
 * Below pgem_bo_export() is drmPrimeHandleToFD() of libdrm, and below pgem_bo_import()
 * is drmPrimeFDToHandle(): these two do the same for any DRM driver.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pgem.h>

#include "fd_passing.h"

#define QUESTION "are these the same pages?"
#define ANSWER "yes, they are"

static int fail(const char *what, int err)
{
	fprintf(stderr, "4-share-dma-buf: %s: %s\n", what, strerror(-err));
	return 1;
}

static int read_and_answer(struct pgem_bo *bo)
{
	int ret;

	ret = pgem_bo_map(bo);
	if (ret)
		return fail("child: pgem_bo_map", ret);

	dprintf(STDOUT_FILENO, "the child reads:  %s\n", (char *)bo->map);
	if (strcmp(bo->map, QUESTION))
		return fail("child", -EBADMSG);
	memcpy(bo->map, ANSWER, sizeof(ANSWER));
	return 0;
}

static int play_child(int fd, int channel)
{
	int dmabuf, ret, failed;
	struct pgem_bo bo;

	dmabuf = fd_receive(channel);
	if (dmabuf < 0)
		return fail("child: fd_receive", dmabuf);

	ret = pgem_bo_import(fd, dmabuf, &bo);
	close(dmabuf);
	if (ret)
		return fail("child: pgem_bo_import", ret);

	failed = read_and_answer(&bo);
	pgem_bo_close(&bo);
	return failed;
}

static int export_and_send(const struct pgem_bo *bo, int channel)
{
	int dmabuf, ret;

	dmabuf = pgem_bo_export(bo);
	if (dmabuf < 0)
		return fail("pgem_bo_export", dmabuf);

	ret = fd_send(channel, dmabuf);
	close(dmabuf);
	return ret ? fail("fd_send", ret) : 0;
}

static int ask(struct pgem_bo *bo, int channel)
{
	char byte;

	memcpy(bo->map, QUESTION, sizeof(QUESTION));
	if (export_and_send(bo, channel))
		return 1;

	/* The child closes its end when it is done, which reads as the end. */
	if (read(channel, &byte, 1))
		return fail("read", -errno);
	printf("the parent reads: %s\n", (char *)bo->map);
	return strcmp(bo->map, ANSWER) ? fail("parent", -EBADMSG) : 0;
}

static int play_parent(int fd, int channel)
{
	struct pgem_bo bo;
	int ret, failed;

	ret = pgem_bo_create(fd, 4096, &bo);
	if (ret)
		return fail("pgem_bo_create", ret);

	ret = pgem_bo_map(&bo);
	failed = ret ? fail("pgem_bo_map", ret) : ask(&bo, channel);
	pgem_bo_close(&bo);
	return failed;
}

/* Parent and child open the device each for itself: two files, two sets of handles. */
static int play(int (*role)(int fd, int channel), int channel, const char *node)
{
	int fd = pgem_open(node), failed;

	failed = fd < 0 ? fail("no pgem device (try 1-open)", fd) : role(fd, channel);
	if (fd >= 0)
		close(fd);
	close(channel);
	return failed;
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : NULL;
	int channel[2], status, failed;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
		return fail("socketpair", -errno);

	pid = fork();
	if (pid == 0) {
		close(channel[0]);
		return play(play_child, channel[1], node);
	}
	failed = pid < 0 ? fail("fork", -errno) : 0;
	close(channel[1]);
	if (failed) {
		close(channel[0]);
		return failed;
	}

	failed = play(play_parent, channel[0], node);
	if (waitpid(pid, &status, 0) < 0)
		return fail("waitpid", -errno);
	return failed || status;
}
