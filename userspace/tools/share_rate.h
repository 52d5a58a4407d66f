/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_RATE_H
#define SHARE_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest text of share_rate_text(). */
#define SHARE_RATE_MAX 64

/**
 * struct share_rate - how fast frames go by
 */
struct share_rate {
	/** @size: bytes in a frame */
	size_t size;

	/** @frames: so far */
	uint64_t frames;

	/** @start_ns: when the first one began, nanoseconds of CLOCK_MONOTONIC */
	uint64_t start_ns;

	/** @shown_ns: when the rate was last shown */
	uint64_t shown_ns;

	/** @shown_frames: how many frames there were then */
	uint64_t shown_frames;

	/** @terminal: whether somebody watches */
	bool terminal;
};

/**
 * share_rate_start() - begin to count
 * @rate: out: the rate
 * @size: bytes in a frame
 * @show: whether the rate is to be shown, if stderr is a terminal
 */
void share_rate_start(struct share_rate *rate, size_t size, bool show);

/**
 * share_rate_count() - count a frame; once a second show the last second's rate
 * @rate: the rate
 */
void share_rate_count(struct share_rate *rate);

/**
 * share_rate_stop() - take what was shown off the terminal
 * @rate: the rate
 */
void share_rate_stop(const struct share_rate *rate);

/**
 * share_rate_text() - write the rate since the start for people
 * @rate: the rate
 * @text: out: such as "512.3 frames/s, 600.1 MiB/s"
 *
 * Return: @text.
 */
const char *share_rate_text(const struct share_rate *rate, char text[SHARE_RATE_MAX]);

#endif /* SHARE_RATE_H */
