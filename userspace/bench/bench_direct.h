/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_DIRECT_H
#define BENCH_DIRECT_H

#include "bench_client.h"

/* direct-*: reads that bypass the page cache, from a RAM disk if there is one */
void bench_direct(struct bench_client *client);

#endif /* BENCH_DIRECT_H */
