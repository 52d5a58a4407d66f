// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-share
 *
 * Two processes pass frames through shared buffers, without copying one and without
 * waiting for each other more than fences say. Here the processes and their socket are
 * made; what they do is in share_produce.c and share_consume.c.
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pgem.h>

#include "share_consume.h"
#include "share_produce.h"
#include "share_request.h"
#include "share_socket.h"
#include "share_stop.h"
#include "tool.h"

static void share_accept_error(const char *path, int err)
{
	switch (err) {
	case -EADDRINUSE:
		tool_error("%s: in use: by another producer, or a file that is no socket", path);
		break;
	case -EINTR:
		tool_error("%s: stopped before a consumer came", path);
		break;
	default:
		tool_error("%s: cannot wait there for a consumer: %s", path, strerror(-err));
		break;
	}
}

static void share_connect_error(const char *path, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		tool_error("%s: no producer waits there: start pgem-share produce %s first", path,
			   path);
	else
		tool_error("%s: cannot connect to a producer: %s", path, strerror(-err));
}

static enum tool_exit share_run_producer(const struct share_request *request)
{
	enum tool_exit code;
	int channel;

	share_stop_on_request();
	channel = share_socket_accept(request->socket);
	if (channel < 0) {
		share_accept_error(request->socket, channel);
		return TOOL_FAILURE;
	}

	code = share_produce(request, channel);
	close(channel);
	return code;
}

static enum tool_exit share_run_consumer(const struct share_request *request)
{
	enum tool_exit code;
	int channel;

	channel = share_socket_connect(request->socket);
	if (channel < 0) {
		share_connect_error(request->socket, channel);
		return TOOL_FAILURE;
	}

	code = share_consume(request, channel);
	close(channel);
	return code;
}

/* Waits for the producer, and says how it ended if it could not say so itself. */
static enum tool_exit share_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		tool_error("cannot wait for the producer: %s", strerror(errno));
		return TOOL_FAILURE;
	}
	if (WIFSIGNALED(status))
		tool_error("the producer was ended by signal %d", WTERMSIG(status));
	return WIFEXITED(status) && !WEXITSTATUS(status) ? TOOL_OK : TOOL_FAILURE;
}

/* So that both do not say the same. */
static bool share_find_device(const char *node)
{
	int fd = pgem_open(node);

	if (fd < 0) {
		tool_open_error(node, fd);
		return false;
	}
	close(fd);
	return true;
}

/* The consumer is the parent, so that what it says comes before the prompt. */
static enum tool_exit share_run_both(const struct share_request *request)
{
	enum tool_exit code, producer_code;
	int channels[2], ret;
	pid_t pid;

	if (!share_find_device(request->node))
		return TOOL_FAILURE;

	ret = share_socket_pair(channels);
	pid = ret ? -1 : fork();
	if (pid < 0) {
		tool_error("cannot make a second process: %s", strerror(ret ? -ret : errno));
		return TOOL_FAILURE;
	}
	if (!pid) {
		close(channels[1]);
		share_stop_on_request();
		_exit(share_produce(request, channels[0]));
	}

	close(channels[0]);
	/* Ctrl-C is for the producer; this process ends when that does. */
	signal(SIGINT, SIG_IGN);
	code = share_consume(request, channels[1]);
	close(channels[1]);
	producer_code = share_wait(pid);
	return code ? code : producer_code;
}

int main(int argc, char **argv)
{
	struct share_request request;
	enum tool_exit code;

	if (!share_request_parse(argc, argv, &request, &code))
		return code;

	share_stop_on_bus_error();
	switch (request.role) {
	case SHARE_PRODUCE:
		return share_run_producer(&request);
	case SHARE_CONSUME:
		return share_run_consumer(&request);
	default:
		return share_run_both(&request);
	}
}
