// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-draw
 *
 * Draws a scene with Cairo straight into a mapped GEM object, and shows which of the
 * object's pages came to exist by that.
 *
 * Order matters: reading a page makes it exist just as writing does. So the pages are
 * looked at right after drawing, and only then the picture is read for its PNG.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <pgem.h>

#include "draw_canvas.h"
#include "draw_page_map.h"
#include "draw_pages.h"
#include "draw_request.h"
#include "tool.h"

static void draw_create_error(const struct draw_request *request, int err)
{
	switch (err) {
	case -E2BIG:
		tool_error("a canvas of %dx%d is above the driver's limit: take a smaller --size, "
			   "or see max_bo_size in pgem-info", request->width, request->height);
		break;
	case -ENOMEM:
		tool_error("no room in memory for a canvas of %dx%d: take a smaller --size",
			   request->width, request->height);
		break;
	default:
		tool_error("the canvas could not be created: %s", strerror(-err));
		break;
	}
}

static bool draw_is_written(const char *path, cairo_status_t status)
{
	if (!status)
		return true;

	if (status == CAIRO_STATUS_WRITE_ERROR && errno)
		tool_error("%s: could not be written: %s", path, strerror(errno));
	else
		tool_error("%s: could not be written: %s", path, cairo_status_to_string(status));
	return false;
}

static void draw_print_pages(const struct draw_request *request, const struct draw_pages *pages)
{
	char resident[TOOL_SIZE_MAX], whole[TOOL_SIZE_MAX];

	printf("%s: %dx%d canvas, %" PRIu64 " pages, %" PRIu64 " resident (%s of %s)\n",
	       request->scene->name, request->width, request->height, pages->count,
	       pages->resident, tool_size(pages->resident * pages->page_size, resident),
	       tool_size(pages->count * pages->page_size, whole));
}

/* Prints the line, and writes the page map if it is asked for. */
static enum tool_exit draw_show_pages(const struct draw_request *request,
				      const struct draw_canvas *canvas)
{
	enum tool_exit code = TOOL_OK;
	struct draw_pages pages;
	int ret;

	ret = draw_pages_read(&canvas->bo, &pages);
	if (ret) {
		tool_error("cannot tell which pages exist: %s%s", strerror(-ret),
			   ret == -ENOENT ? ": is /proc mounted?" : "");
		return TOOL_FAILURE;
	}

	draw_print_pages(request, &pages);
	errno = 0;
	if (request->page_map &&
	    !draw_is_written(request->page_map,
			     draw_page_map_write(&pages, canvas, request->scene->name,
						 request->page_map)))
		code = TOOL_FAILURE;

	draw_pages_free(&pages);
	return code;
}

static enum tool_exit draw_on_canvas(const struct draw_request *request,
				     struct draw_canvas *canvas)
{
	cairo_status_t status;
	enum tool_exit code;

	status = draw_canvas_paint(canvas, request->scene);
	if (status) {
		tool_error("drawing failed: %s", cairo_status_to_string(status));
		return TOOL_FAILURE;
	}

	code = draw_show_pages(request, canvas);
	if (code)
		return code;

	errno = 0;
	status = draw_canvas_write(canvas, request->scene->area(canvas->width, canvas->height),
				   request->output);
	if (!draw_is_written(request->output, status))
		return TOOL_FAILURE;
	return tool_flush();
}

static enum tool_exit draw_run(const struct draw_request *request)
{
	struct draw_canvas canvas;
	enum tool_exit code;
	int fd, ret;

	fd = pgem_open(request->node);
	if (fd < 0) {
		tool_open_error(request->node, fd);
		return TOOL_FAILURE;
	}

	ret = draw_canvas_create(fd, request->width, request->height, &canvas);
	if (ret) {
		draw_create_error(request, ret);
		close(fd);
		return TOOL_FAILURE;
	}

	code = draw_on_canvas(request, &canvas);

	pgem_bo_close(&canvas.bo);
	close(fd);
	return code;
}

int main(int argc, char **argv)
{
	struct draw_request request;
	enum tool_exit code;

	if (!draw_request_parse(argc, argv, &request, &code))
		return code;
	return draw_run(&request);
}
