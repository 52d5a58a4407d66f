/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Memory, for all tests; see pgem_mem.c
 */
#ifndef PGEM_MEM_H
#define PGEM_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Contents: each page gets a mark of its own at both ends */
void pgem_mark(void *page, uint64_t index);
bool pgem_marked(const void *page, uint64_t index);
void pgem_fill(uint8_t *map, size_t first, size_t count);
void pgem_check(const uint8_t *map, size_t first, size_t count);
bool pgem_is_zero(const void *p, size_t size);

/* Access that may end in a signal: 0 or the signal's number; safe in threads */
int pgem_read_signal(const volatile void *p);
int pgem_write_signal(volatile void *p);

/* Memory of this process */
size_t pgem_rss_shmem(void);			/* bytes, whole process */
size_t pgem_map_rss(const void *map);		/* bytes, mapping that starts there */
bool pgem_map_flag(const void *map, const char *flag);	/* as in VmFlags */
size_t pgem_mapped(const void *map, size_t pages);	/* pages that are mapped */
size_t pgem_meminfo(const char *field);		/* bytes */

#endif /* PGEM_MEM_H */
