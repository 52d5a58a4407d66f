/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_WATCH_H
#define INFO_WATCH_H

#include "tool.h"

/**
 * info_watch() - show what memory the devices have, again and again
 * @every_ms: milliseconds between two frames
 * @count: frames to show, 0: until the user has seen enough
 *
 * Return: how the program is to end.
 */
enum tool_exit info_watch(unsigned int every_ms, unsigned long count);

#endif /* INFO_WATCH_H */
