// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-share's producer
 *
 * A frame is announced before it is drawn: its fence tells the consumer when it is.
 * Before a buffer is drawn in again, the consumer's fence on the frame that was there
 * has to be signalled. The order of steps in share_produce_frame() is what the program
 * is about.
 */

#include <errno.h>
#include <inttypes.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "share_fence.h"
#include "share_frame.h"
#include "share_message.h"
#include "share_produce.h"
#include "share_rate.h"
#include "share_ring.h"
#include "share_stop.h"

/**
 * struct share_producer - a producer at work
 */
struct share_producer {
	/** @request: what is asked for */
	const struct share_request *request;

	/** @channel: socket to the consumer */
	int channel;

	/** @ring: buffers */
	struct share_ring ring;

	/** @frame: the frame that is being made */
	struct share_frame frame;

	/** @rate: how fast */
	struct share_rate rate;
};

static bool share_produce_send(struct share_producer *producer, struct share_message *message,
			       int fd)
{
	int ret = share_message_send(producer->channel, message, fd);

	if (ret)
		share_message_error("consumer", producer->frame.number, ret);
	return !ret;
}

static bool share_produce_hello(struct share_producer *producer)
{
	struct share_message hello = {
		.type = SHARE_HELLO,
		.buffer = producer->ring.count,
		.version = SHARE_MESSAGE_VERSION,
		.size = producer->frame.size,
		.seed = producer->frame.seed,
	};
	struct share_message buffer = { .type = SHARE_BUFFER };

	if (!share_produce_send(producer, &hello, -1))
		return false;

	for (; buffer.buffer < producer->ring.count; buffer.buffer++)
		if (!share_produce_send(producer, &buffer,
					producer->ring.buffers[buffer.buffer].dmabuf))
			return false;
	return true;
}

/* Waits until the consumer is done with frame @number. */
static bool share_produce_wait_release(struct share_producer *producer, uint64_t number)
{
	struct share_message message;
	int ret, fence;

	ret = share_message_receive(producer->channel, &message, &fence);
	if (!ret && (message.type != SHARE_RELEASE || message.frame != number || fence < 0)) {
		if (fence >= 0)
			close(fence);
		ret = -EPROTO;
	}
	if (ret) {
		share_message_error("consumer", number, ret);
		return false;
	}

	ret = share_fence_wait(fence);
	close(fence);
	if (ret)
		share_fence_error("consumer", "reading", number, ret);
	return !ret;
}

static int share_produce_begin(struct share_producer *producer, struct share_buffer *buffer,
			       struct share_fence *fence)
{
	int ret;

	if (!share_request_breaks(producer->request, SHARE_BREAK_FENCE, producer->frame.number))
		return share_fence_attach(&buffer->bo, buffer->dmabuf, DRM_PGEM_FENCE_WRITE,
					  fence);

	ret = pgem_sync_file_export(buffer->dmabuf, DMA_BUF_SYNC_READ);
	*fence = (struct share_fence){ .sync_file = ret };
	return ret < 0 ? ret : 0;
}

static void share_produce_draw(struct share_producer *producer, struct share_buffer *buffer)
{
	const struct share_request *request = producer->request;
	struct timespec late = { .tv_nsec = 500 * 1000 * 1000 };
	uint64_t number = producer->frame.number;

	if (share_request_breaks(request, SHARE_BREAK_FENCE, number))
		nanosleep(&late, NULL);

	share_frame_draw(&producer->frame, buffer->bo.map);

	if (share_request_breaks(request, SHARE_BREAK_CONTENT, number))
		((uint8_t *)buffer->bo.map)[request->fault_byte] ^= 1;
}

static int share_produce_end(struct share_producer *producer, struct share_buffer *buffer,
			     const struct share_fence *fence)
{
	uint64_t number = producer->frame.number;

	if (share_request_breaks(producer->request, SHARE_BREAK_FENCE, number) ||
	    share_request_breaks(producer->request, SHARE_BREAK_SIGNAL, number))
		return 0;
	return pgem_fence_signal(buffer->bo.fd, fence->number);
}

static bool share_produce_frame(struct share_producer *producer)
{
	uint64_t number = producer->frame.number;
	struct share_buffer *buffer = share_ring_of(&producer->ring, number);
	struct share_message message = { .type = SHARE_FRAME, .frame = number };
	struct share_fence fence;
	bool sent;
	int ret;

	if (number >= producer->ring.count &&
	    !share_produce_wait_release(producer, number - producer->ring.count))
		return false;

	ret = share_produce_begin(producer, buffer, &fence);
	if (ret) {
		tool_error("frame %" PRIu64 ": no fence: %s", number,
			   ret == -EBUSY ? "somebody uses the buffer" : strerror(-ret));
		return false;
	}

	sent = share_produce_send(producer, &message, fence.sync_file);
	close(fence.sync_file);
	if (!sent)
		return false;

	share_produce_draw(producer, buffer);

	ret = share_produce_end(producer, buffer, &fence);
	if (ret)
		tool_error("frame %" PRIu64 ": its fence could not be signalled: %s", number,
			   ret == -ETIMEDOUT ? "drawing took over 10 seconds" : strerror(-ret));
	return !ret;
}

/* Waits for the frames that are under way, and says that there are no more. */
static bool share_produce_finish(struct share_producer *producer)
{
	uint64_t count = producer->frame.number, ring = producer->ring.count;
	struct share_message end = { .type = SHARE_END, .frame = count };
	uint64_t number;

	for (number = count > ring ? count - ring : 0; number < count; number++)
		if (!share_produce_wait_release(producer, number))
			return false;
	return share_produce_send(producer, &end, -1);
}

static enum tool_exit share_produce_result(struct share_producer *producer)
{
	const struct share_request *request = producer->request;
	char size[TOOL_SIZE_MAX], rate[SHARE_RATE_MAX];

	if (request->role == SHARE_PRODUCE)
		printf("%" PRIu64 " frames of %s through %u buffer%s: drawn and released, %s\n",
		       producer->frame.number, tool_size(producer->frame.size, size),
		       producer->ring.count, producer->ring.count == 1 ? "" : "s",
		       share_rate_text(&producer->rate, rate));
	if (producer->frame.number < request->frames) {
		tool_error("stopped after %" PRIu64 " of %" PRIu64 " frames",
			   producer->frame.number, request->frames);
		return TOOL_FAILURE;
	}
	return tool_flush();
}

static enum tool_exit share_produce_all(struct share_producer *producer)
{
	const struct share_request *request = producer->request;
	bool ok = share_produce_hello(producer);

	share_rate_start(&producer->rate, producer->frame.size, request->role == SHARE_PRODUCE);
	while (ok && !share_stop_wanted() &&
	       (!request->frames || producer->frame.number < request->frames)) {
		ok = share_produce_frame(producer);
		producer->frame.number += ok;
		share_rate_count(&producer->rate);
	}
	ok = ok && share_produce_finish(producer);
	share_rate_stop(&producer->rate);

	return ok ? share_produce_result(producer) : TOOL_FAILURE;
}

static int share_produce_create_ring(struct share_producer *producer, int fd)
{
	int ret = 0;

	while (!ret && producer->ring.count < producer->request->buffers)
		ret = share_ring_create(&producer->ring, fd, producer->frame.size);
	return ret;
}

static void share_produce_ring_error(int err)
{
	switch (err) {
	case -E2BIG:
		tool_error("a frame is above the driver's limit: take a smaller --size, or see "
			   "max_bo_size in pgem-info");
		break;
	case -ENOMEM:
		tool_error("no room in memory for the buffers: take a smaller --size or fewer "
			   "--buffers");
		break;
	default:
		tool_error("the buffers could not be made: %s", strerror(-err));
		break;
	}
}

enum tool_exit share_produce(const struct share_request *request, int channel)
{
	struct share_producer producer = {
		.request = request,
		.channel = channel,
		.frame.size = request->size,
	};
	enum tool_exit code = TOOL_FAILURE;
	int fd, ret;

	if (getrandom(&producer.frame.seed, sizeof(producer.frame.seed), 0) < 0)
		producer.frame.seed = getpid();

	fd = pgem_open(request->node);
	if (fd < 0) {
		tool_open_error(request->node, fd);
		return TOOL_FAILURE;
	}

	ret = share_produce_create_ring(&producer, fd);
	if (ret)
		share_produce_ring_error(ret);
	else
		code = share_produce_all(&producer);

	share_ring_free(&producer.ring);
	close(fd);
	return code;
}
