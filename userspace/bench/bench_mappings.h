/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_MAPPINGS_H
#define BENCH_MAPPINGS_H

#include "bench_client.h"

/* mmap-SIZE, munmap-SIZE, first-pixel-256M */
void bench_mappings(struct bench_client *client);

#endif /* BENCH_MAPPINGS_H */
