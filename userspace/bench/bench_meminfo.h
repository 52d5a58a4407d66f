/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_MEMINFO_H
#define BENCH_MEMINFO_H

#include <stdint.h>

/*
 * Bytes that the whole machine uses now, exact: of shared memory, which the pages of all
 * providers are, and of that and what the kernel keeps about objects.
 */
uint64_t bench_meminfo_pages(void);
uint64_t bench_meminfo_objects(void);

#endif /* BENCH_MEMINFO_H */
