/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: vivid's cameras and screens; see pgem_video.c
 */
#ifndef PGEM_VIDEO_H
#define PGEM_VIDEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 720 x 480 at two bytes a pixel: 168.75 pages */
#define PGEM_VIDEO_WIDTH	720
#define PGEM_VIDEO_HEIGHT	480

enum pgem_video_way { PGEM_VIDEO_CAPTURE, PGEM_VIDEO_OUTPUT };

/* Device 0 maps buffers for the kernel; 1 for DMA as well, and wants them in one piece */
struct pgem_video {
	int fd;
	unsigned int device;
	uint32_t type, memory;	/* enum v4l2_buf_type, enum v4l2_memory */
	uint32_t width;		/* pixels in a line, of two bytes */
	uint32_t size;		/* bytes in a frame */
};

void pgem_video_init(struct pgem_video *video, unsigned int device, enum pgem_video_way way,
		     unsigned int width, unsigned int height);
void pgem_video_fini(struct pgem_video *video);

/* What the camera sees: a picture of its own, or what the same device's screen shows. */
void pgem_video_connect(struct pgem_video *camera, bool connected);

/* Buffers: the device's own, returned mapped, or dma-bufs */
uint8_t *pgem_video_own_buffer(struct pgem_video *video);
void pgem_video_dmabufs(struct pgem_video *video, unsigned int count);
int pgem_video_export(struct pgem_video *video);
int __pgem_video_queue(struct pgem_video *video, unsigned int index, int dmabuf);
void pgem_video_queue(struct pgem_video *video, unsigned int index, int dmabuf);
void pgem_video_on(struct pgem_video *video);
void pgem_video_off(struct pgem_video *video);
/* Waits for a frame; its buffer's number */
unsigned int pgem_video_dequeue(struct pgem_video *video);

#endif /* PGEM_VIDEO_H */
