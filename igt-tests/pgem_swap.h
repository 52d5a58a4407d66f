/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: What the files of pgem_swap share
 */
#ifndef PGEM_SWAP_H
#define PGEM_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pgem_lib.h"

#define SWAP_CLIENTS	4
#define SWAP_BUFS	8

/* What all processes of a test see */
struct swap_shared {
	int filled;		/* clients that have filled all they have */
	uint64_t bytes;		/* filled by now, by all */
};

/* One process */
struct swap_client {
	unsigned int number;
	int fd;
	bool vgem;		/* fd is a file of vgem's */
	bool mixed;		/* the kernel writes, too, and others hold pages */
	size_t pages;		/* in a buffer */
	struct pgem_buf bufs[SWAP_BUFS];
	struct swap_shared *shared;
};

/* Fills, waits for the others, and reads all of it back. */
void swap_run(struct swap_client *client);

/* Maps and fills, which is as far as vgem gets. Returns 0, or a negative errno. */
int __swap_fill(struct swap_client *client);

/* Contents: every byte of a page follows from its number, and it can be compressed. */
uint64_t swap_number(const struct swap_client *client, size_t buf, size_t page);
void swap_write(void *page, uint64_t number);
void swap_check(const void *page, uint64_t number);

/* Who has pages while memory is short: pgem_swap_hold.c */
struct swap_holds;

struct swap_holds *swap_hold(struct swap_client *client);
void swap_let_go(struct swap_client *client, struct swap_holds *holds);

/* Has the kernel write a page, in one of its ways. */
void swap_kernel_writes(struct swap_client *client, void *page, uint64_t number, bool direct);

#endif /* PGEM_SWAP_H */
