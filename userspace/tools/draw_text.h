/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_TEXT_H
#define DRAW_TEXT_H

#include <cairo.h>

/**
 * struct draw_text - a line of text and how it looks
 */
struct draw_text {
	/** @text: UTF-8 */
	const char *text;

	/** @size: font size in user space units; made smaller if the line is too long */
	double size;

	/** @width: the most that the line may take, 0 for no limit */
	double width;

	/** @weight: normal or bold */
	cairo_font_weight_t weight;
};

/**
 * draw_text_path() - add a line of text to the current path
 * @cr: where
 * @text: what
 * @x: left end
 * @y: base line
 *
 * The line ends within its width whatever font the machine has.
 */
void draw_text_path(cairo_t *cr, const struct draw_text *text, double x, double y);

/**
 * draw_text_show() - fill a line of text with the current source
 * @cr: where
 * @text: what
 * @x: left end
 * @y: base line
 */
void draw_text_show(cairo_t *cr, const struct draw_text *text, double x, double y);

#endif /* DRAW_TEXT_H */
