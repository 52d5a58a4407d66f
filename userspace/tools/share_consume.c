// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-share's consumer
 *
 * Knows nothing but the socket: buffers, their number and size, and which frame is in
 * which come from the producer. A frame is released before it is read: the fence that
 * goes back with it tells the producer when it is.
 */

#include <errno.h>
#include <inttypes.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "share_consume.h"
#include "share_fence.h"
#include "share_frame.h"
#include "share_message.h"
#include "share_rate.h"
#include "share_ring.h"

/**
 * struct share_consumer - a consumer at work
 */
struct share_consumer {
	/** @request: what is asked for */
	const struct share_request *request;

	/** @channel: socket to the producer */
	int channel;

	/** @fd: the open device */
	int fd;

	/** @ring: buffers */
	struct share_ring ring;

	/** @frame: the frame that comes next, or is being read */
	struct share_frame frame;

	/** @rate: how fast */
	struct share_rate rate;
};

/* Takes a message of type @type, which comes with a file descriptor if @fd is not NULL. */
static int share_consume_receive(struct share_consumer *consumer, uint32_t type,
				 struct share_message *message, int *fd)
{
	bool wanted = fd, came;
	int ret, received;

	ret = share_message_receive(consumer->channel, message, &received);
	if (ret)
		return ret;

	came = received >= 0;
	if (message->type == type && came == wanted) {
		if (fd)
			*fd = received;
		return 0;
	}
	if (came)
		close(received);
	return -EPROTO;
}

/* Adds a buffer to the ring; its size is believed only now that it is known. */
static int share_consume_buffer(struct share_consumer *consumer)
{
	struct share_message message;
	int ret, dmabuf;

	ret = share_consume_receive(consumer, SHARE_BUFFER, &message, &dmabuf);
	if (ret)
		return ret;
	if (message.buffer != consumer->ring.count) {
		close(dmabuf);
		return -EPROTO;
	}

	ret = share_ring_import(&consumer->ring, consumer->fd, dmabuf);
	if (ret)
		return ret;
	return consumer->ring.buffers[message.buffer].bo.size < consumer->frame.size ? -EPROTO : 0;
}

static int share_consume_hello(struct share_consumer *consumer)
{
	struct share_message hello;
	int ret;

	ret = share_consume_receive(consumer, SHARE_HELLO, &hello, NULL);
	if (ret)
		return ret;
	if (hello.version != SHARE_MESSAGE_VERSION || !hello.size ||
	    !hello.buffer || hello.buffer > SHARE_RING_MAX || (size_t)hello.size != hello.size)
		return -EPROTO;

	consumer->frame.size = hello.size;
	consumer->frame.seed = hello.seed;
	while (!ret && consumer->ring.count < hello.buffer)
		ret = share_consume_buffer(consumer);
	return ret;
}

/* Says what is wrong, and what is there instead if that is the ring's last or next. */
static void share_consume_report(struct share_consumer *consumer, const void *map,
				 const struct share_frame_fault *fault)
{
	const struct share_frame *frame = &consumer->frame;
	struct share_frame before = *frame, after = *frame;
	struct share_frame_fault unused;
	char instead[64] = "";

	before.number -= consumer->ring.count;
	after.number += consumer->ring.count;
	if (share_frame_check(&before, map, &unused))
		snprintf(instead, sizeof(instead), "; frame %" PRIu64 " is there", before.number);
	else if (share_frame_check(&after, map, &unused))
		snprintf(instead, sizeof(instead), "; frame %" PRIu64 " is there", after.number);

	if (!fault->bytes)
		tool_error("frame %" PRIu64 ": it changed while it was read", frame->number);
	else
		tool_error("frame %" PRIu64 ": %zu of %zu bytes are wrong, the first is byte %zu, "
			   "0x%02x instead of 0x%02x%s", frame->number, fault->bytes, frame->size,
			   fault->first, fault->found, fault->expected, instead);
}

static bool share_consume_check(struct share_consumer *consumer, const void *map)
{
	struct timespec late = { .tv_nsec = 500 * 1000 * 1000 };
	struct share_frame_fault fault;

	if (share_request_breaks(consumer->request, SHARE_BREAK_RELEASE, consumer->frame.number))
		nanosleep(&late, NULL);

	if (share_frame_check(&consumer->frame, map, &fault))
		return true;
	share_consume_report(consumer, map, &fault);
	return false;
}

static int share_consume_begin(struct share_consumer *consumer, struct share_buffer *buffer,
			       struct share_fence *fence)
{
	int ret;

	if (!share_request_breaks(consumer->request, SHARE_BREAK_RELEASE, consumer->frame.number))
		return share_fence_attach(&buffer->bo, buffer->dmabuf, 0, fence);

	ret = pgem_sync_file_export(buffer->dmabuf, DMA_BUF_SYNC_WRITE);
	*fence = (struct share_fence){ .sync_file = ret };
	return ret < 0 ? ret : 0;
}

/* Attaches a fence and sends it; the frame may be read when this returns true. */
static bool share_consume_release(struct share_consumer *consumer, struct share_buffer *buffer,
				  struct share_fence *fence)
{
	uint64_t number = consumer->frame.number;
	struct share_message message = { .type = SHARE_RELEASE, .frame = number };
	int ret;

	ret = share_consume_begin(consumer, buffer, fence);
	if (ret) {
		tool_error("frame %" PRIu64 ": no fence: %s", number,
			   ret == -EBUSY ? "somebody writes to the buffer" : strerror(-ret));
		return false;
	}

	ret = share_message_send(consumer->channel, &message, fence->sync_file);
	close(fence->sync_file);
	if (ret)
		share_message_error("producer", number, ret);
	return !ret;
}

static bool share_consume_signal(struct share_consumer *consumer, const struct share_fence *fence)
{
	uint64_t number = consumer->frame.number;
	int ret;

	if (share_request_breaks(consumer->request, SHARE_BREAK_RELEASE, number))
		return true;

	ret = pgem_fence_signal(consumer->fd, fence->number);
	if (ret)
		tool_error("frame %" PRIu64 ": its fence could not be signalled: %s", number,
			   ret == -ETIMEDOUT ? "reading took over 10 seconds" : strerror(-ret));
	return !ret;
}

/* Reads the frame whose fence is @drawn, which is closed. */
static bool share_consume_frame(struct share_consumer *consumer, int drawn)
{
	struct share_buffer *buffer = share_ring_of(&consumer->ring, consumer->frame.number);
	struct share_fence fence;
	int ret;

	ret = share_fence_wait(drawn);
	close(drawn);
	if (ret) {
		share_fence_error("producer", "drawing", consumer->frame.number, ret);
		return false;
	}

	return share_consume_release(consumer, buffer, &fence) &&
	       share_consume_check(consumer, buffer->bo.map) &&
	       share_consume_signal(consumer, &fence);
}

/* Waits for the next frame. Returns 1 with its fence, 0 at the end, or an error. */
static int share_consume_next(struct share_consumer *consumer, int *drawn)
{
	uint64_t number = consumer->frame.number;
	struct share_message message;
	int ret, fd;

	ret = share_message_receive(consumer->channel, &message, &fd);
	if (ret)
		return ret;

	if (message.type == SHARE_FRAME && message.frame == number && fd >= 0) {
		*drawn = fd;
		return 1;
	}
	if (fd >= 0)
		close(fd);
	return message.type == SHARE_END && message.frame == number && fd < 0 ? 0 : -EPROTO;
}

static enum tool_exit share_consume_all(struct share_consumer *consumer)
{
	char size[TOOL_SIZE_MAX], rate[SHARE_RATE_MAX];
	bool ok = true;
	int ret, drawn = -1;

	share_rate_start(&consumer->rate, consumer->frame.size, true);
	while (ok) {
		ret = share_consume_next(consumer, &drawn);
		if (ret <= 0)
			break;
		ok = share_consume_frame(consumer, drawn);
		consumer->frame.number += ok;
		share_rate_count(&consumer->rate);
	}
	share_rate_stop(&consumer->rate);
	if (!ok)
		return TOOL_FAILURE;
	if (ret) {
		share_message_error("producer", consumer->frame.number, ret);
		return TOOL_FAILURE;
	}

	printf("%" PRIu64 " frames of %s through %u buffer%s: 0 wrong bytes, %s\n",
	       consumer->frame.number, tool_size(consumer->frame.size, size),
	       consumer->ring.count, consumer->ring.count == 1 ? "" : "s",
	       share_rate_text(&consumer->rate, rate));
	return tool_flush();
}

enum tool_exit share_consume(const struct share_request *request, int channel)
{
	struct share_consumer consumer = { .request = request, .channel = channel };
	enum tool_exit code = TOOL_FAILURE;
	int ret;

	consumer.fd = pgem_open(request->node);
	if (consumer.fd < 0) {
		tool_open_error(request->node, consumer.fd);
		return TOOL_FAILURE;
	}

	ret = share_consume_hello(&consumer);
	if (ret)
		share_message_error("producer", 0, ret);
	else
		code = share_consume_all(&consumer);

	share_ring_free(&consumer.ring);
	close(consumer.fd);
	return code;
}
