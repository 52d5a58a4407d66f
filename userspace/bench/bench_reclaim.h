/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_RECLAIM_H
#define BENCH_RECLAIM_H

#include "bench_client.h"

/* reclaim-first-*, reclaim-*: 4 MiB from a control group that has so many idle buffers */
void bench_reclaim(struct bench_client *client);

#endif /* BENCH_RECLAIM_H */
