/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_CONSUME_H
#define SHARE_CONSUME_H

#include "share_request.h"
#include "tool.h"

/**
 * share_consume() - check the frames of the process at the other end
 * @request: what is asked for
 * @channel: socket to the producer; stays the caller's
 *
 * Return: the exit code, with a message if it is not TOOL_OK.
 */
enum tool_exit share_consume(const struct share_request *request, int channel);

#endif /* SHARE_CONSUME_H */
