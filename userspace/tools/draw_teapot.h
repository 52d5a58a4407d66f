/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_TEAPOT_H
#define DRAW_TEAPOT_H

#include <cairo.h>

/**
 * teapot_draw() - draw a steaming teapot
 * @cr: where; the pot stands on the origin, is 300 units wide and 190 high, the
 *      steam goes up to 400
 */
void teapot_draw(cairo_t *cr);

#endif /* DRAW_TEAPOT_H */
