// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Text
 *
 * Cairo's "toy" text interface is enough for a few Latin lines, and needs no
 * further library. What it lacks is fitting a line into a given width, which is
 * done here since the fonts of the machine are not known.
 */

#include "draw_text.h"

#define DRAW_FONT "DejaVu Sans"

void draw_text_path(cairo_t *cr, const struct draw_text *text, double x, double y)
{
	cairo_text_extents_t extents;

	cairo_select_font_face(cr, DRAW_FONT, CAIRO_FONT_SLANT_NORMAL, text->weight);
	cairo_set_font_size(cr, text->size);
	cairo_text_extents(cr, text->text, &extents);
	if (text->width > 0 && extents.x_advance > text->width)
		cairo_set_font_size(cr, text->size * text->width / extents.x_advance);

	cairo_move_to(cr, x, y);
	cairo_text_path(cr, text->text);
}

void draw_text_show(cairo_t *cr, const struct draw_text *text, double x, double y)
{
	draw_text_path(cr, text, x, y);
	cairo_fill(cr);
}
