// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-draw's command line
 *
 * Everything is checked here, so that what draws need not ask whether a size is
 * one that Cairo can do.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "draw_canvas.h"
#include "draw_request.h"

static void draw_request_help(void)
{
	printf("usage: pgem-draw [OPTION]...\n"
	       "Draw a picture straight into a GEM object of pgem, and write it as PNG.\n"
	       "\n"
	       "  -s, --scene NAME     what to draw (default: %s)\n"
	       "  -l, --list-scenes    list the scenes with the sizes they have by default\n"
	       "      --size WxH       canvas size in pixels, each side 1 to %d\n"
	       "  -o, --output FILE    where the picture goes (default: pgem.png)\n"
	       "  -p, --page-map FILE  also draw which pages of the object exist, as PNG\n"
	       "  -n, --node PATH      device node (default: the first pgem render node)\n"
	       "  -h, --help           show this help\n"
	       "\n"
	       "The line printed, and the page map, show the object right after drawing.\n"
	       "Writing the picture reads it, and a page that is read comes to exist too:\n"
	       "so only the part of the canvas that the scene draws on goes to the file.\n"
	       "For spot that is the badge, not the huge canvas around it.\n"
	       "\n"
	       "Exit code: 0 done, 1 failure, 2 wrong usage.\n",
	       draw_scenes[0].name, DRAW_CANVAS_MAX);
}

static void draw_request_list_scenes(void)
{
	size_t i;

	for (i = 0; i < draw_scene_count; i++)
		printf("%-10s %5dx%-5d  %s\n", draw_scenes[i].name, draw_scenes[i].width,
		       draw_scenes[i].height, draw_scenes[i].summary);
}

/* Reads a side's length, and returns where it ends, or NULL for a bad one. */
static const char *draw_request_parse_side(const char *text, int *side)
{
	unsigned long value;
	char *end;

	/* strtoul() takes blanks and signs; a size has none. */
	if (*text < '0' || *text > '9')
		return NULL;
	value = strtoul(text, &end, 10);
	if (value < 1 || value > DRAW_CANVAS_MAX)
		return NULL;

	*side = value;
	return end;
}

static bool draw_request_parse_size(const char *text, struct draw_request *request)
{
	const char *end;

	end = draw_request_parse_side(text, &request->width);
	if (end && *end == 'x')
		end = draw_request_parse_side(end + 1, &request->height);
	else
		end = NULL;
	if (end && !*end)
		return true;

	tool_error("%s: not a size: write WIDTHxHEIGHT, each 1 to %d, such as 1024x640", text,
		   DRAW_CANVAS_MAX);
	return false;
}

static bool draw_request_parse_scene(const char *name, struct draw_request *request)
{
	request->scene = draw_scene_find(name);
	if (request->scene)
		return true;

	tool_error("%s: no such scene: pgem-draw --list-scenes shows them", name);
	return false;
}

/* Takes one option. Returns false, with the exit code, if the program is to end. */
static bool draw_request_take(int option, struct draw_request *request, enum tool_exit *code)
{
	*code = TOOL_USAGE;
	switch (option) {
	case 's':
		return draw_request_parse_scene(optarg, request);
	case 'S':
		return draw_request_parse_size(optarg, request);
	case 'o':
		request->output = optarg;
		return true;
	case 'p':
		request->page_map = optarg;
		return true;
	case 'n':
		request->node = optarg;
		return true;
	case 'l':
		draw_request_list_scenes();
		break;
	case 'h':
		draw_request_help();
		break;
	default:
		fputs("Try: pgem-draw --help\n", stderr);
		return false;
	}
	*code = tool_flush();
	return false;
}

bool draw_request_parse(int argc, char **argv, struct draw_request *request,
			enum tool_exit *code)
{
	static const struct option options[] = {
		{ "scene", required_argument, NULL, 's' },
		{ "list-scenes", no_argument, NULL, 'l' },
		{ "size", required_argument, NULL, 'S' },
		{ "output", required_argument, NULL, 'o' },
		{ "page-map", required_argument, NULL, 'p' },
		{ "node", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	*request = (struct draw_request){ .scene = &draw_scenes[0], .output = "pgem.png" };
	while ((option = getopt_long(argc, argv, "s:lo:p:n:h", options, NULL)) != -1)
		if (!draw_request_take(option, request, code))
			return false;

	if (optind < argc) {
		tool_error("%s: no arguments are taken: see pgem-draw --help", argv[optind]);
		*code = TOOL_USAGE;
		return false;
	}

	if (!request->width) {
		request->width = request->scene->width;
		request->height = request->scene->height;
	}
	return true;
}
