/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef PGEM_PURGE_H
#define PGEM_PURGE_H

/* More subtests of pgem_purge; called from its igt_main(). */
void pgem_purge_race_subtests(void);

#endif /* PGEM_PURGE_H */
