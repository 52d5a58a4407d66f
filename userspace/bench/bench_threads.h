/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include "bench_client.h"

/* threads-*: pages a second that several threads touch, with the mmap() before it */
void bench_threads(struct bench_client *client);

#endif /* BENCH_THREADS_H */
