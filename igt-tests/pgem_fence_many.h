/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef PGEM_FENCE_MANY_H
#define PGEM_FENCE_MANY_H

/* More subtests of pgem_fence_race; called from its igt_main(). */
void pgem_fence_many_subtests(void);

#endif
