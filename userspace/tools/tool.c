// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What all tools say
 *
 * Messages, sizes and the advice that follows a device that cannot be opened.
 * Nothing here ends the program: its main() does, after cleaning up.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tool.h"

void tool_error(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void tool_open_error(const char *node, int err)
{
	if (!node)
		node = "/dev/dri/renderD*";

	switch (err) {
	case -ENODEV:
		tool_error("no pgem device found: is the module loaded? try: modprobe pgem  "
			   "(in a checkout: make vm)");
		break;
	case -EACCES:
		tool_error("%s: permission denied: become a member of the group that owns it "
			   "(see: ls -l /dev/dri; often: usermod -aG render USER, then log in "
			   "again) or run as root", node);
		break;
	case -ENOTTY:
		tool_error("%s: not a pgem device: run pgem-info to see which are", node);
		break;
	case -ENOENT:
		tool_error("%s: no such node: run pgem-info to see which there are", node);
		break;
	default:
		tool_error("%s: cannot be opened: %s", node, strerror(-err));
		break;
	}
}

const char *tool_size(uint64_t bytes, char text[TOOL_SIZE_MAX])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t whole = bytes, rest = 0;
	size_t unit = 0;

	while (whole >= 1024) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}

	if (rest * 10 / 1024)
		snprintf(text, TOOL_SIZE_MAX, "%" PRIu64 ".%" PRIu64 " %s", whole,
			 rest * 10 / 1024, units[unit]);
	else
		snprintf(text, TOOL_SIZE_MAX, "%" PRIu64 " %s", whole, units[unit]);
	return text;
}

enum tool_exit tool_flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return TOOL_OK;

	tool_error("standard output could not be written: %s", strerror(errno));
	return TOOL_FAILURE;
}
