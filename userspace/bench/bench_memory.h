/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "bench_client.h"

/* memory-*: KiB after touching one byte, 1 % and all of a buffer */
void bench_memory(struct bench_client *client);

#endif /* BENCH_MEMORY_H */
