// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: The screen of pgem-info --watch
 *
 * Escape sequences that every terminal of today knows, so no library for them. The
 * alternate screen keeps what was there before.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "info_screen.h"

#define SCREEN_ENTER "\033[?1049h\033[?25l"
#define SCREEN_LEAVE "\033[?25h\033[?1049l"
#define SCREEN_TOP "\033[H"
#define SCREEN_LINE_END "\033[K\n"
#define SCREEN_REST "\033[J"

#define SCREEN_COLUMNS 80
#define SCREEN_COLUMNS_MAX 1000

void info_screen_init(struct info_screen *screen)
{
	screen->is_terminal = isatty(STDOUT_FILENO);
	screen->has_keys = screen->is_terminal && !tcgetattr(STDIN_FILENO, &screen->before);
}

void info_screen_enter(const struct info_screen *screen)
{
	struct termios raw = screen->before;

	if (screen->has_keys) {
		raw.c_lflag &= ~(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	if (screen->is_terminal) {
		fputs(SCREEN_ENTER, stdout);
		fflush(stdout);
	}
}

void info_screen_leave(const struct info_screen *screen)
{
	if (screen->is_terminal) {
		fputs(SCREEN_LEAVE, stdout);
		fflush(stdout);
	}
	if (screen->has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->before);
}

static struct winsize info_screen_size(const struct info_screen *screen)
{
	struct winsize size = { 0 };

	if (!screen->is_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return (struct winsize){ 0 };
	return size;
}

unsigned int info_screen_columns(const struct info_screen *screen)
{
	unsigned int columns = info_screen_size(screen).ws_col;
	const char *given = getenv("COLUMNS");

	if (!columns && given)
		columns = strtoul(given, NULL, 10);
	if (!columns || columns > SCREEN_COLUMNS_MAX)
		columns = SCREEN_COLUMNS;
	return columns;
}

static unsigned int info_screen_count(const char *text)
{
	unsigned int lines = 0;

	for (; (text = strchr(text, '\n')); text++)
		lines++;
	return lines;
}

static void info_screen_show_lines(const char *text, unsigned int rows)
{
	unsigned int lines = info_screen_count(text), shown = lines;

	/* The last row stays free: a newline there would scroll. */
	if (rows && lines >= rows)
		shown = rows > 2 ? rows - 2 : 1;

	fputs(SCREEN_TOP, stdout);
	for (unsigned int i = 0; i < shown; i++) {
		size_t len = strcspn(text, "\n");

		fwrite(text, 1, len, stdout);
		fputs(SCREEN_LINE_END, stdout);
		text += len + 1;
	}
	if (shown < lines && rows > 2)
		printf("(%u more)" SCREEN_LINE_END, lines - shown);
	fputs(SCREEN_REST, stdout);
}

int info_screen_show(const struct info_screen *screen, const char *text)
{
	if (screen->is_terminal)
		info_screen_show_lines(text, info_screen_size(screen).ws_row);
	else
		fputs(text, stdout);
	return fflush(stdout) ? -errno : 0;
}
