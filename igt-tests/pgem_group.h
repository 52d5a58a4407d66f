/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: A control group, for tests of memory that is short; see pgem_group.c
 */
#ifndef PGEM_GROUP_H
#define PGEM_GROUP_H

#define PGEM_GROUP "/sys/fs/cgroup/pgem-test"

void pgem_group_make(void);
void pgem_group_remove(void);
int __pgem_group_join(void);		/* for the calling process */
unsigned long pgem_group_charged(void);	/* bytes */

/* Takes from the group what can be had; and what is mapped, if it is idle. */
void pgem_group_reclaim(void);
void pgem_group_reclaim_mapped(void);

/* Runs @fn in a child that is in the group. */
void pgem_group_run(int fd, void (*fn)(int fd));

/* The same in a group for it alone, with 16 MiB of swap. */
void pgem_group_with_swap(int fd, void (*fn)(int fd));

#endif /* PGEM_GROUP_H */
