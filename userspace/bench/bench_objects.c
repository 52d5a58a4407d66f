// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: objects that nobody touches: made, shared and closed again.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <xf86drm.h>

#include "bench_meminfo.h"
#include "bench_objects.h"
#include "bench_tool.h"

#define SIZE		(64 * BENCH_MIB)
#define BATCH		64
/* Of those that allocate all pages when they are created, as many as there is room for */
#define EAGER_BATCH	2

#define MANY		10000
#define MANY_MEASURED	1000
#define MANY_SIZE	(64 * BENCH_KIB)

static int batch_of(const struct bench_client *client)
{
	return client->provider->is_eager ? EAGER_BATCH : BATCH;
}

/* A batch, since the clock itself costs. */
static void create_batch(struct bench_client *client, struct bench_buffer *buffers)
{
	for (int i = 0; i < batch_of(client); i++)
		bench_create_only(client, SIZE, &buffers[i]);
}

static void destroy_batch(struct bench_client *client, struct bench_buffer *buffers)
{
	for (int i = 0; i < batch_of(client); i++)
		bench_destroy(client, &buffers[i]);
}

static void measure_offsets(struct bench_client *client, struct bench_buffer *buffers)
{
	uint64_t start;

	create_batch(client, buffers);
	start = bench_now();
	for (int i = 0; i < batch_of(client); i++)
		bench_offset_only(client, &buffers[i]);
	bench_results_lowest(&client->results, (bench_now() - start) / batch_of(client), "offset");
	destroy_batch(client, buffers);
}

void bench_objects(struct bench_client *client)
{
	struct bench_rounds rounds = { .client = client };
	struct bench_buffer buffers[BATCH];

	while (bench_again(&rounds)) {
		uint64_t start = bench_now(), middle;

		create_batch(client, buffers);
		middle = bench_now();
		destroy_batch(client, buffers);
		bench_results_lowest(&client->results, (middle - start) / batch_of(client),
				     "create");
		bench_results_lowest(&client->results, (bench_now() - middle) / batch_of(client),
				     "close");

		if (client->provider->offset)
			measure_offsets(client, buffers);
	}
}

/* From a handle to a handle of another open file, and both that and the dma-buf gone. */
static void share(struct bench_client *client, const struct bench_buffer *buffer, int other)
{
	struct bench_buffer theirs = { .fd = other };
	int dmabuf;

	if (drmPrimeHandleToFD(buffer->fd, buffer->handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf))
		bench_die("%s: export", client->provider->name);
	if (drmPrimeFDToHandle(other, dmabuf, &theirs.handle))
		bench_die("%s: import", client->provider->name);
	bench_destroy(client, &theirs);
	close(dmabuf);
}

void bench_objects_share(struct bench_client *client)
{
	struct bench_rounds rounds = { .client = client };
	struct bench_buffer buffers[BATCH];
	int other;

	if (!bench_provider_is_drm(client->provider))
		return;
	other = bench_provider_open(client->provider);
	if (other < 0)
		bench_die("%s: open", client->provider->name);
	while (bench_again(&rounds)) {
		uint64_t start;

		create_batch(client, buffers);
		start = bench_now();
		for (int i = 0; i < batch_of(client); i++)
			share(client, &buffers[i], other);
		bench_results_lowest(&client->results, (bench_now() - start) / batch_of(client),
				     "share");
		destroy_batch(client, buffers);
	}
	close(other);
}

static uint64_t create_some(struct bench_client *client, struct bench_buffer *buffers, int count)
{
	uint64_t start = bench_now();

	for (int i = 0; i < count; i++)
		bench_create_only(client, MANY_SIZE, &buffers[i]);
	return bench_now() - start;
}

/*
 * Memory only of the later half: the first ones fill what earlier objects left free in
 * the kernel's slabs.
 */
static void measure_many(struct bench_client *client, struct bench_buffer *buffers)
{
	uint64_t before, after, time;

	create_some(client, buffers, MANY / 2);
	before = bench_meminfo_objects();
	create_some(client, buffers + MANY / 2, MANY / 2 - MANY_MEASURED);
	time = create_some(client, buffers + MANY - MANY_MEASURED, MANY_MEASURED);
	after = bench_meminfo_objects();
	bench_results_lowest(&client->results, time / MANY_MEASURED, "many-create");
	bench_results_lowest(&client->results, (after - before) / (MANY / 2), "many-memory");

	time = bench_now();
	for (int i = 0; i < MANY; i++)
		bench_destroy(client, &buffers[i]);
	bench_results_lowest(&client->results, (bench_now() - time) / MANY, "many-close");
}

void bench_objects_many(struct bench_client *client)
{
	/* Those of udmabuf are two each. */
	const struct rlimit files = { 2 * MANY + 100, 2 * MANY + 100 };
	struct bench_rounds rounds = { .client = client };
	struct bench_buffer *buffers;

	if (client->is_quick)
		return;
	buffers = calloc(MANY, sizeof(*buffers));
	if (!buffers || setrlimit(RLIMIT_NOFILE, &files))
		bench_die("%d objects", MANY);
	while (bench_again(&rounds))
		measure_many(client, buffers);
	free(buffers);
}
