// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Teapot
 *
 * Computer graphics owes it one. A flat drawing from a few Bezier curves; its
 * roundness comes from gradients, and its steam from translucent strokes.
 */

#include <math.h>

#include "draw_teapot.h"

static void teapot_spout(cairo_t *cr)
{
	cairo_new_path(cr);
	cairo_move_to(cr, 74, -84);
	cairo_curve_to(cr, 112, -86, 106, -126, 134, -142);
	cairo_line_to(cr, 156, -136);
	cairo_curve_to(cr, 140, -112, 136, -44, 70, -34);
	cairo_close_path(cr);
}

static void teapot_handle(cairo_t *cr)
{
	cairo_new_path(cr);
	cairo_move_to(cr, -78, -112);
	cairo_curve_to(cr, -160, -136, -170, -38, -82, -32);
}

static void teapot_body(cairo_t *cr)
{
	cairo_new_path(cr);
	cairo_move_to(cr, -62, 0);
	cairo_curve_to(cr, -104, -28, -112, -84, -72, -132);
	cairo_line_to(cr, 72, -132);
	cairo_curve_to(cr, 112, -84, 104, -28, 62, 0);
	cairo_curve_to(cr, 40, 8, -40, 8, -62, 0);
	cairo_close_path(cr);
}

static void teapot_lid(cairo_t *cr)
{
	cairo_new_path(cr);
	cairo_move_to(cr, -74, -132);
	cairo_curve_to(cr, -64, -158, -18, -154, -11, -166);
	cairo_curve_to(cr, -28, -192, 28, -192, 11, -166);
	cairo_curve_to(cr, 18, -154, 64, -158, 74, -132);
	cairo_curve_to(cr, 40, -126, -40, -126, -74, -132);
	cairo_close_path(cr);
}

static cairo_pattern_t *teapot_glaze(double x, double y, double radius)
{
	cairo_pattern_t *glaze;

	glaze = cairo_pattern_create_radial(x, y, radius / 20, x, y, radius);
	cairo_pattern_add_color_stop_rgb(glaze, 0.00, 0.72, 0.96, 0.92);
	cairo_pattern_add_color_stop_rgb(glaze, 0.22, 0.20, 0.70, 0.68);
	cairo_pattern_add_color_stop_rgb(glaze, 0.60, 0.05, 0.36, 0.43);
	cairo_pattern_add_color_stop_rgb(glaze, 1.00, 0.02, 0.13, 0.22);
	return glaze;
}

static void teapot_shadow(cairo_t *cr)
{
	cairo_pattern_t *shade;

	cairo_save(cr);
	cairo_translate(cr, 0, 2);
	cairo_scale(cr, 1, 0.13);
	shade = cairo_pattern_create_radial(0, 0, 30, 0, 0, 150);
	cairo_pattern_add_color_stop_rgba(shade, 0, 0, 0, 0.05, 0.75);
	cairo_pattern_add_color_stop_rgba(shade, 1, 0, 0, 0.05, 0);
	cairo_set_source(cr, shade);
	cairo_arc(cr, 0, 0, 150, 0, 2 * M_PI);
	cairo_fill(cr);
	cairo_pattern_destroy(shade);
	cairo_restore(cr);
}

static void teapot_steam(cairo_t *cr, double x, double bend, double width)
{
	cairo_pattern_t *steam;

	steam = cairo_pattern_create_linear(0, -140, 0, -400);
	cairo_pattern_add_color_stop_rgba(steam, 0.0, 1, 1, 1, 0.0);
	cairo_pattern_add_color_stop_rgba(steam, 0.2, 1, 1, 1, 0.5);
	cairo_pattern_add_color_stop_rgba(steam, 1.0, 1, 1, 1, 0.0);
	cairo_set_source(cr, steam);
	cairo_set_line_width(cr, width);
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);

	cairo_new_path(cr);
	cairo_move_to(cr, x, -140);
	cairo_curve_to(cr, x + bend, -210, x - bend, -240, x + bend / 2, -300);
	cairo_curve_to(cr, x + bend, -340, x + bend / 4, -360, x + bend, -400);
	cairo_stroke(cr);
	cairo_pattern_destroy(steam);
}

/* Evening light from behind shows along the edge of each part. */
static void teapot_part(cairo_t *cr, cairo_pattern_t *glaze)
{
	cairo_set_source(cr, glaze);
	cairo_fill_preserve(cr);
	cairo_set_line_width(cr, 2);
	cairo_set_source_rgba(cr, 1.0, 0.72, 0.45, 0.55);
	cairo_stroke(cr);
}

/* From back to front: the body hides where the spout and the handle begin. */
static void teapot_pot(cairo_t *cr)
{
	cairo_pattern_t *body = teapot_glaze(-34, -98, 170);
	cairo_pattern_t *lid = teapot_glaze(-16, -164, 100);

	teapot_handle(cr);
	cairo_set_line_width(cr, 17);
	cairo_set_source_rgb(cr, 0.48, 0.45, 0.42);
	cairo_stroke_preserve(cr);
	cairo_set_line_width(cr, 14);
	cairo_set_source(cr, body);
	cairo_stroke(cr);

	teapot_spout(cr);
	teapot_part(cr, body);
	teapot_body(cr);
	teapot_part(cr, body);
	teapot_lid(cr);
	teapot_part(cr, lid);

	cairo_pattern_destroy(lid);
	cairo_pattern_destroy(body);
}

static void teapot_shine(cairo_t *cr)
{
	cairo_set_source_rgba(cr, 1, 1, 1, 0.30);
	cairo_new_path(cr);
	cairo_move_to(cr, -52, -118);
	cairo_curve_to(cr, -82, -98, -86, -62, -72, -40);
	cairo_curve_to(cr, -66, -68, -56, -94, -34, -112);
	cairo_curve_to(cr, -38, -120, -46, -122, -52, -118);
	cairo_close_path(cr);
	cairo_fill(cr);
}

void teapot_draw(cairo_t *cr)
{
	cairo_save(cr);
	teapot_shadow(cr);
	teapot_steam(cr, 148, -46, 16);
	teapot_steam(cr, 142, 40, 10);
	teapot_steam(cr, 152, 18, 6);
	teapot_pot(cr);
	teapot_shine(cr);
	cairo_restore(cr);
}
