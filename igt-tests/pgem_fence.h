/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef PGEM_FENCE_H
#define PGEM_FENCE_H

/* More subtests of pgem_fence; called from its igt_main(). */
void pgem_fence_life_subtests(void);

#endif
