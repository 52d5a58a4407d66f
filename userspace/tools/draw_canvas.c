// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Canvas
 *
 * Joins a pgem buffer and Cairo: the mapping is the surface's memory, so what Cairo
 * draws is in the GEM object at once, and nothing is copied. A page of the object
 * comes to exist when Cairo touches its first pixel.
 */

#include "draw_canvas.h"

int draw_canvas_create(int fd, int width, int height, struct draw_canvas *canvas)
{
	struct draw_canvas new = {
		.width = width,
		.height = height,
		.stride = cairo_format_stride_for_width(CAIRO_FORMAT_ARGB32, width),
	};
	int ret;

	ret = pgem_bo_create(fd, (uint64_t)new.stride * height, &new.bo);
	if (ret)
		return ret;

	ret = pgem_bo_map(&new.bo);
	if (ret) {
		pgem_bo_close(&new.bo);
		return ret;
	}

	*canvas = new;
	return 0;
}

/* A surface for a part of the canvas; on errors one that carries the status. */
static cairo_surface_t *draw_canvas_surface(struct draw_canvas *canvas, struct draw_rect area)
{
	unsigned char *first = canvas->bo.map;

	first += (size_t)area.y * canvas->stride + (size_t)area.x * 4;
	return cairo_image_surface_create_for_data(first, CAIRO_FORMAT_ARGB32, area.width,
						   area.height, canvas->stride);
}

cairo_status_t draw_canvas_paint(struct draw_canvas *canvas, const struct draw_scene *scene)
{
	struct draw_rect all = { 0, 0, canvas->width, canvas->height };
	cairo_surface_t *surface = draw_canvas_surface(canvas, all);
	cairo_t *cr = cairo_create(surface);
	cairo_status_t status;

	scene->draw(cr, canvas->width, canvas->height);
	status = cairo_status(cr);

	cairo_destroy(cr);
	cairo_surface_finish(surface);
	if (!status)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	return status;
}

cairo_status_t draw_canvas_write(struct draw_canvas *canvas, struct draw_rect area,
				 const char *path)
{
	cairo_surface_t *surface = draw_canvas_surface(canvas, area);
	cairo_status_t status;

	status = cairo_surface_write_to_png(surface, path);
	cairo_surface_destroy(surface);
	return status;
}
