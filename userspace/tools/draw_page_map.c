// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: The page map
 *
 * A picture of a canvas's memory: a cell a page, in the order of addresses, left to
 * right and top to bottom, bright where the page exists. To its right stand the
 * counts, the legend and, if the cells are too small to be told apart, a magnified
 * part around the first page that exists.
 *
 * The picture is drawn on an ordinary Cairo surface, not in the object it shows.
 */

#include <inttypes.h>
#include <stdio.h>

#include "draw_page_map.h"
#include "draw_text.h"
#include "tool.h"

#define MAP_MARGIN	32
#define MAP_TOP		96
#define MAP_GRID_MAX	1024	/* holds a page a pixel of the largest canvas */
#define MAP_CELL_MAX	24
#define MAP_PANEL_WIDTH	352
#define MAP_PANEL_HEIGHT 560

#define MAP_LENS_COLUMNS 32
#define MAP_LENS_ROWS	16
#define MAP_LENS_CELL	11

/**
 * struct map_grid - how the map, or the magnified part of it, is laid out
 */
struct map_grid {
	/** @columns: pages in a row */
	int columns;

	/** @rows: number of rows, the last may be cut short */
	int rows;

	/** @cell: side of a page's cell, pixels */
	int cell;
};

/* As square as a power of two of columns allows. */
static struct map_grid map_grid_for(uint64_t pages)
{
	struct map_grid grid = { .columns = 16 };

	while ((uint64_t)grid.columns * grid.columns < pages)
		grid.columns *= 2;
	grid.rows = (pages + grid.columns - 1) / grid.columns;
	grid.cell = MAP_GRID_MAX / grid.columns;
	if (grid.cell > MAP_CELL_MAX)
		grid.cell = MAP_CELL_MAX;
	return grid;
}

static void map_set_colour(cairo_t *cr, bool exists)
{
	if (exists)
		cairo_set_source_rgb(cr, 1.00, 0.66, 0.24);
	else
		cairo_set_source_rgb(cr, 0.17, 0.21, 0.28);
}

static void map_cell(cairo_t *cr, int column, int row, int cell, bool exists)
{
	int gap = cell >= 5;

	map_set_colour(cr, exists);
	cairo_rectangle(cr, column * cell, row * cell, cell - gap, cell - gap);
	cairo_fill(cr);
}

/* Cells from @column and @row on, as many as fit in a part of the given size. */
static void map_cells(cairo_t *cr, const struct draw_pages *pages, const struct map_grid *part,
		      int column, int row, int columns)
{
	int x, y;

	for (y = 0; y < part->rows; y++) {
		for (x = 0; x < part->columns; x++) {
			uint64_t page = (uint64_t)(row + y) * columns + column + x;

			if (page < pages->count)
				map_cell(cr, x, y, part->cell, pages->is_mapped[page]);
		}
	}
}

static uint64_t map_first_mapped(const struct draw_pages *pages)
{
	uint64_t page;

	for (page = 0; page < pages->count; page++)
		if (pages->is_mapped[page])
			return page;
	return 0;
}

static int map_clamp(int value, int max)
{
	return value < 0 ? 0 : value > max ? max : value;
}

static void map_frame(cairo_t *cr, double x, double y, double width, double height)
{
	cairo_set_source_rgb(cr, 0.90, 0.93, 0.97);
	cairo_set_line_width(cr, 1);
	cairo_rectangle(cr, x - 1.5, y - 1.5, width + 3, height + 3);
	cairo_stroke(cr);
}

static void map_line(cairo_t *cr, const char *text, double size, double y)
{
	struct draw_text line = { text, size, MAP_PANEL_WIDTH, CAIRO_FONT_WEIGHT_NORMAL };

	draw_text_show(cr, &line, 0, y);
}

static void map_set_dim(cairo_t *cr)
{
	cairo_set_source_rgb(cr, 0.62, 0.67, 0.74);
}

static void map_count(cairo_t *cr, uint64_t pages, uint64_t page_size, const char *what,
		      double y)
{
	char size[TOOL_SIZE_MAX], text[96];

	cairo_set_source_rgb(cr, 0.93, 0.95, 0.98);
	snprintf(text, sizeof(text), "%" PRIu64, pages);
	map_line(cr, text, 30, y);

	map_set_dim(cr);
	snprintf(text, sizeof(text), "%s (%s)", what, tool_size(pages * page_size, size));
	map_line(cr, text, 14, y + 22);
}

static void map_legend(cairo_t *cr, const char *text, bool exists, double y)
{
	struct draw_text line = { text, 14, MAP_PANEL_WIDTH - 26, CAIRO_FONT_WEIGHT_NORMAL };

	map_set_colour(cr, exists);
	cairo_rectangle(cr, 0, y - 13, 15, 15);
	cairo_fill(cr);

	map_set_dim(cr);
	draw_text_show(cr, &line, 26, y);
}

static void map_panel(cairo_t *cr, const struct draw_pages *pages,
		      const struct draw_canvas *canvas)
{
	char text[96], size[TOOL_SIZE_MAX];

	map_count(cr, pages->count, pages->page_size, "pages in the object", 24);
	map_count(cr, pages->mapped, pages->page_size, "mapped by this process, pagemap", 86);
	map_count(cr, pages->resident, pages->page_size, "resident, GEM_INFO", 148);

	map_legend(cr, "mapped: touched by drawing, has memory", true, 216);
	map_legend(cr, "not touched: has no page, takes no memory", false, 242);

	map_set_dim(cr);
	snprintf(text, sizeof(text), "A cell is a page of %s. Pages in a row of",
		 tool_size(pages->page_size, size));
	map_line(cr, text, 14, 284);
	snprintf(text, sizeof(text), "the canvas: %.4g",
		 (double)canvas->stride / pages->page_size);
	map_line(cr, text, 14, 304);
}

/* The magnified part in the panel, and a frame in the map that shows where it is. */
static void map_lens(cairo_t *cr, const struct draw_pages *pages, const struct map_grid *grid,
		     double panel_x)
{
	static const struct map_grid lens = { MAP_LENS_COLUMNS, MAP_LENS_ROWS, MAP_LENS_CELL };
	uint64_t first = map_first_mapped(pages);
	int column, row;

	column = map_clamp((int)(first % grid->columns) - lens.columns / 4,
			   grid->columns - lens.columns);
	row = map_clamp((int)(first / grid->columns) - lens.rows / 4, grid->rows - lens.rows);

	map_frame(cr, MAP_MARGIN + column * grid->cell, MAP_TOP + row * grid->cell,
		  lens.columns * grid->cell, lens.rows * grid->cell);

	cairo_save(cr);
	cairo_translate(cr, panel_x, MAP_TOP + 370);
	map_set_dim(cr);
	map_line(cr, "The framed part, magnified:", 14, -16);
	map_cells(cr, pages, &lens, column, row, grid->columns);
	map_frame(cr, 0, 0, lens.columns * lens.cell, lens.rows * lens.cell);
	cairo_restore(cr);
}

static void map_draw(cairo_t *cr, const struct draw_pages *pages,
		     const struct draw_canvas *canvas, const struct map_grid *grid,
		     const char *title)
{
	double panel_x = 2 * MAP_MARGIN + grid->columns * grid->cell;
	char text[128];
	struct draw_text heading = {
		text, 26, panel_x + MAP_PANEL_WIDTH - MAP_MARGIN, CAIRO_FONT_WEIGHT_BOLD
	};

	cairo_set_source_rgb(cr, 0.07, 0.09, 0.12);
	cairo_paint(cr);

	cairo_set_source_rgb(cr, 0.93, 0.95, 0.98);
	snprintf(text, sizeof(text), "%s: the pages of a canvas of %d x %d pixels", title,
		 canvas->width, canvas->height);
	draw_text_show(cr, &heading, MAP_MARGIN, 58);

	cairo_save(cr);
	cairo_translate(cr, MAP_MARGIN, MAP_TOP);
	cairo_set_antialias(cr, CAIRO_ANTIALIAS_NONE);
	map_cells(cr, pages, grid, 0, 0, grid->columns);
	cairo_restore(cr);

	cairo_save(cr);
	cairo_translate(cr, panel_x, MAP_TOP);
	map_panel(cr, pages, canvas);
	cairo_restore(cr);

	if (grid->cell < MAP_LENS_CELL)
		map_lens(cr, pages, grid, panel_x);
}

cairo_status_t draw_page_map_write(const struct draw_pages *pages,
				   const struct draw_canvas *canvas, const char *title,
				   const char *path)
{
	struct map_grid grid = map_grid_for(pages->count);
	int width = grid.columns * grid.cell + MAP_PANEL_WIDTH + 3 * MAP_MARGIN;
	int height = grid.rows * grid.cell;
	cairo_surface_t *surface;
	cairo_status_t status;
	cairo_t *cr;

	if (height < MAP_PANEL_HEIGHT)
		height = MAP_PANEL_HEIGHT;
	surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width,
					     height + MAP_TOP + MAP_MARGIN);
	cr = cairo_create(surface);

	map_draw(cr, pages, canvas, &grid, title);
	status = cairo_status(cr);
	cairo_destroy(cr);
	if (!status)
		status = cairo_surface_write_to_png(surface, path);
	cairo_surface_destroy(surface);
	return status;
}
