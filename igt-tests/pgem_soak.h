/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: What the files of pgem_soak share
 */
#ifndef PGEM_SOAK_H
#define PGEM_SOAK_H

#include <stdbool.h>
#include <stdint.h>

#include "pgem_video.h"

#define SLOTS		8
#define MAX_PAGES	256
#define HELD		8	/* pages in a pipe */

/* An object, or the place for one */
struct slot {
	int fd;			/* a copy, not its own */
	uint32_t handle;	/* 0: nothing here */
	uint8_t *map;
	size_t pages;
	uint64_t first;		/* mark of its first page */
	bool written[MAX_PAGES];
	bool unneeded;		/* by its owner's advice: may be gone */
	int dmabuf;		/* or -1 */
};

/* One process, with objects in two files of the device, and what holds pages of them */
struct worker {
	unsigned int number, seed;
	int files[2];
	struct slot slots[SLOTS];
	uint64_t next_mark;

	/* What others have of it; each of one object at a time */
	int pipe[2];
	size_t piped;			/* pages in it */
	uint64_t piped_first;
	int ring;
	bool registered;
	int vgem;			/* file */
	uint32_t imported;		/* handle in it */
	struct pgem_video video;
	bool has_video, queued;
};

/* A deed: false if there was nothing to be done */
struct deed {
	const char *name;
	bool (*fn)(struct worker *worker);
	unsigned int weight;
};

extern const struct deed soak_deeds[];
extern const unsigned int soak_deeds_count;

/*
 * Does what comes up, until @end, and on a slow machine until all has been done once, but
 * not forever; counts it in @done, an element a deed.
 */
void soak_work(unsigned int number, unsigned int seed, uint64_t end, unsigned long *done);

/* For deeds */
unsigned int soak_random(struct worker *worker, unsigned int below);
struct slot *soak_slot(struct worker *worker);
void soak_touch(struct slot *slot, size_t first, size_t count);

/* Deeds in which others get hold of pages: pgem_soak_hold.c */
bool soak_pipe(struct worker *worker);
bool soak_ring(struct worker *worker);
bool soak_vgem(struct worker *worker);
bool soak_video(struct worker *worker);
void soak_hold_init(struct worker *worker);
void soak_hold_fini(struct worker *worker);

/* Deeds in which the kernel moves pages, or wants the memory: pgem_soak_move.c */
bool soak_pageout(struct worker *worker);
bool soak_soft_offline(struct worker *worker);
bool soak_compact(struct worker *worker);
bool soak_stream(struct worker *worker);

/* What is read for the page cache's sake */
#define SOAK_STREAM_MIB 256
extern int soak_stream_file;

#endif /* PGEM_SOAK_H */
