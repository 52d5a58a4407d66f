// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-share's messages
 *
 * One message is one packet of fixed size with at most one file descriptor beside it.
 * How long a call waits is set on the socket, see share_socket.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "share_message.h"
#include "share_socket.h"
#include "tool.h"

/**
 * struct share_packet - what sendmsg() and recvmsg() want to know
 */
struct share_packet {
	/** @control: the file descriptor and its header */
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t))));

	/** @data: where the message is */
	struct iovec data;

	/** @header: where all that is */
	struct msghdr header;
};

static void share_packet_init(struct share_packet *packet, const struct share_message *message)
{
	memset(packet, 0, sizeof(*packet));
	packet->data.iov_base = (void *)message;
	packet->data.iov_len = sizeof(*message);
	packet->header.msg_iov = &packet->data;
	packet->header.msg_iovlen = 1;
	packet->header.msg_control = packet->control;
	packet->header.msg_controllen = sizeof(packet->control);
}

static void share_packet_put_fd(struct share_packet *packet, int fd)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&packet->header);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
}

static int share_packet_get_fd(struct share_packet *packet)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&packet->header);
	int fd;

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* The socket's time limit is told as EAGAIN. */
static int share_message_errno(void)
{
	return errno == EAGAIN ? -ETIME : -errno;
}

int share_message_send(int channel, const struct share_message *message, int fd)
{
	struct share_packet packet;
	ssize_t sent;

	share_packet_init(&packet, message);
	if (fd >= 0)
		share_packet_put_fd(&packet, fd);
	else
		packet.header.msg_controllen = 0;

	/* MSG_NOSIGNAL: a receiver that is gone is an error, not the end. */
	do {
		sent = sendmsg(channel, &packet.header, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? share_message_errno() : 0;
}

int share_message_receive(int channel, struct share_message *message, int *fd)
{
	struct share_message received;
	struct share_packet packet;
	ssize_t got;

	do {
		share_packet_init(&packet, &received);
		got = recvmsg(channel, &packet.header, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return share_message_errno();
	if (!got)
		return -EPIPE;

	*fd = share_packet_get_fd(&packet);
	if (got != sizeof(received) || packet.header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (*fd >= 0)
			close(*fd);
		return -EPROTO;
	}

	*message = received;
	return 0;
}

void share_message_error(const char *peer, uint64_t frame, int err)
{
	switch (err) {
	case -EPIPE:
	case -ECONNRESET:
		tool_error("frame %" PRIu64 ": the %s is gone", frame, peer);
		break;
	case -ETIME:
		tool_error("frame %" PRIu64 ": no word from the %s for %d seconds", frame, peer,
			   SHARE_SOCKET_LIMIT);
		break;
	case -EPROTO:
		tool_error("frame %" PRIu64 ": the %s does not speak this pgem-share's language: "
			   "take the same version for both", frame, peer);
		break;
	default:
		tool_error("frame %" PRIu64 ": talking to the %s failed: %s", frame, peer,
			   strerror(-err));
		break;
	}
}
