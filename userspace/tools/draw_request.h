/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_REQUEST_H
#define DRAW_REQUEST_H

#include <stdbool.h>

#include "draw_scene.h"
#include "tool.h"

/**
 * struct draw_request - what the command line asks for
 */
struct draw_request {
	/** @scene: what to draw */
	const struct draw_scene *scene;

	/** @width: of the canvas, 1 to DRAW_CANVAS_MAX pixels */
	int width;

	/** @height: of the canvas, 1 to DRAW_CANVAS_MAX pixels */
	int height;

	/** @node: device node, NULL for the first pgem render node */
	const char *node;

	/** @output: file for the picture */
	const char *output;

	/** @page_map: file for the page map, NULL for none */
	const char *page_map;
};

/**
 * draw_request_parse() - read pgem-draw's command line
 * @argc: as main() got it
 * @argv: as main() got it
 * @request: out: what is asked for
 * @code: out: the exit code, if there is nothing to draw
 *
 * Return: true if there is something to draw. Otherwise help or a message has
 * been printed.
 */
bool draw_request_parse(int argc, char **argv, struct draw_request *request,
			enum tool_exit *code);

#endif /* DRAW_REQUEST_H */
