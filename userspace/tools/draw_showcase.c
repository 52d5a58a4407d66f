// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: The showcase scene
 *
 * What a newcomer sees first: an evening by a lake with a colour wheel for a sun, a
 * teapot, and a few words on what all this is drawn in. Back to front; all
 * coordinates are in a picture of 1024 x 640 units.
 *
 * It covers the whole canvas on purpose, so that every page of the buffer comes to
 * exist. The spot scene is the one that does not.
 */

#include <math.h>
#include <stdint.h>

#include "draw_showcase.h"
#include "draw_teapot.h"
#include "draw_text.h"
#include "draw_wheel.h"
#include "tool.h"

#define VIEW_WIDTH	1024.0
#define VIEW_HEIGHT	640.0
#define VIEW_HORIZON	436.0

#define WHEEL_X		716.0
#define WHEEL_Y		232.0

/**
 * struct showcase_view - how the picture lies on the canvas
 */
struct showcase_view {
	/** @side: units of canvas to the left of the picture, and to the right */
	double side;

	/** @above: units of canvas above the picture, and below */
	double above;
};

/* From top to bottom; a stop is its place, 0 to 1, and its colour. */
static void showcase_set_gradient(cairo_t *cr, double top, double bottom,
				  const double (*stops)[4], size_t count)
{
	cairo_pattern_t *gradient = cairo_pattern_create_linear(0, top, 0, bottom);
	size_t i;

	for (i = 0; i < count; i++)
		cairo_pattern_add_color_stop_rgb(gradient, stops[i][0], stops[i][1], stops[i][2],
						 stops[i][3]);
	cairo_set_source(cr, gradient);
	cairo_pattern_destroy(gradient);
}

/* Above the picture, the sky goes on in its uppermost colour. */
static void showcase_sky(cairo_t *cr)
{
	static const double sky[][4] = {
		{ 0.00, 0.04, 0.05, 0.17 }, { 0.38, 0.19, 0.14, 0.38 }, { 0.70, 0.62, 0.26, 0.46 },
		{ 0.88, 0.95, 0.49, 0.40 }, { 1.00, 1.00, 0.76, 0.50 },
	};

	showcase_set_gradient(cr, 0, VIEW_HORIZON, sky, TOOL_ARRAY_SIZE(sky));
	cairo_paint(cr);
}

/* The same stars every time: a tiny generator instead of random(). */
static double showcase_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) / (double)(1 << 24);
}

static void showcase_stars(cairo_t *cr, const struct showcase_view *view)
{
	uint32_t seed = 2026;
	int i;

	for (i = 0; i < 140; i++) {
		double x = showcase_next(&seed) * (VIEW_WIDTH + 2 * view->side) - view->side;
		double depth = showcase_next(&seed);
		double y = depth * (250 + view->above) - view->above;
		double radius = 0.4 + 0.9 * showcase_next(&seed);

		cairo_set_source_rgba(cr, 1, 1, 0.92, 0.9 * (1 - depth));
		cairo_arc(cr, x, y, radius, 0, 2 * M_PI);
		cairo_fill(cr);
	}
}

/* A range of mountains: points along its ridge, rounded, filled down to the shore. */
static void showcase_ridge(cairo_t *cr, const double *heights, int count)
{
	double step = VIEW_WIDTH / (count - 1);
	int i;

	cairo_new_path(cr);
	cairo_move_to(cr, 0, VIEW_HORIZON);
	cairo_line_to(cr, 0, VIEW_HORIZON - heights[0]);
	for (i = 1; i < count; i++) {
		double x = i * step, middle = x - step / 2;

		cairo_curve_to(cr, middle, VIEW_HORIZON - heights[i - 1],
			       middle, VIEW_HORIZON - heights[i], x, VIEW_HORIZON - heights[i]);
	}
	cairo_line_to(cr, VIEW_WIDTH, VIEW_HORIZON);
	cairo_close_path(cr);
}

static void showcase_mountains(cairo_t *cr)
{
	static const double far[] = { 90, 150, 96, 178, 120, 66, 110, 60, 128, 84, 150, 104 };
	static const double middle[] = { 120, 70, 104, 52, 88, 40, 58, 34, 62, 92, 60 };
	static const double near[] = { 40, 62, 26, 44, 18, 30, 12, 26, 16, 40 };

	cairo_set_source_rgba(cr, 0.42, 0.25, 0.47, 0.80);
	showcase_ridge(cr, far, TOOL_ARRAY_SIZE(far));
	cairo_fill(cr);
	cairo_set_source_rgba(cr, 0.26, 0.17, 0.38, 0.88);
	showcase_ridge(cr, middle, TOOL_ARRAY_SIZE(middle));
	cairo_fill(cr);
	cairo_set_source_rgba(cr, 0.13, 0.10, 0.26, 0.96);
	showcase_ridge(cr, near, TOOL_ARRAY_SIZE(near));
	cairo_fill(cr);
}

static void showcase_lake(cairo_t *cr)
{
	static const double water[][4] = {
		{ 0.0, 0.85, 0.47, 0.44 }, { 0.3, 0.42, 0.22, 0.43 }, { 1.0, 0.07, 0.07, 0.20 },
	};

	showcase_set_gradient(cr, VIEW_HORIZON, VIEW_HEIGHT, water, TOOL_ARRAY_SIZE(water));
	cairo_rectangle(cr, 0, VIEW_HORIZON, VIEW_WIDTH, VIEW_HEIGHT - VIEW_HORIZON);
	cairo_fill(cr);
}

/* The sun's path on the water: strokes that get wider and fainter towards us. */
static void showcase_ripples(cairo_t *cr)
{
	uint32_t seed = 7;
	int i;

	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	for (i = 0; i < 170; i++) {
		double depth = showcase_next(&seed);
		double side = (showcase_next(&seed) - 0.5) * (240 + 520 * depth);
		double half = (8 + 40 * depth) * showcase_next(&seed);
		double y = VIEW_HORIZON + 3 + 130 * depth;

		cairo_set_line_width(cr, 0.8 + 2.2 * depth);
		cairo_set_source_rgba(cr, 1, 0.86, 0.62, 0.75 * (1 - depth));
		cairo_move_to(cr, WHEEL_X + side - half, y);
		cairo_line_to(cr, WHEEL_X + side + half, y);
		cairo_stroke(cr);
	}
}

static void showcase_shore(cairo_t *cr, const struct showcase_view *view)
{
	static const double ground[][4] = { { 0, 0.10, 0.07, 0.18 }, { 1, 0.03, 0.02, 0.07 } };
	double bottom = VIEW_HEIGHT + view->above;

	cairo_new_path(cr);
	cairo_move_to(cr, 0, bottom);
	cairo_line_to(cr, 0, 606);
	cairo_curve_to(cr, 200, 576, 340, 618, 480, 578);
	cairo_curve_to(cr, 640, 532, 860, 540, VIEW_WIDTH, 562);
	cairo_line_to(cr, VIEW_WIDTH, bottom);
	cairo_close_path(cr);
	showcase_set_gradient(cr, 520, VIEW_HEIGHT, ground, TOOL_ARRAY_SIZE(ground));
	cairo_fill(cr);
}

static void showcase_title(cairo_t *cr)
{
	static const struct draw_text title = { "pgem", 150, 420, CAIRO_FONT_WEIGHT_BOLD };
	static const double peach[][4] = { { 0, 1.00, 1.00, 1.00 }, { 1, 1.00, 0.66, 0.52 } };

	cairo_set_source_rgba(cr, 0.02, 0.02, 0.10, 0.45);
	draw_text_show(cr, &title, 58, 186);
	showcase_set_gradient(cr, 70, 230, peach, TOOL_ARRAY_SIZE(peach));
	draw_text_show(cr, &title, 54, 180);
}

static void showcase_caption(cairo_t *cr)
{
	static const char *const lines[] = {
		"a virtual DRM driver: the pages of a GEM object",
		"come to exist one at a time, when first touched.",
		"Cairo drew this straight into the mapping.",
	};
	struct draw_text line = { .size = 18, .width = 450 };
	size_t i;

	cairo_set_source_rgba(cr, 1, 0.96, 0.92, 0.94);
	for (i = 0; i < TOOL_ARRAY_SIZE(lines); i++) {
		line.text = lines[i];
		draw_text_show(cr, &line, 62, 256 + 27 * i);
	}
}

/* A row of pages, some of which exist. */
static void showcase_pages(cairo_t *cr)
{
	int i;

	cairo_set_line_width(cr, 1);
	for (i = 0; i < 20; i++) {
		cairo_rectangle(cr, 62.5 + 21 * i, 338.5, 15, 19);
		cairo_set_source_rgba(cr, 1, 0.80 - 0.02 * i, 0.45, i < 9 ? 0.95 - 0.07 * i : 0);
		cairo_fill_preserve(cr);
		cairo_set_source_rgba(cr, 1, 0.90, 0.80, 0.55);
		cairo_stroke(cr);
	}
}

/* The landscape is as wide as the canvas, things in it keep their proportions. */
static void showcase_landscape(cairo_t *cr, const struct showcase_view *view)
{
	cairo_matrix_t things, wide;

	cairo_get_matrix(cr, &things);
	wide = things;
	cairo_matrix_translate(&wide, -view->side, 0);
	cairo_matrix_scale(&wide, 1 + 2 * view->side / VIEW_WIDTH, 1);

	showcase_sky(cr);
	showcase_stars(cr, view);
	cairo_translate(cr, WHEEL_X, WHEEL_Y);
	wheel_draw(cr);
	cairo_set_matrix(cr, &wide);
	showcase_mountains(cr);
	showcase_lake(cr);
	cairo_set_matrix(cr, &things);
	showcase_ripples(cr);
	cairo_set_matrix(cr, &wide);
	showcase_shore(cr, view);
	cairo_set_matrix(cr, &things);
}

void showcase_draw(cairo_t *cr, int width, int height)
{
	double scale = fmin(width / VIEW_WIDTH, height / VIEW_HEIGHT);
	struct showcase_view view = {
		.side = (width / scale - VIEW_WIDTH) / 2,
		.above = (height / scale - VIEW_HEIGHT) / 2,
	};

	cairo_scale(cr, scale, scale);
	cairo_translate(cr, view.side, view.above);

	showcase_landscape(cr, &view);
	showcase_title(cr);
	showcase_caption(cr);
	showcase_pages(cr);
	cairo_translate(cr, WHEEL_X, 584);
	cairo_scale(cr, 1.25, 1.25);
	teapot_draw(cr);
}
