/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_FORK_H
#define BENCH_FORK_H

#include "bench_client.h"

/* fork-64M, fork-touch: a child that inherits a mapping */
void bench_fork(struct bench_client *client);

#endif /* BENCH_FORK_H */
