/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_REQUEST_H
#define SHARE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "tool.h"

/**
 * enum share_role - what this process does
 */
enum share_role {
	/** @SHARE_BOTH: makes a second process and a socket for the two */
	SHARE_BOTH,
	/** @SHARE_PRODUCE: draws, waits at the socket for a consumer */
	SHARE_PRODUCE,
	/** @SHARE_CONSUME: checks, connects to a producer's socket */
	SHARE_CONSUME,
};

/**
 * enum share_break - what is done wrong on purpose, in one frame
 */
enum share_break {
	/** @SHARE_BREAK_NOTHING: nothing */
	SHARE_BREAK_NOTHING,
	/** @SHARE_BREAK_CONTENT: the producer flips a bit after drawing */
	SHARE_BREAK_CONTENT,
	/** @SHARE_BREAK_FENCE: the producer attaches no fence, and draws late */
	SHARE_BREAK_FENCE,
	/** @SHARE_BREAK_SIGNAL: the producer does not signal its fence */
	SHARE_BREAK_SIGNAL,
	/** @SHARE_BREAK_RELEASE: the consumer attaches no fence, and checks late */
	SHARE_BREAK_RELEASE,
};

/**
 * struct share_request - what the command line asks for
 */
struct share_request {
	/** @role: what this process does */
	enum share_role role;

	/** @socket: path of the socket, NULL for SHARE_BOTH */
	const char *socket;

	/** @node: device node, NULL for the first pgem render node */
	const char *node;

	/** @frames: how many, 0 for no end */
	uint64_t frames;

	/** @size: bytes in a frame */
	uint64_t size;

	/** @buffers: in the ring */
	uint32_t buffers;

	/** @fault: what to do wrong */
	enum share_break fault;

	/** @fault_byte: for SHARE_BREAK_CONTENT: which byte of the frame */
	uint64_t fault_byte;
};

/**
 * share_request_parse() - read pgem-share's command line
 * @argc: as main() got it
 * @argv: as main() got it
 * @request: out: what is asked for
 * @code: out: the exit code, if there is nothing to do
 *
 * Return: true if there is something to do. Otherwise help or a message has been
 * printed.
 */
bool share_request_parse(int argc, char **argv, struct share_request *request,
			 enum tool_exit *code);

/**
 * share_request_breaks() - ask whether a frame is the one to go wrong
 * @request: what is asked for
 * @fault: in which way
 * @frame: number of the frame
 *
 * Return: true if it is.
 */
bool share_request_breaks(const struct share_request *request, enum share_break fault,
			  uint64_t frame);

#endif /* SHARE_REQUEST_H */
