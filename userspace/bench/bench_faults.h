/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_FAULTS_H
#define BENCH_FAULTS_H

#include "bench_client.h"

/* first-touch-*, refault-*, dontneed-*, touch-in-all, and mmap and munmap of full ones */
void bench_faults(struct bench_client *client);

#endif /* BENCH_FAULTS_H */
