/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef TOOL_H
#define TOOL_H

#include <stddef.h>
#include <stdint.h>

#define TOOL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/**
 * enum tool_exit - exit codes of all tools
 */
enum tool_exit {
	/** @TOOL_OK: done */
	TOOL_OK = 0,
	/** @TOOL_FAILURE: a message on stderr says what went wrong */
	TOOL_FAILURE = 1,
	/** @TOOL_USAGE: the command line makes no sense */
	TOOL_USAGE = 2,
};

/* Room for the longest text of tool_size(). */
#define TOOL_SIZE_MAX 24

/**
 * tool_error() - print "PROGRAM: MESSAGE" and a newline to stderr
 * @format: as for printf()
 */
void tool_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * tool_open_error() - say why a device could not be opened and what to do next
 * @node: the path that was asked for, NULL for any
 * @err: what pgem_open() returned
 */
void tool_open_error(const char *node, int err);

/**
 * tool_size() - write a size for people
 * @bytes: the size
 * @text: out: such as "96 KiB" or "1.5 GiB", at most one decimal
 *
 * Return: @text.
 */
const char *tool_size(uint64_t bytes, char text[TOOL_SIZE_MAX]);

/**
 * tool_flush() - write out stdout
 *
 * Return: TOOL_OK, or TOOL_FAILURE after a message if not everything printed so
 * far could be written.
 */
enum tool_exit tool_flush(void);

#endif /* TOOL_H */
