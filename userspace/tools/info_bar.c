// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Bars
 *
 * Mapped pages are solid, resident ones that nobody has mapped are shaded, the rest is
 * dotted. Lengths are counted in eighths of a column, which only the solid part's end
 * can show.
 */

#include <string.h>

#include "info_bar.h"

static const char *const info_bar_blocks[] = {
	"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█",
};

static uint64_t info_bar_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How much of @full, rounded down; neither none nor all of it unless it is. */
static unsigned int info_bar_part(uint64_t part, uint64_t size, unsigned int full)
{
	unsigned int length;

	if (!part)
		return 0;
	if (part == size)
		return full;
	length = (unsigned int)((double)part / size * full);
	if (!length)
		return 1;
	return length < full ? length : full - 1;
}

static char *info_bar_put(char *text, const char *cell, unsigned int count)
{
	while (count--)
		text = stpcpy(text, cell);
	return text;
}

static void info_bar_utf8(char *text, unsigned int columns, unsigned int shaded,
			  unsigned int eighths)
{
	unsigned int solid = eighths / 8, rest = eighths % 8;

	text = info_bar_put(text, "█", solid);
	if (rest)
		text = info_bar_put(text, info_bar_blocks[rest - 1], 1);
	solid += !!rest;
	if (shaded < solid)
		shaded = solid;
	text = info_bar_put(text, "▒", shaded - solid);
	info_bar_put(text, "·", columns - shaded);
}

static void info_bar_ascii(char *text, unsigned int columns, unsigned int shaded,
			   unsigned int solid)
{
	text = info_bar_put(text, "#", solid);
	text = info_bar_put(text, "=", shaded - solid);
	info_bar_put(text, ".", columns - shaded);
}

void info_bar(char *text, unsigned int columns, bool utf8, uint64_t size, uint64_t resident,
	      uint64_t mapped)
{
	unsigned int shaded;

	*text = '\0';
	/* They were not read at the same moment. */
	resident = info_bar_min(resident, size);
	mapped = info_bar_min(mapped, resident);
	shaded = info_bar_part(resident, size, columns);
	if (utf8)
		info_bar_utf8(text, columns, shaded, info_bar_part(mapped, size, columns * 8));
	else
		info_bar_ascii(text, columns, shaded, info_bar_part(mapped, size, columns));
}
