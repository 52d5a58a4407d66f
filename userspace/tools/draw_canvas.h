/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_CANVAS_H
#define DRAW_CANVAS_H

#include <cairo.h>
#include <pgem.h>

#include "draw_scene.h"

/* Cairo's image surfaces cannot be wider or higher. */
#define DRAW_CANVAS_MAX 32767

/**
 * struct draw_canvas - a pgem buffer used as a picture
 *
 * Pixels are Cairo's ARGB32: 32 bits in native byte order, premultiplied.
 */
struct draw_canvas {
	/** @bo: the pixels, mapped */
	struct pgem_bo bo;

	/** @width: pixels, 1 to DRAW_CANVAS_MAX */
	int width;

	/** @height: pixels, 1 to DRAW_CANVAS_MAX */
	int height;

	/** @stride: bytes from one row to the next */
	int stride;
};

/**
 * draw_canvas_create() - create a canvas of zeros, without touching a page of it
 * @fd: an open pgem device
 * @width: pixels, 1 to DRAW_CANVAS_MAX
 * @height: pixels, 1 to DRAW_CANVAS_MAX
 * @canvas: out: the canvas, for pgem_bo_close() of its bo
 *
 * Return: 0 or a negative errno value of pgem_bo_create() or pgem_bo_map().
 */
int draw_canvas_create(int fd, int width, int height, struct draw_canvas *canvas);

/**
 * draw_canvas_paint() - draw a scene on a canvas
 * @canvas: the canvas
 * @scene: the scene
 *
 * Return: CAIRO_STATUS_SUCCESS or what went wrong.
 */
cairo_status_t draw_canvas_paint(struct draw_canvas *canvas, const struct draw_scene *scene);

/**
 * draw_canvas_write() - write a part of a canvas as PNG
 * @canvas: the canvas
 * @area: the part; only the pages it lies in are read
 * @path: the file
 *
 * Return: CAIRO_STATUS_SUCCESS or what went wrong.
 */
cairo_status_t draw_canvas_write(struct draw_canvas *canvas, struct draw_rect area,
				 const char *path);

#endif /* DRAW_CANVAS_H */
