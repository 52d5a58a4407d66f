/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_SHOWCASE_H
#define DRAW_SHOWCASE_H

#include <cairo.h>

/**
 * showcase_draw() - draw the showcase scene over a whole canvas
 * @cr: the canvas
 * @width: its width, pixels
 * @height: its height, pixels
 *
 * The landscape is as wide as the canvas, the rest keeps its proportions.
 */
void showcase_draw(cairo_t *cr, int width, int height);

#endif /* DRAW_SHOWCASE_H */
