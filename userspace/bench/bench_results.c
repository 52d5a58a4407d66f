// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: figures by the name of the measure.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench_results.h"
#include "bench_tool.h"

static struct bench_row *find_row(struct bench_results *results, const char *measure)
{
	struct bench_row *row;

	for (size_t i = 0; i < results->count; i++)
		if (!strcmp(results->rows[i].measure, measure))
			return &results->rows[i];
	if (results->count == BENCH_ROWS) {
		errno = ENOSPC;
		bench_die("%s", measure);
	}
	row = &results->rows[results->count++];
	row->value = UINT64_MAX;
	snprintf(row->measure, sizeof(row->measure), "%s", measure);
	return row;
}

void bench_results_lowest(struct bench_results *results, uint64_t value, const char *measure, ...)
{
	char name[BENCH_NAME_SIZE];
	struct bench_row *row;
	va_list args;

	va_start(args, measure);
	vsnprintf(name, sizeof(name), measure, args);
	va_end(args);

	row = find_row(results, name);
	if (value < row->value)
		row->value = value;
}

void bench_results_print(const struct bench_results *results, const char *provider)
{
	for (size_t i = 0; i < results->count; i++)
		printf("%s,%s,%" PRIu64 "\n", results->rows[i].measure, provider,
		       results->rows[i].value);
	if (fflush(stdout))
		bench_die("stdout");
}
