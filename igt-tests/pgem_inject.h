/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef PGEM_INJECT_H
#define PGEM_INJECT_H

/* More subtests of pgem_inject; called from its igt_main(). */
void pgem_inject_map_subtests(void);
void pgem_inject_device_subtests(void);
void pgem_inject_fence_subtests(void);
void pgem_inject_share_subtests(void);

#endif
