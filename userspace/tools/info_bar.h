/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_BAR_H
#define INFO_BAR_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes in a bar of so many columns, and its closing zero. */
#define INFO_BAR_SIZE(columns) ((columns) * 3 + 1)

/**
 * info_bar() - draw how much of something is mapped and resident
 * @text: out: the bar, INFO_BAR_SIZE(@columns) bytes
 * @columns: columns of the terminal
 * @utf8: blocks, with eighths; else ASCII
 * @size: bytes that the whole bar stands for
 * @resident: of these; what is beyond @size is not drawn
 * @mapped: of these; what is beyond @resident is not drawn
 *
 * What there is a little of is seen, and what is not all there is not drawn full.
 */
void info_bar(char *text, unsigned int columns, bool utf8, uint64_t size, uint64_t resident,
	      uint64_t mapped);

#endif /* INFO_BAR_H */
