/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_OBJECTS_H
#define BENCH_OBJECTS_H

#include "bench_client.h"

/* create, close, offset */
void bench_objects(struct bench_client *client);

/* share: for DRM devices */
void bench_objects_share(struct bench_client *client);

/* many-*: with 10,000 objects alive */
void bench_objects_many(struct bench_client *client);

#endif /* BENCH_OBJECTS_H */
