/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_WHEEL_H
#define DRAW_WHEEL_H

#include <cairo.h>

/**
 * wheel_draw() - draw a shining colour wheel
 * @cr: where; the wheel is around the origin, its radius is 170 units, and its
 *      light reaches 300
 */
void wheel_draw(cairo_t *cr);

#endif /* DRAW_WHEEL_H */
