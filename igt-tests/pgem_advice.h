/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Advice, reclaim and what is counted, for all tests; see pgem_advice.c
 *
 * Calls come in pairs, as in pgem_lib.h.
 */
#ifndef PGEM_ADVICE_H
#define PGEM_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "pgem_lib.h"

/* ioctls */
int __pgem_madvise(int fd, uint32_t handle, uint32_t advice, uint32_t *retained);
bool pgem_willneed(int fd, uint32_t handle);	/* is it retained? */
bool pgem_dontneed(int fd, uint32_t handle);
int __pgem_label(int fd, uint32_t handle, const char *label);
void pgem_label(int fd, uint32_t handle, const char *label);

/* Has the driver look for so many pages, as reclaim does. Returns what it found. */
#define PGEM_SHRINK_ALL 1000000000ull

void pgem_shrink_path(char *path, size_t size);
uint64_t pgem_shrink(uint64_t pages);

/* Bytes as the file's fdinfo says; 0 where the line is missing, which is as good */
uint64_t pgem_fdinfo(int fd, const char *field);

/* The object's line in debugfs, which has to be there */
struct pgem_line pgem_line_of(int fd, uint32_t handle);

#endif /* PGEM_ADVICE_H */
