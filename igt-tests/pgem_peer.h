/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: The neighbours that pgem exchanges dma-bufs with; see pgem_peer.c
 */
#ifndef PGEM_PEER_H
#define PGEM_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pgem_peer_buf;

/* What a peer can do; not every one of its buffers needs all of it */
enum pgem_peer_caps {
	PGEM_PEER_DRM = 1 << 0,		/* has handles */
	PGEM_PEER_TAKES = 1 << 1,	/* imports dma-bufs of pgem */
	PGEM_PEER_HELD = 1 << 2,	/* its module is held by its dma-bufs */
	PGEM_PEER_READ_ONLY = 1 << 3,	/* exports for reading alone, too */
	PGEM_PEER_PIECES = 1 << 4,	/* P3: shows the right page in a mapping that was cut */
};

struct pgem_peer {
	const char *name;
	const char *modules[2];	/* names that it has had; none: built in */
	const char *params;	/* for loading it */
	const char *owner;	/* module that owns its dma-bufs, if not the same */
	unsigned int caps;
	void (*make)(struct pgem_peer_buf *buf, uint32_t flags);	/* NULL: no tests of it */
};

/* A buffer of a peer's, its dma-buf, and a mapping that is the peer's own */
struct pgem_peer_buf {
	const struct pgem_peer *peer;
	int device;		/* file that it was made with */
	uint32_t handle;	/* in it, where the peer has handles */
	int dmabuf;
	size_t pages;
	size_t size;
	uint8_t *map;
};

extern const struct pgem_peer pgem_peers[];
extern const size_t pgem_peers_count;

const struct pgem_peer *pgem_peer(const char *name);

/* Loads the module, or skips the subtest where the kernel has none. */
void pgem_peer_load(const struct pgem_peer *peer);
int __pgem_peer_unload(const struct pgem_peer *peer);
int pgem_peer_owner_refs(const struct pgem_peer *peer);

/* A file of the peer's device, for those that have handles; loads what it takes. */
int pgem_peer_open(const struct pgem_peer *peer);

/* At least so many pages; flags as for DRM_IOCTL_PRIME_HANDLE_TO_FD. */
void pgem_peer_make(struct pgem_peer_buf *buf, const struct pgem_peer *peer, size_t pages,
		    uint32_t flags);
/* Gives up the peer's side: what stays is the dma-buf. */
void pgem_peer_drop(struct pgem_peer_buf *buf);
/* Gives up both, where it has not happened yet. */
void pgem_peer_free(struct pgem_peer_buf *buf);

/* The file of the first device of that name among the video devices */
int pgem_video_open(const char *name);

int __pgem_peer_map_dumb(int fd, uint32_t handle, uint64_t *offset);

bool pgem_peer_same(int dmabuf, int other);		/* two files of one dma-buf */

/* Orders of four steps, of 256 codes 24: two bits a step, and each step is there. */
bool pgem_peer_is_order(unsigned int code);

#endif /* PGEM_PEER_H */
