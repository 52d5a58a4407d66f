// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Passing file descriptors
 *
 * Nothing of this is special to DRM: a message on a Unix socket may carry file
 * descriptors beside its bytes (SCM_RIGHTS, see unix(7)), and the receiver gets
 * descriptors of its own for the same open files.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "fd_passing.h"

/**
 * struct fd_message - a message with room for one file descriptor
 */
struct fd_message {
	/** @byte: what is sent; a message of no bytes would carry nothing */
	char byte;

	/** @data: where @byte is */
	struct iovec data;

	/** @control: the file descriptor and its header */
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t))));

	/** @header: where all that is */
	struct msghdr header;
};

static void fd_message_init(struct fd_message *message)
{
	memset(message, 0, sizeof(*message));
	message->data.iov_base = &message->byte;
	message->data.iov_len = sizeof(message->byte);
	message->header.msg_iov = &message->data;
	message->header.msg_iovlen = 1;
	message->header.msg_control = message->control;
	message->header.msg_controllen = sizeof(message->control);
}

int fd_send(int channel, int fd)
{
	struct fd_message message;
	struct cmsghdr *cmsg;

	fd_message_init(&message);
	cmsg = CMSG_FIRSTHDR(&message.header);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));

	/* MSG_NOSIGNAL: a receiver that is gone is an error, not the end. */
	return sendmsg(channel, &message.header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int fd_receive(int channel)
{
	struct fd_message message;
	struct cmsghdr *cmsg;
	int fd;

	fd_message_init(&message);
	if (recvmsg(channel, &message.header, MSG_CMSG_CLOEXEC) < 0)
		return -errno;

	cmsg = CMSG_FIRSTHDR(&message.header);
	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return -ENODATA;

	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}
