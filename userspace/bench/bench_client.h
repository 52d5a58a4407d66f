/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench_provider.h"
#include "bench_results.h"

/* Who measures: a process of its own for each provider. Failing calls end it. */
struct bench_client {
	const struct bench_provider *provider;
	int device;
	bool is_quick;
	struct bench_results results;
};

/* A measure is taken several times: cheap ones more often than those that take long. */
struct bench_rounds {
	const struct bench_client *client;
	int done;
	uint64_t spent;		/* nanoseconds, in rounds that are over */
	uint64_t start;		/* of the round that is on */
};

bool bench_again(struct bench_rounds *rounds);

/* Made, and where to map it asked for; or just one of these */
void bench_create(struct bench_client *client, uint64_t size, struct bench_buffer *buffer);
void bench_create_only(struct bench_client *client, uint64_t size, struct bench_buffer *buffer);
void bench_offset_only(struct bench_client *client, struct bench_buffer *buffer);
void bench_destroy(struct bench_client *client, const struct bench_buffer *buffer);
char *bench_map(struct bench_client *client, const struct bench_buffer *buffer);
void bench_unmap(char *map, const struct bench_buffer *buffer);

/* The same, and in *time the nanoseconds that it took */
char *bench_map_timed(struct bench_client *client, const struct bench_buffer *buffer,
		      uint64_t *time);
uint64_t bench_unmap_timed(char *map, const struct bench_buffer *buffer);

#endif /* BENCH_CLIENT_H */
