/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef PGEM_WAIT_H
#define PGEM_WAIT_H

/* More subtests of pgem_wait; called from its igt_main(). */
void pgem_wait_dmabuf_subtests(void);
void pgem_wait_hang_subtests(void);

#endif
