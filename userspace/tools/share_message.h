/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_MESSAGE_H
#define SHARE_MESSAGE_H

#include <stdint.h>

/* First field of the first message: "pgem-share, protocol 1". */
#define SHARE_MESSAGE_VERSION UINT64_C(0x7067656d73680001)

/**
 * enum share_message_type - what the processes tell each other
 */
enum share_message_type {
	/** @SHARE_HELLO: producer: what will come; before anything else */
	SHARE_HELLO = 1,
	/** @SHARE_BUFFER: producer: a buffer of the ring, with its dma-buf */
	SHARE_BUFFER,
	/** @SHARE_FRAME: producer: a frame, with the fence that says it is drawn */
	SHARE_FRAME,
	/** @SHARE_RELEASE: consumer: answer to a frame, with the fence that says it is read */
	SHARE_RELEASE,
	/** @SHARE_END: producer: no more frames, all have been read */
	SHARE_END,
};

/**
 * struct share_message - a message, of which each type uses a part
 */
struct share_message {
	/** @type: one of &enum share_message_type */
	uint32_t type;

	/** @buffer: HELLO: buffers in the ring; BUFFER: which one */
	uint32_t buffer;

	/** @frame: FRAME, RELEASE: number of the frame; END: how many there were */
	uint64_t frame;

	/** @version: HELLO: SHARE_MESSAGE_VERSION */
	uint64_t version;

	/** @size: HELLO: bytes in a frame */
	uint64_t size;

	/** @seed: HELLO: what this run's contents begin with */
	uint64_t seed;
};

/**
 * share_message_send() - send a message
 * @channel: Unix socket of the kind that keeps messages apart
 * @message: the message
 * @fd: file descriptor that goes with it, stays the caller's; -1 for none
 *
 * Return: 0 or a negative errno value: -EPIPE or -ECONNRESET if the other end is
 * gone, -ETIME if it does not take the message in time.
 */
int share_message_send(int channel, const struct share_message *message, int fd);

/**
 * share_message_receive() - wait for a message
 * @channel: Unix socket of the kind that keeps messages apart
 * @message: out: the message
 * @fd: out: the file descriptor that came with it, the caller's; -1 for none
 *
 * Return: 0 or a negative errno value: -EPIPE or -ECONNRESET if the other end is
 * gone, -ETIME if nothing comes in time, -EPROTO if what comes is no message.
 */
int share_message_receive(int channel, struct share_message *message, int *fd);

/**
 * share_message_error() - say why a message could not be sent or received
 * @peer: who is at the other end: "producer" or "consumer"
 * @frame: number of the frame that it was about
 * @err: what share_message_send() or share_message_receive() returned
 */
void share_message_error(const char *peer, uint64_t frame, int err);

#endif /* SHARE_MESSAGE_H */
