/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_SCENE_H
#define DRAW_SCENE_H

#include <stddef.h>

#include <cairo.h>

/**
 * struct draw_rect - a part of a canvas, in pixels
 */
struct draw_rect {
	/** @x: left edge */
	int x;

	/** @y: upper edge */
	int y;

	/** @width: at least 1 */
	int width;

	/** @height: at least 1 */
	int height;
};

/**
 * struct draw_scene - something that can be drawn
 */
struct draw_scene {
	/** @name: what --scene calls it */
	const char *name;

	/** @summary: one line for people */
	const char *summary;

	/** @width: of the canvas if none is asked for, pixels */
	int width;

	/** @height: of the canvas if none is asked for, pixels */
	int height;

	/**
	 * @area: which part of a canvas it draws on; nothing outside is read or
	 * written
	 */
	struct draw_rect (*area)(int width, int height);

	/** @draw: draw on a canvas of any size whose pixels are zero */
	void (*draw)(cairo_t *cr, int width, int height);
};

/* The scenes; the first is the default. */
extern const struct draw_scene draw_scenes[];
extern const size_t draw_scene_count;

/**
 * draw_scene_find() - find a scene
 * @name: its name
 *
 * Return: the scene or NULL.
 */
const struct draw_scene *draw_scene_find(const char *name);

#endif /* DRAW_SCENE_H */
