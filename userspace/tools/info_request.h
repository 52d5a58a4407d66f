/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_REQUEST_H
#define INFO_REQUEST_H

#include <stdbool.h>

#include "tool.h"

/**
 * struct info_request - what the command line asks for
 */
struct info_request {
	/** @want_json: output for programs */
	bool want_json;

	/** @want_watch: output that goes on */
	bool want_watch;

	/** @every_ms: milliseconds between two frames */
	unsigned int every_ms;

	/** @count: frames to show, 0: until the user has seen enough */
	unsigned long count;

	/** @code: how the program is to end, if there is nothing to do */
	enum tool_exit code;
};

/**
 * info_request_parse() - read the command line
 * @request: out: what it asks for
 * @argc: as main() got it
 * @argv: as main() got it
 *
 * Return: true if there is something to do; else the help has been printed, or what is
 * wrong.
 */
bool info_request_parse(struct info_request *request, int argc, char **argv);

#endif /* INFO_REQUEST_H */
