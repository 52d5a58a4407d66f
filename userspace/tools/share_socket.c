// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: How pgem-share's processes find each other
 *
 * By a socket pair, or by a socket's path. Either way no call on the socket waits
 * longer than SHARE_SOCKET_LIMIT, so that a process that is stopped stops no other.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "share_socket.h"

#define SHARE_SOCKET_TYPE (SOCK_SEQPACKET | SOCK_CLOEXEC)

static int share_socket_limit(int channel)
{
	struct timeval limit = { .tv_sec = SHARE_SOCKET_LIMIT };

	if (setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(channel, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		return -errno;
	return 0;
}

int share_socket_pair(int channels[2])
{
	int ends[2], ret;

	if (socketpair(AF_UNIX, SHARE_SOCKET_TYPE, 0, ends))
		return -errno;

	ret = share_socket_limit(ends[0]);
	if (!ret)
		ret = share_socket_limit(ends[1]);
	if (ret) {
		close(ends[0]);
		close(ends[1]);
		return ret;
	}

	memcpy(channels, ends, sizeof(ends));
	return 0;
}

static int share_socket_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, strlen(path));
	return 0;
}

int share_socket_connect(const char *path)
{
	struct sockaddr_un address;
	int channel, ret;

	ret = share_socket_address(path, &address);
	if (ret)
		return ret;

	channel = socket(AF_UNIX, SHARE_SOCKET_TYPE, 0);
	if (channel < 0)
		return -errno;

	ret = share_socket_limit(channel);
	if (!ret && connect(channel, (struct sockaddr *)&address, sizeof(address)))
		ret = -errno;
	if (ret) {
		close(channel);
		return ret;
	}
	return channel;
}

/* What a producer that was killed leaves behind. */
static int share_socket_remove_stale(const char *path)
{
	struct stat st;
	int channel;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return -EADDRINUSE;

	channel = share_socket_connect(path);
	if (channel >= 0)
		close(channel);
	if (channel != -ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(path) ? -errno : 0;
}

static int share_socket_bind(int listener, const char *path)
{
	struct sockaddr_un address;
	int ret;

	ret = share_socket_address(path, &address);
	if (ret)
		return ret;

	if (!bind(listener, (struct sockaddr *)&address, sizeof(address)))
		return 0;
	if (errno != EADDRINUSE)
		return -errno;

	ret = share_socket_remove_stale(path);
	if (ret)
		return ret;
	return bind(listener, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

static int share_socket_accept_one(int listener)
{
	int channel, ret;

	if (listen(listener, 1))
		return -errno;
	channel = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (channel < 0)
		return -errno;

	ret = share_socket_limit(channel);
	if (ret) {
		close(channel);
		return ret;
	}
	return channel;
}

int share_socket_accept(const char *path)
{
	int listener, ret;

	listener = socket(AF_UNIX, SHARE_SOCKET_TYPE, 0);
	if (listener < 0)
		return -errno;

	ret = share_socket_bind(listener, path);
	if (!ret) {
		ret = share_socket_accept_one(listener);
		unlink(path);
	}
	close(listener);
	return ret;
}
