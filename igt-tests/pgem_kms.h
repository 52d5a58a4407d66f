/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Displays that show objects of pgem; see pgem_kms.c
 */
#ifndef PGEM_KMS_H
#define PGEM_KMS_H

#include <stddef.h>
#include <stdint.h>

#include <xf86drmMode.h>

#define PGEM_KMS_WIDTH	640
#define PGEM_KMS_HEIGHT	480
#define PGEM_KMS_SIZE	(PGEM_KMS_WIDTH * PGEM_KMS_HEIGHT * 4)

struct pgem_peer;

/* A peer's display with its first pipe and the connectors on it, 0 for one it has not */
struct pgem_kms {
	int device;
	uint32_t crtc, plane, connector, writeback;
	drmModeModeInfo mode;	/* of 640 x 480 pixels */
};

void pgem_kms_init(struct pgem_kms *kms, const struct pgem_peer *peer);
void pgem_kms_fini(struct pgem_kms *kms);

/* An object of pgem with room for a picture, mapped, and what the display has of it */
struct pgem_kms_fb {
	int fd;
	uint32_t handle, theirs, id;
	uint8_t *map;
};

void pgem_kms_fb_init(struct pgem_kms_fb *fb, int fd, const struct pgem_kms *kms);
/* pgem's side, and the display's */
void pgem_kms_fb_drop(struct pgem_kms_fb *fb);
void pgem_kms_fb_release(struct pgem_kms_fb *fb, const struct pgem_kms *kms);

/* Each page, and the end of each, different; the bytes that are no colour are zero. */
void pgem_kms_draw(uint8_t *map, unsigned int seed);

#endif /* PGEM_KMS_H */
