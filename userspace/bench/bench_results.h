/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_ROWS	80
#define BENCH_NAME_SIZE	40

/* What was measured of one provider, in the order in which it was first seen. */
struct bench_results {
	size_t count;
	struct bench_row {
		char measure[BENCH_NAME_SIZE];
		uint64_t value;
	} rows[BENCH_ROWS];
};

/* Of several times that a measure is taken the lowest stays: the rest is noise. */
__attribute__((format(printf, 3, 4)))
void bench_results_lowest(struct bench_results *results, uint64_t value, const char *measure, ...);

/* CSV to stdout: measure, provider, value */
void bench_results_print(const struct bench_results *results, const char *provider);

#endif /* BENCH_RESULTS_H */
