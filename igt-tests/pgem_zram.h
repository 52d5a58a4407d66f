/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Swap in compressed memory; see pgem_zram.c
 */
#ifndef PGEM_ZRAM_H
#define PGEM_ZRAM_H

#include <stddef.h>

/* A disk of its own, used before other swap; gone when the program ends. */
void pgem_zram_on(size_t mib);

/* Brings back what is in it, which takes as much memory. */
void pgem_zram_off(void);

/* Only swapping ends and begins, and the disk stays: a child can do both, too. */
void pgem_zram_pause(void);
void pgem_zram_resume(void);

/*
 * A disk that is empty and takes no memory, opened for reading: what is read from it goes
 * through the page cache. Gone when the program ends, or by pgem_zram_empty_off().
 */
int pgem_zram_empty_on(size_t mib);
void pgem_zram_empty_off(int file);

/* What the whole machine has swapped by now: pages, out and in */
void pgem_zram_traffic(unsigned long *out, unsigned long *in);

#endif /* PGEM_ZRAM_H */
