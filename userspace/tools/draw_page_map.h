/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef DRAW_PAGE_MAP_H
#define DRAW_PAGE_MAP_H

#include <cairo.h>

#include "draw_canvas.h"
#include "draw_pages.h"

/**
 * draw_page_map_write() - write a picture of which pages of a canvas exist, as PNG
 * @pages: the pages
 * @canvas: the canvas they belong to; its pixels are not read
 * @title: name of what was drawn on it
 * @path: the file
 *
 * Return: CAIRO_STATUS_SUCCESS or what went wrong.
 */
cairo_status_t draw_page_map_write(const struct draw_pages *pages,
				   const struct draw_canvas *canvas, const char *title,
				   const char *path);

#endif /* DRAW_PAGE_MAP_H */
