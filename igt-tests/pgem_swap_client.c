// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_swap: a client
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_peer.h"
#include "pgem_swap.h"

/* Far more than the slowest machine takes to fill what it has. */
#define WAIT_MS 900000

/* Of all bytes a quarter and of those a page a pattern of its own, 32 bytes long */
#define PARTS 4
#define WORDS 4

uint64_t swap_number(const struct swap_client *client, size_t buf, size_t page)
{
	return ((uint64_t)client->number * SWAP_BUFS + buf) * client->pages + page;
}

static uint64_t mix(uint64_t word)
{
	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
	word = (word ^ word >> 27) * 0x94d049bb133111eb;
	return word ^ word >> 31;
}

void swap_write(void *page, uint64_t number)
{
	const size_t size = PG / PARTS;

	for (size_t part = 0; part < PARTS; part++) {
		uint64_t words[WORDS];

		for (size_t i = 0; i < WORDS; i++)
			words[i] = mix((number * PARTS + part) * WORDS + i + 1);
		for (size_t at = 0; at < size; at += sizeof(words))
			memcpy((uint8_t *)page + part * size + at, words, sizeof(words));
	}
}

void swap_check(const void *page, uint64_t number)
{
	static uint8_t wanted[4096];
	const uint8_t *found = page;
	size_t at = 0;

	swap_write(wanted, number);
	if (!memcmp(page, wanted, PG))
		return;
	while (found[at] == wanted[at])
		at++;
	igt_assert_f(false, "page %llu, byte %zu: %#x, not %#x\n", (unsigned long long)number,
		     at, found[at], wanted[at]);
}

static int map_dumb(struct pgem_buf *buf)
{
	struct drm_mode_create_dumb dumb = { .width = PG / 4, .height = buf->pages, .bpp = 32 };
	uint64_t offset;
	int ret = pgem_ioctl(buf->fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);

	if (ret)
		return ret;
	buf->handle = dumb.handle;
	ret = __pgem_peer_map_dumb(buf->fd, buf->handle, &offset);
	return ret ?: __pgem_map(buf->fd, offset, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED,
				 &buf->map);
}

static int make(struct swap_client *client, struct pgem_buf *buf)
{
	if (!client->vgem) {
		pgem_buf_init(buf, client->fd, client->pages);
		return 0;
	}
	*buf = (struct pgem_buf){ .fd = client->fd, .pages = client->pages,
				  .size = client->pages * PG };
	return map_dumb(buf);
}

static void fill(struct swap_client *client, size_t buf)
{
	for (size_t i = 0; i < client->pages; i++) {
		void *page = client->bufs[buf].map + i * PG;
		uint64_t number = swap_number(client, buf, i);

		if (client->mixed && i % 4 == 1)
			swap_kernel_writes(client, page, number, i % 64 == 1);
		else
			swap_write(page, number);
		__atomic_add_fetch(&client->shared->bytes, PG, __ATOMIC_RELAXED);
	}
}

int __swap_fill(struct swap_client *client)
{
	for (size_t i = 0; i < SWAP_BUFS; i++) {
		int ret = make(client, &client->bufs[i]);

		if (ret)
			return ret;
		fill(client, i);
	}
	return 0;
}

static void wait_for_others(struct swap_client *client)
{
	uint64_t end = pgem_now_ms() + WAIT_MS;

	__atomic_add_fetch(&client->shared->filled, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&client->shared->filled, __ATOMIC_RELAXED) < SWAP_CLIENTS) {
		igt_assert(pgem_now_ms() < end);
		usleep(10000);
	}
}

static void check(struct swap_client *client, size_t buf, size_t page)
{
	swap_check(client->bufs[buf].map + page * PG, swap_number(client, buf, page));
}

void swap_run(struct swap_client *client)
{
	struct swap_holds *holds = NULL;

	for (size_t i = 0; i < SWAP_BUFS; i++) {
		make(client, &client->bufs[i]);
		fill(client, i);
		/* Some before memory is short, some while it is. */
		if (client->mixed && i == client->number)
			holds = swap_hold(client);
	}
	wait_for_others(client);
	for (size_t i = 0; i < SWAP_BUFS; i++)
		for (size_t page = 0; page < client->pages; page++)
			check(client, i, page);
	if (holds)
		swap_let_go(client, holds);
	/* What is needed last was used last: nothing of it can have stayed by chance. */
	for (size_t i = SWAP_BUFS; i--;)
		for (size_t page = client->pages; page--;)
			check(client, i, page);
	for (size_t i = 0; i < SWAP_BUFS; i++)
		pgem_buf_fini(&client->bufs[i]);
}
