// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What is in pgem-share's frames
 *
 * A row of 64-bit words, each a constant more than the one before, from a start that
 * depends on the run and on the frame. Hence no word is the same in two frames at the
 * same place, nor in one frame at two places: what is stale, torn, moved or another
 * run's is wrong nearly everywhere. A word costs an addition to make or to check.
 */

#include <string.h>

#include "share_frame.h"

/* Odd, so that it takes 2^64 words to come round; changes all bytes of a word. */
#define SHARE_FRAME_STEP UINT64_C(0x9e3779b97f4a7c15)

/* Words that are compared before it is asked whether all were right. */
#define SHARE_FRAME_BLOCK 512

/* Scatters numbers that are close to each other; each has a result of its own. */
static uint64_t share_frame_scatter(uint64_t value)
{
	value ^= value >> 32;
	value *= UINT64_C(0xd6e8feb86659fd93);
	value ^= value >> 32;
	value *= UINT64_C(0xd6e8feb86659fd93);
	return value ^ value >> 32;
}

static uint64_t share_frame_word(const struct share_frame *frame, size_t index)
{
	return share_frame_scatter(frame->seed + frame->number) + index * SHARE_FRAME_STEP;
}

void share_frame_draw(const struct share_frame *frame, void *map)
{
	size_t count = frame->size / sizeof(uint64_t), i;
	uint64_t word = share_frame_word(frame, 0);
	uint64_t *words = map;

	for (i = 0; i < count; i++, word += SHARE_FRAME_STEP)
		words[i] = word;
	memcpy(words + count, &word, frame->size % sizeof(word));
}

static bool share_frame_block_ok(const uint64_t *words, size_t count, uint64_t word)
{
	uint64_t wrong = 0;
	size_t i;

	for (i = 0; i < count; i++, word += SHARE_FRAME_STEP)
		wrong |= words[i] ^ word;
	return !wrong;
}

static bool share_frame_ok(const struct share_frame *frame, const uint64_t *words)
{
	size_t count = frame->size / sizeof(*words), i, block;
	uint64_t last = share_frame_word(frame, count);

	for (i = 0; i < count; i += block) {
		block = count - i < SHARE_FRAME_BLOCK ? count - i : SHARE_FRAME_BLOCK;
		if (!share_frame_block_ok(words + i, block, share_frame_word(frame, i)))
			return false;
	}
	return !memcmp(words + count, &last, frame->size % sizeof(last));
}

/* Byte by byte, as this is done but once. */
static void share_frame_find(const struct share_frame *frame, const uint8_t *map,
			     struct share_frame_fault *fault)
{
	uint8_t bytes[sizeof(uint64_t)];
	uint64_t word;
	size_t i;

	*fault = (struct share_frame_fault){ 0 };
	for (i = 0; i < frame->size; i++) {
		word = share_frame_word(frame, i / sizeof(word));
		memcpy(bytes, &word, sizeof(word));
		if (map[i] == bytes[i % sizeof(word)])
			continue;
		if (!fault->bytes++) {
			fault->first = i;
			fault->found = map[i];
			fault->expected = bytes[i % sizeof(word)];
		}
	}
}

bool share_frame_check(const struct share_frame *frame, const void *map,
		       struct share_frame_fault *fault)
{
	if (share_frame_ok(frame, map))
		return true;

	/* Contents that change meanwhile may have become right: wrong all the same. */
	share_frame_find(frame, map, fault);
	return false;
}
