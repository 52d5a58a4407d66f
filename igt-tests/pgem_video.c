// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: vivid's cameras and screens
 *
 * As much of V4L2 as it takes to let a driver that is not a DRM driver read and write
 * buffers. Pictures stand still and have no text in them, so that two are the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/v4l2-dv-timings.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_peer.h"
#include "pgem_video.h"

/* By a part of its name: the numbers are vivid's own. */
static void set_control(int fd, const char *name, int value)
{
	struct v4l2_queryctrl query = { .id = V4L2_CTRL_FLAG_NEXT_CTRL };

	for (; !pgem_ioctl(fd, VIDIOC_QUERYCTRL, &query); query.id |= V4L2_CTRL_FLAG_NEXT_CTRL) {
		struct v4l2_control control = { .id = query.id, .value = value };

		if (!strstr((const char *)query.name, name))
			continue;
		igt_assert_eq(pgem_ioctl(fd, VIDIOC_S_CTRL, &control), 0);
		return;
	}
	igt_assert_f(false, "no control %s\n", name);
}

void pgem_video_init(struct pgem_video *video, unsigned int device, enum pgem_video_way way,
		     unsigned int width, unsigned int height)
{
	bool capture = way == PGEM_VIDEO_CAPTURE;
	struct v4l2_dv_timings timings = V4L2_DV_BT_CEA_720X480P59_94;
	struct v4l2_format format = { .type = capture ? V4L2_BUF_TYPE_VIDEO_CAPTURE :
							V4L2_BUF_TYPE_VIDEO_OUTPUT };
	char name[32];

	pgem_peer_load(pgem_peer("vivid"));
	snprintf(name, sizeof(name), "vivid-%03u-vid-%s", device, capture ? "cap" : "out");
	*video = (struct pgem_video){ .fd = pgem_video_open(name), .device = device,
				      .type = format.type, .width = width };
	igt_assert(video->fd >= 0);
	if (capture)
		set_control(video->fd, "OSD Text Mode", 2);
	igt_assert_eq(pgem_ioctl(video->fd, VIDIOC_S_DV_TIMINGS, &timings), 0);
	format.fmt.pix.width = width;
	format.fmt.pix.height = height;
	format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
	igt_assert_eq(pgem_ioctl(video->fd, VIDIOC_S_FMT, &format), 0);
	video->size = format.fmt.pix.sizeimage;
	igt_assert_eq(video->size, width * height * 2);
}

void pgem_video_fini(struct pgem_video *video)
{
	close(video->fd);
}

/*
 * vivid has a work take the screen out of the menus of other cameras. Does that run
 * before the call has ended, it takes it out of this one's, which goes back to where it
 * was. It is queued to this processor, so that a thread of high priority is first.
 */
void pgem_video_connect(struct pgem_video *camera, bool connected)
{
	const struct sched_param fifo = { .sched_priority = 1 }, normal = { 0 };

	igt_assert_eq(sched_setscheduler(0, SCHED_FIFO, &fifo), 0);
	/* 0 is the camera's own picture, 1 is none; then come the screens. */
	set_control(camera->fd, "Is Connected To", connected ? 2 + camera->device : 0);
	igt_assert_eq(sched_setscheduler(0, SCHED_OTHER, &normal), 0);
}

static void request(struct pgem_video *video, enum v4l2_memory memory, unsigned int count)
{
	struct v4l2_requestbuffers arg = { .type = video->type, .memory = memory,
					   .count = count };

	video->memory = memory;
	igt_assert_eq(pgem_ioctl(video->fd, VIDIOC_REQBUFS, &arg), 0);
	igt_assert_lte(count, arg.count);
}

uint8_t *pgem_video_own_buffer(struct pgem_video *video)
{
	struct v4l2_buffer frame = { .type = video->type, .memory = V4L2_MEMORY_MMAP };

	request(video, V4L2_MEMORY_MMAP, 1);
	igt_assert_eq(pgem_ioctl(video->fd, VIDIOC_QUERYBUF, &frame), 0);
	return pgem_map_fd(video->fd, frame.m.offset, video->size);
}

void pgem_video_dmabufs(struct pgem_video *video, unsigned int count)
{
	request(video, V4L2_MEMORY_DMABUF, count);
}

int pgem_video_export(struct pgem_video *video)
{
	struct v4l2_exportbuffer arg = { .type = video->type, .flags = O_CLOEXEC | O_RDWR };

	igt_assert_eq(pgem_ioctl(video->fd, VIDIOC_EXPBUF, &arg), 0);
	return arg.fd;
}

int __pgem_video_queue(struct pgem_video *video, unsigned int index, int dmabuf)
{
	struct v4l2_buffer frame = { .type = video->type, .memory = video->memory,
				     .index = index, .field = V4L2_FIELD_NONE,
				     .bytesused = video->size };

	if (video->memory == V4L2_MEMORY_DMABUF)
		frame.m.fd = dmabuf;
	return pgem_ioctl(video->fd, VIDIOC_QBUF, &frame);
}

void pgem_video_queue(struct pgem_video *video, unsigned int index, int dmabuf)
{
	igt_assert_eq(__pgem_video_queue(video, index, dmabuf), 0);
}

void pgem_video_on(struct pgem_video *video)
{
	igt_assert_eq(pgem_ioctl(video->fd, VIDIOC_STREAMON, &video->type), 0);
}

void pgem_video_off(struct pgem_video *video)
{
	igt_assert_eq(pgem_ioctl(video->fd, VIDIOC_STREAMOFF, &video->type), 0);
}

unsigned int pgem_video_dequeue(struct pgem_video *video)
{
	struct v4l2_buffer frame = { .type = video->type, .memory = video->memory };
	struct pollfd poller = { .fd = video->fd,
				 .events = video->type == V4L2_BUF_TYPE_VIDEO_CAPTURE ? POLLIN :
											POLLOUT };

	igt_assert_eq(poll(&poller, 1, 30000), 1);
	igt_assert_eq(pgem_ioctl(video->fd, VIDIOC_DQBUF, &frame), 0);
	igt_assert(!(frame.flags & V4L2_BUF_FLAG_ERROR));
	return frame.index;
}
