/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef FD_PASSING_H
#define FD_PASSING_H

/**
 * fd_send() - send a file descriptor to another process
 * @channel: Unix socket
 * @fd: the file descriptor; stays the caller's
 *
 * Return: 0 or a negative errno value.
 */
int fd_send(int channel, int fd);

/**
 * fd_receive() - wait for a file descriptor from another process
 * @channel: Unix socket
 *
 * Return: a file descriptor that the caller closes, or a negative errno value:
 * -ENODATA if the other end was closed instead.
 */
int fd_receive(int channel);

#endif /* FD_PASSING_H */
