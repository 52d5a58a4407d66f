/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_SOCKET_H
#define SHARE_SOCKET_H

/* Seconds to wait for the other end; more than the 10 after which a fence gives up. */
#define SHARE_SOCKET_LIMIT 12

/**
 * share_socket_pair() - connect two processes to be
 * @channels: out: the two ends, the caller's
 *
 * Return: 0 or a negative errno value.
 */
int share_socket_pair(int channels[2]);

/**
 * share_socket_accept() - wait at a path for the other process
 * @path: where; a socket there to which nobody listens is replaced, and afterwards
 * there is none
 *
 * Return: a socket that the caller closes, or a negative errno value: -EADDRINUSE if
 * somebody listens there, or something else has that name; -EINTR after a signal;
 * -ENAMETOOLONG.
 */
int share_socket_accept(const char *path);

/**
 * share_socket_connect() - connect to a process that waits at a path
 * @path: where
 *
 * Return: a socket that the caller closes, or a negative errno value: -ENOENT or
 * -ECONNREFUSED if nobody waits there.
 */
int share_socket_connect(const char *path);

#endif /* SHARE_SOCKET_H */
