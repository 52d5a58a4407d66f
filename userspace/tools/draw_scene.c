// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Scenes
 *
 * The table of scenes, and the two simple ones. Adding a scene is adding a row: its
 * draw function gets a Cairo context for a canvas of zeros and may be asked for
 * any size. Cairo keeps errors in the context, so that draw functions need not
 * check any.
 */

#include <math.h>
#include <string.h>

#include "draw_scene.h"
#include "draw_showcase.h"
#include "draw_text.h"
#include "tool.h"

#define SPOT_WIDTH	192
#define SPOT_HEIGHT	96

static struct draw_rect whole_area(int width, int height)
{
	return (struct draw_rect){ 0, 0, width, height };
}

/* Off the centre, where it would lie across the border of two pages. */
static struct draw_rect spot_area(int width, int height)
{
	int w = width < SPOT_WIDTH ? width : SPOT_WIDTH;
	int h = height < SPOT_HEIGHT ? height : SPOT_HEIGHT;

	return (struct draw_rect){ (width - w) / 3, (height - h) / 3, w, h };
}

static void spot_outline(cairo_t *cr, double radius)
{
	double right = SPOT_WIDTH - radius, bottom = SPOT_HEIGHT - radius;

	cairo_new_path(cr);
	cairo_arc(cr, radius, radius, radius, M_PI, 1.5 * M_PI);
	cairo_arc(cr, right, radius, radius, 1.5 * M_PI, 2 * M_PI);
	cairo_arc(cr, right, bottom, radius, 0, 0.5 * M_PI);
	cairo_arc(cr, radius, bottom, radius, 0.5 * M_PI, M_PI);
	cairo_close_path(cr);
}

/* No cairo_paint(): it would touch every page of the canvas. */
static void spot_draw(cairo_t *cr, int width, int height)
{
	struct draw_rect area = spot_area(width, height);
	struct draw_text name = { "pgem", 54, SPOT_WIDTH - 24, CAIRO_FONT_WEIGHT_BOLD };
	cairo_pattern_t *glow;

	cairo_translate(cr, area.x, area.y);
	cairo_scale(cr, (double)area.width / SPOT_WIDTH, (double)area.height / SPOT_HEIGHT);

	glow = cairo_pattern_create_linear(0, 0, SPOT_WIDTH, SPOT_HEIGHT);
	cairo_pattern_add_color_stop_rgb(glow, 0, 1.00, 0.76, 0.28);
	cairo_pattern_add_color_stop_rgb(glow, 1, 0.91, 0.26, 0.42);
	cairo_set_source(cr, glow);
	spot_outline(cr, 20);
	cairo_fill(cr);
	cairo_pattern_destroy(glow);

	cairo_set_source_rgb(cr, 1, 1, 1);
	draw_text_show(cr, &name, 14, 62);
}

static void test_card_box(cairo_t *cr, int left, int top, int right, int bottom)
{
	cairo_rectangle(cr, left, top, right - left, bottom - top);
	cairo_fill(cr);
}

/*
 * Exact in every pixel, so that a program can verify it. With w and h the canvas's
 * size and integer division, each pixel being 0xAARRGGBB:
 *
 * - rows 0 to h * 3 / 4: eight bars; bar i begins at column w * i / 8 and has the
 *   colours ffffffff, ffffff00, ff00ffff, ff00ff00, ffff00ff, ffff0000, ff0000ff and
 *   ff000000
 * - rows h * 3 / 4 to h * 7 / 8: sixteen greys; grey i begins at column w * i / 16 and
 *   has 0x11 * i in each colour, alpha ff
 * - rows h * 7 / 8 to h: on the left half 80800000, which is red at half alpha,
 *   premultiplied; the right half stays 00000000
 */
static void test_card_draw(cairo_t *cr, int width, int height)
{
	int bars = height * 3 / 4, greys = height * 7 / 8, i;

	cairo_set_antialias(cr, CAIRO_ANTIALIAS_NONE);
	cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE);

	for (i = 0; i < 8; i++) {
		cairo_set_source_rgb(cr, !(i & 2), !(i & 4), !(i & 1));
		test_card_box(cr, width * i / 8, 0, width * (i + 1) / 8, bars);
	}
	for (i = 0; i < 16; i++) {
		cairo_set_source_rgb(cr, i / 15.0, i / 15.0, i / 15.0);
		test_card_box(cr, width * i / 16, bars, width * (i + 1) / 16, greys);
	}
	cairo_set_source_rgba(cr, 1, 0, 0, 128 / 255.0);
	test_card_box(cr, 0, greys, width / 2, height);
}

const struct draw_scene draw_scenes[] = {
	{ "showcase", "a landscape with a teapot: gradients, curves, text, translucency",
	  1024, 640, whole_area, showcase_draw },
	{ "spot", "a small badge on a huge canvas: only its pages come to exist",
	  16384, 16384, spot_area, spot_draw },
	{ "test-card", "flat colours on exact pixels, for programs that compare",
	  1024, 640, whole_area, test_card_draw },
};

const size_t draw_scene_count = TOOL_ARRAY_SIZE(draw_scenes);

const struct draw_scene *draw_scene_find(const char *name)
{
	size_t i;

	for (i = 0; i < draw_scene_count; i++)
		if (!strcmp(draw_scenes[i].name, name))
			return &draw_scenes[i];
	return NULL;
}
