// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-info's command line
 */

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "info_request.h"

#define INFO_WATCH_MS 1000
#define INFO_WATCH_MS_MIN 100
#define INFO_WATCH_MS_MAX 3600000

static void info_request_help(FILE *out)
{
	fputs("usage: pgem-info [OPTION]...\n"
	      "Show the pgem devices, their parameters and their objects.\n"
	      "\n"
	      "  -j, --json             write JSON; sizes are in bytes, null is what could not be\n"
	      "                         read\n"
	      "  -w, --watch [SECONDS]  show what memory processes and objects have, every SECONDS\n"
	      "                         (0.1 to 3600, default: 1), until q, Ctrl-D or Ctrl-C; where\n"
	      "                         the output is no terminal, one frame after the other\n"
	      "  -n, --count N          with --watch: N frames and no more\n"
	      "  -h, --help             show this help\n"
	      "\n"
	      "Objects come from debugfs, which only root may read. The memory of one that is\n"
	      "imported is another driver's, and none of it is counted as resident. Without debugfs\n"
	      "--watch shows what fdinfo tells of the processes that may be looked at.\n"
	      "\n"
	      "In a frame, what has most memory comes first, an object below the process that made\n"
	      "it. A bar is as long as the size of what it stands for. Purgeable is what nobody\n"
	      "needs any more and the kernel may take.\n"
	      "Exit code: 0 there is a device, 1 there is none, 2 wrong usage.\n", out);
}

/* Returns whether it is a time that can be had. */
static bool info_request_seconds(const char *text, unsigned int *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	/* The first character too: strtod() knows blanks, signs and "inf". */
	if (!isdigit((unsigned char)*text) || *end || seconds * 1000 < INFO_WATCH_MS_MIN ||
	    seconds * 1000 > INFO_WATCH_MS_MAX)
		return false;

	*ms = seconds * 1000;
	return true;
}

static bool info_request_count(const char *text, unsigned long *count)
{
	char *end;

	errno = 0;
	*count = strtoul(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno && *count;
}

static bool info_request_option(int option, int argc, char **argv, struct info_request *request)
{
	const char *seconds = optarg;

	switch (option) {
	case 'j':
		request->want_json = true;
		return true;
	case 'w':
		request->want_watch = true;
		/* Of an argument that may be left out, getopt() takes "=SECONDS" alone. */
		if (!seconds && optind < argc && argv[optind][0] != '-')
			seconds = argv[optind++];
		if (!seconds || info_request_seconds(seconds, &request->every_ms))
			return true;
		tool_error("%s: not a number of seconds from 0.1 to 3600", seconds);
		return false;
	case 'n':
		if (info_request_count(optarg, &request->count))
			return true;
		tool_error("%s: not a number of frames", optarg);
		return false;
	default:
		return false;
	}
}

static bool info_request_check(const struct info_request *request, const char *argument)
{
	if (argument)
		tool_error("%s: no arguments are taken", argument);
	else if (request->count && !request->want_watch)
		tool_error("--count goes with --watch");
	else if (request->want_json && request->want_watch)
		tool_error("--json and --watch do not go together");
	else
		return true;
	return false;
}

static bool info_request_refuse(struct info_request *request)
{
	info_request_help(stderr);
	request->code = TOOL_USAGE;
	return false;
}

bool info_request_parse(struct info_request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "count", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	*request = (struct info_request){ .every_ms = INFO_WATCH_MS };
	while ((option = getopt_long(argc, argv, "jw::n:h", options, NULL)) != -1) {
		if (option == 'h') {
			info_request_help(stdout);
			request->code = tool_flush();
			return false;
		}
		if (!info_request_option(option, argc, argv, request))
			return info_request_refuse(request);
	}
	return info_request_check(request, argv[optind]) || info_request_refuse(request);
}
