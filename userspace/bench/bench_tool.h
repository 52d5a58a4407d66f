/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_TOOL_H
#define BENCH_TOOL_H

#include <stdint.h>

#define BENCH_KIB	1024ull
#define BENCH_MIB	(1024 * BENCH_KIB)
#define BENCH_PAGE	4096ull
#define BENCH_ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* CLOCK_MONOTONIC, nanoseconds */
uint64_t bench_now(void);

/* To stderr: the one ends the program, with what errno says. */
__attribute__((format(printf, 1, 2), noreturn)) void bench_die(const char *format, ...);
__attribute__((format(printf, 1, 2))) void bench_say(const char *format, ...);

#endif /* BENCH_TOOL_H */
