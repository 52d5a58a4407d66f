/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_PRODUCE_H
#define SHARE_PRODUCE_H

#include "share_request.h"
#include "tool.h"

/**
 * share_produce() - draw frames for the process at the other end
 * @request: what is asked for; SHARE_BOTH leaves it to the consumer to tell of success
 * @channel: socket to the consumer; stays the caller's
 *
 * Return: the exit code, with a message if it is not TOOL_OK.
 */
enum tool_exit share_produce(const struct share_request *request, int channel);

#endif /* SHARE_PRODUCE_H */
