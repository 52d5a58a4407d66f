/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef PGEM_SPLIT_H
#define PGEM_SPLIT_H

/* The subtests split-* of pgem_fault; called from its igt_main(). */
void pgem_split_subtests(void);

#endif
