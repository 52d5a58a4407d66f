/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SQUEEZE_CLIENT_H
#define SQUEEZE_CLIENT_H

#include <stdbool.h>

#include <pgem.h>

/* Moments between two looks at the groups, and parts of what goes slowly, to be seen */
#define SQUEEZE_TICK_MS	100
#define SQUEEZE_PARTS	16

/* A client and its two buffers; those of vgem are kept in the same structure. */
struct squeeze_client {
	bool is_pgem;
	int fd;
	struct pgem_bo canvas;
	struct pgem_bo cache;
};

/* What it does, step by step; ends the program if it cannot. */
void squeeze_map_all(struct squeeze_client *client);
void squeeze_draw(struct squeeze_client *client);
void squeeze_fill_cache(struct squeeze_client *client);
void squeeze_dont_need(struct squeeze_client *client);
void squeeze_need_again(struct squeeze_client *client);
void squeeze_read_all(struct squeeze_client *client);

/* Ends the program with a message for a negative errno value. */
void squeeze_check(int ret, const char *what);

#endif /* SQUEEZE_CLIENT_H */
