// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: buffers and mappings of the provider that is measured.
 */

#include <sys/mman.h>
#include <unistd.h>

#include "bench_client.h"
#include "bench_tool.h"

#define ROUNDS_MIN	2
#define ROUNDS_MAX	16
#define BUDGET_NS	500000000ull

/* For what the kernel puts off, and virtio-gpu's host; costs nothing under -icount. */
#define PAUSE_US	20000

bool bench_again(struct bench_rounds *rounds)
{
	if (rounds->done) {
		rounds->spent += bench_now() - rounds->start;
		if (rounds->client->is_quick || rounds->done == ROUNDS_MAX ||
		    (rounds->done >= ROUNDS_MIN && rounds->spent > BUDGET_NS))
			return false;
		usleep(PAUSE_US);
	}
	rounds->start = bench_now();
	rounds->done++;
	return true;
}

void bench_create(struct bench_client *client, uint64_t size, struct bench_buffer *buffer)
{
	bench_create_only(client, size, buffer);
	bench_offset_only(client, buffer);
}

void bench_create_only(struct bench_client *client, uint64_t size, struct bench_buffer *buffer)
{
	if (client->provider->create(client->provider, client->device, size, buffer))
		bench_die("%s: create %llu KiB", client->provider->name,
			  (unsigned long long)(size / BENCH_KIB));
}

void bench_offset_only(struct bench_client *client, struct bench_buffer *buffer)
{
	if (client->provider->offset && client->provider->offset(buffer))
		bench_die("%s: mmap offset", client->provider->name);
}

void bench_destroy(struct bench_client *client, const struct bench_buffer *buffer)
{
	if (client->provider->destroy(buffer))
		bench_die("%s: close", client->provider->name);
}

char *bench_map(struct bench_client *client, const struct bench_buffer *buffer)
{
	char *map = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer->fd,
			 buffer->offset);

	if (map == MAP_FAILED)
		bench_die("%s: mmap", client->provider->name);
	if (client->provider->wants_huge && madvise(map, buffer->size, MADV_HUGEPAGE))
		bench_die("%s: MADV_HUGEPAGE", client->provider->name);
	return map;
}

void bench_unmap(char *map, const struct bench_buffer *buffer)
{
	if (munmap(map, buffer->size))
		bench_die("munmap");
}

char *bench_map_timed(struct bench_client *client, const struct bench_buffer *buffer,
		      uint64_t *time)
{
	uint64_t start = bench_now();
	char *map = bench_map(client, buffer);

	*time = bench_now() - start;
	return map;
}

uint64_t bench_unmap_timed(char *map, const struct bench_buffer *buffer)
{
	uint64_t start = bench_now();

	bench_unmap(map, buffer);
	return bench_now() - start;
}
