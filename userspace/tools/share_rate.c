// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-share's frames per second
 *
 * A line on the terminal that is written again each second. It goes to stderr, so
 * that stdout has the result alone, and leaves the cursor at its start, where a message
 * may follow.
 */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "share_rate.h"

#define SHARE_RATE_SECOND UINT64_C(1000000000)

static uint64_t share_rate_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SHARE_RATE_SECOND + now.tv_nsec;
}

static const char *share_rate_format(uint64_t frames, size_t size, uint64_t ns,
				     char text[SHARE_RATE_MAX])
{
	double per_second = frames * (double)SHARE_RATE_SECOND / (ns ? ns : 1);

	snprintf(text, SHARE_RATE_MAX, "%.1f frames/s, %.1f MiB/s", per_second,
		 per_second * size / (1 << 20));
	return text;
}

void share_rate_start(struct share_rate *rate, size_t size, bool show)
{
	uint64_t now = share_rate_now();

	*rate = (struct share_rate){
		.size = size,
		.start_ns = now,
		.shown_ns = now,
		.terminal = show && isatty(STDERR_FILENO),
	};
}

void share_rate_count(struct share_rate *rate)
{
	char text[SHARE_RATE_MAX];
	uint64_t now, ns;

	rate->frames++;
	if (!rate->terminal)
		return;

	now = share_rate_now();
	ns = now - rate->shown_ns;
	if (ns < SHARE_RATE_SECOND)
		return;

	fprintf(stderr, "%" PRIu64 " frames, %s\033[K\r", rate->frames,
		share_rate_format(rate->frames - rate->shown_frames, rate->size, ns, text));
	rate->shown_ns = now;
	rate->shown_frames = rate->frames;
}

void share_rate_stop(const struct share_rate *rate)
{
	if (rate->terminal && rate->shown_frames)
		fputs("\033[K", stderr);
}

const char *share_rate_text(const struct share_rate *rate, char text[SHARE_RATE_MAX])
{
	return share_rate_format(rate->frames, rate->size, share_rate_now() - rate->start_ns,
				 text);
}
