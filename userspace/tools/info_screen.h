/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_SCREEN_H
#define INFO_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/**
 * struct info_screen - what standard output is, and how it was before
 */
struct info_screen {
	/** @is_terminal: whether frames replace each other; else they follow each other */
	bool is_terminal;

	/** @has_keys: whether standard input is a terminal, too */
	bool has_keys;

	/** @before: standard input's settings when the program began */
	struct termios before;
};

/**
 * info_screen_init() - find out what standard input and output are
 * @screen: out: that
 */
void info_screen_init(struct info_screen *screen);

/**
 * info_screen_enter() - take over the terminal, if it is one
 * @screen: the screen
 *
 * Keys come one by one and are not shown, except for those that make signals.
 */
void info_screen_enter(const struct info_screen *screen);

/**
 * info_screen_leave() - give the terminal back as it was
 * @screen: the screen
 */
void info_screen_leave(const struct info_screen *screen);

/**
 * info_screen_columns() - ask how wide a line may be
 * @screen: the screen
 *
 * Return: columns; where there is no terminal, what COLUMNS in the environment says, or 80.
 */
unsigned int info_screen_columns(const struct info_screen *screen);

/**
 * info_screen_show() - show a frame
 * @screen: the screen
 * @text: the frame's lines; what does not fit into a terminal's height is left out, and
 * its last line says so
 *
 * Return: 0 or a negative errno value.
 */
int info_screen_show(const struct info_screen *screen, const char *text);

#endif /* INFO_SCREEN_H */
