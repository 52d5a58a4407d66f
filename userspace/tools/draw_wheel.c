// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Colour wheel
 *
 * Three rings of translucent wedges, all hues around, with a light behind and one in
 * the middle: how colours and translucency come out shows at a glance.
 */

#include <math.h>

#include "draw_wheel.h"

static void wheel_glow(cairo_t *cr, double radius, double alpha)
{
	cairo_pattern_t *glow;

	glow = cairo_pattern_create_radial(0, 0, 0, 0, 0, radius);
	cairo_pattern_add_color_stop_rgba(glow, 0.0, 1.0, 0.95, 0.78, alpha);
	cairo_pattern_add_color_stop_rgba(glow, 0.4, 1.0, 0.70, 0.50, alpha * 0.45);
	cairo_pattern_add_color_stop_rgba(glow, 1.0, 1.0, 0.50, 0.50, 0);
	cairo_set_source(cr, glow);
	cairo_arc(cr, 0, 0, radius, 0, 2 * M_PI);
	cairo_fill(cr);
	cairo_pattern_destroy(glow);
}

/* How red a hue is; how green and how blue are the same, a third of a turn away. */
static double wheel_hue(double turn)
{
	double value = 2 - fabs(6 * (turn - floor(turn)) - 3);

	return 1 - fmin(fmax(value, 0), 1);
}

static void wheel_ring(cairo_t *cr, double inner, double outer, int wedges, double alpha)
{
	int i;

	for (i = 0; i < wedges; i++) {
		double turn = (double)i / wedges;
		double from = 2 * M_PI * (i + 0.06) / wedges, to = 2 * M_PI * (i + 0.94) / wedges;

		cairo_set_source_rgba(cr, 0.25 + 0.75 * wheel_hue(turn),
				      0.20 + 0.75 * wheel_hue(turn - 1 / 3.0),
				      0.25 + 0.75 * wheel_hue(turn - 2 / 3.0), alpha);
		cairo_new_path(cr);
		cairo_arc(cr, 0, 0, outer, from, to);
		cairo_arc_negative(cr, 0, 0, inner, to, from);
		cairo_close_path(cr);
		cairo_fill(cr);
	}
}

void wheel_draw(cairo_t *cr)
{
	wheel_glow(cr, 300, 0.55);
	wheel_ring(cr, 138, 170, 36, 0.88);
	wheel_ring(cr, 108, 134, 24, 0.62);
	wheel_ring(cr, 84, 104, 12, 0.40);
	wheel_glow(cr, 130, 0.90);
	wheel_glow(cr, 78, 1.00);
}
