/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_FRAME_H
#define SHARE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct share_frame - a frame, by which its contents are known
 */
struct share_frame {
	/** @seed: number of this run, so that another's frames are not taken for its own */
	uint64_t seed;

	/** @number: of the frame in this run, from 0 */
	uint64_t number;

	/** @size: bytes */
	size_t size;
};

/**
 * struct share_frame_fault - how contents differ from what they should be
 */
struct share_frame_fault {
	/** @bytes: how many are wrong */
	size_t bytes;

	/** @first: the first of them, bytes from the frame's start */
	size_t first;

	/** @found: what is there */
	uint8_t found;

	/** @expected: what should be there */
	uint8_t expected;
};

/**
 * share_frame_draw() - write a frame's contents
 * @frame: the frame
 * @map: where to; aligned to 8 bytes
 */
void share_frame_draw(const struct share_frame *frame, void *map);

/**
 * share_frame_check() - compare every byte with a frame's contents
 * @frame: the frame
 * @map: what to compare; aligned to 8 bytes
 * @fault: out: what is wrong, written only if something is
 *
 * Return: true if all is right.
 */
bool share_frame_check(const struct share_frame *frame, const void *map,
		       struct share_frame_fault *fault);

#endif /* SHARE_FRAME_H */
