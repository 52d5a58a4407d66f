/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include <stddef.h>
#include <stdint.h>

enum bench_order { BENCH_SEQUENTIAL, BENCH_RANDOM, BENCH_STRIDED, BENCH_ORDERS };
enum bench_access { BENCH_WRITE, BENCH_READ, BENCH_ACCESSES };

extern const char *const bench_order_names[BENCH_ORDERS];
extern const char *const bench_access_names[BENCH_ACCESSES];

/* The pages of a buffer in the order in which they are touched, each once. */
struct bench_pattern {
	enum bench_order order;
	size_t count;
	uint32_t *pages;
};

void bench_pattern_make(struct bench_pattern *pattern, enum bench_order order, size_t count);
void bench_pattern_free(struct bench_pattern *pattern);

/* Touches them; returns the nanoseconds that all took. */
uint64_t bench_pattern_touch(const struct bench_pattern *pattern, char *map,
			     enum bench_access access);

/* What of such a time falls to a page, rounded */
uint64_t bench_pattern_per_page(const struct bench_pattern *pattern, uint64_t time);

#endif /* BENCH_PATTERN_H */
