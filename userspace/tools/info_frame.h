/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_FRAME_H
#define INFO_FRAME_H

#include <stdbool.h>
#include <stdio.h>

#include "info_device.h"

/**
 * struct info_frame - where a frame is drawn
 */
struct info_frame {
	/** @out: receives whole lines, none longer than @columns */
	FILE *out;

	/** @columns: of the terminal */
	unsigned int columns;

	/** @utf8: whether it shows more than ASCII */
	bool utf8;
};

/**
 * info_frame_draw() - draw what memory the devices have
 * @frame: where
 * @devices: the devices; their objects get another order
 *
 * Return: 0 or a negative errno value.
 */
int info_frame_draw(const struct info_frame *frame, struct info_devices *devices);

#endif /* INFO_FRAME_H */
