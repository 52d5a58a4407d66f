// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_soak: what a process does
 *
 * A process knows of each page of its objects what has to be in it: its mark if it was
 * written, zeros if not, and either that or SIGBUS once it was called unneeded.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_pages.h"
#include "pgem_soak.h"

#define LATE_MS 25000

unsigned int soak_random(struct worker *worker, unsigned int below)
{
	return rand_r(&worker->seed) % below;
}

/* One that there is, or NULL. */
struct slot *soak_slot(struct worker *worker)
{
	struct slot *slot = &worker->slots[soak_random(worker, SLOTS)];

	return slot->handle ? slot : NULL;
}

static struct slot *needed_slot(struct worker *worker)
{
	struct slot *slot = soak_slot(worker);

	return slot && !slot->unneeded ? slot : NULL;
}

void soak_touch(struct slot *slot, size_t first, size_t count)
{
	pgem_fill(slot->map + first * PG, slot->first + first, count);
	memset(slot->written + first, true, count);
}

/* A part of the object; returns its first page. */
static size_t range(struct worker *worker, const struct slot *slot, size_t *count)
{
	size_t first = soak_random(worker, slot->pages);

	*count = 1 + soak_random(worker, slot->pages - first);
	return first;
}

static bool is_right(const struct slot *slot, size_t page)
{
	const uint8_t *at = slot->map + page * PG;

	return slot->written[page] ? pgem_marked(at, slot->first + page) : pgem_is_zero(at, PG);
}

static void check(const struct slot *slot, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		igt_assert_f(is_right(slot, i), "page %zu of %zu, written %d, mark %#llx\n", i,
			     slot->pages, slot->written[i],
			     (unsigned long long)slot->first + i);
}

static void forget(struct slot *slot)
{
	if (slot->dmabuf >= 0)
		close(slot->dmabuf);
	*slot = (struct slot){ .dmabuf = -1 };
}

static bool create(struct worker *worker)
{
	struct slot *slot = &worker->slots[soak_random(worker, SLOTS)];

	if (slot->handle)
		return false;
	slot->fd = worker->files[soak_random(worker, 2)];
	slot->pages = 1 + soak_random(worker, MAX_PAGES);
	slot->handle = pgem_create(slot->fd, slot->pages * PG);
	slot->map = pgem_map(slot->fd, slot->handle, slot->pages * PG);
	slot->first = worker->next_mark;
	worker->next_mark += slot->pages;
	return true;
}

static bool destroy(struct worker *worker)
{
	struct slot *slot = soak_slot(worker);

	if (!slot)
		return false;
	/* In either order: a mapping does without the handle. */
	if (soak_random(worker, 2)) {
		pgem_close(slot->fd, slot->handle);
		pgem_unmap(slot->map, slot->pages * PG);
	} else {
		pgem_unmap(slot->map, slot->pages * PG);
		pgem_close(slot->fd, slot->handle);
	}
	forget(slot);
	return true;
}

static bool touch(struct worker *worker)
{
	struct slot *slot = needed_slot(worker);
	size_t count, first;

	if (!slot)
		return false;
	first = range(worker, slot, &count);
	soak_touch(slot, first, count);
	return true;
}

static bool look(struct worker *worker)
{
	struct slot *slot = needed_slot(worker);
	size_t count, first;

	if (!slot)
		return false;
	first = range(worker, slot, &count);
	check(slot, first, count);
	return true;
}

static bool label(struct worker *worker)
{
	struct slot *slot = soak_slot(worker);
	char text[32];

	if (!slot)
		return false;
	snprintf(text, sizeof(text), "%u %#x", worker->number, worker->seed);
	pgem_label(slot->fd, slot->handle, text);
	return true;
}

static bool unneeded(struct worker *worker)
{
	struct slot *slot = needed_slot(worker);

	if (!slot)
		return false;
	igt_assert(pgem_dontneed(slot->fd, slot->handle));
	slot->unneeded = true;
	return true;
}

/* Once it is gone it cannot be had again, and once it is not, all of it is there. */
static bool needed(struct worker *worker)
{
	struct slot *slot = soak_slot(worker);
	int sig;

	if (!slot || !slot->unneeded)
		return false;
	sig = pgem_read_signal(slot->map);
	if (pgem_willneed(slot->fd, slot->handle)) {
		igt_assert_eq(sig, 0);
		slot->unneeded = false;
		check(slot, 0, slot->pages);
		return true;
	}
	igt_assert_eq(pgem_read_signal(slot->map), SIGBUS);
	pgem_unmap(slot->map, slot->pages * PG);
	pgem_close(slot->fd, slot->handle);
	forget(slot);
	return true;
}

static bool shrink(struct worker *worker)
{
	pgem_shrink(1 + soak_random(worker, 4 * MAX_PAGES));
	return true;
}

static bool reclaim(struct worker *worker)
{
	(void)worker;
	pgem_group_reclaim();
	return true;
}

/* As a client does that maps what it needs just now; or takes its mapping apart. */
static bool remap(struct worker *worker)
{
	struct slot *slot = needed_slot(worker);
	size_t count, first;

	if (!slot)
		return false;
	first = range(worker, slot, &count);
	pgem_unmap(slot->map + first * PG, count * PG);
	if (first)
		check(slot, first - 1, 1);
	pgem_unmap(slot->map, slot->pages * PG);
	slot->map = pgem_map(slot->fd, slot->handle, slot->pages * PG);
	check(slot, first, 1);
	return true;
}

static bool advise(struct worker *worker)
{
	struct slot *slot = needed_slot(worker);

	if (!slot)
		return false;
	igt_assert_eq(madvise(slot->map, slot->pages * PG, MADV_DONTNEED), 0);
	check(slot, slot->pages / 2, 1);
	return true;
}

/* Not with igt_fork(): IGT's children have no children. */
static bool forks(struct worker *worker)
{
	int status;
	pid_t pid = fork();

	igt_assert(pid >= 0);
	if (!pid) {
		for (size_t i = 0; i < SLOTS; i++) {
			struct slot *slot = &worker->slots[i];

			for (size_t page = 0; slot->handle && page < slot->pages; page += 7)
				if (slot->unneeded)
					pgem_read_signal(slot->map + page * PG);
				else if (!is_right(slot, page))
					_exit(1);
		}
		_exit(0);
	}
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_f(!status, "a child: %#x\n", status);
	return true;
}

/* The same object, to the other file and back, and a mapping of the dma-buf. */
static bool export(struct worker *worker)
{
	struct slot *slot = needed_slot(worker);
	uint32_t handle;
	uint8_t *map;
	int other;

	if (!slot)
		return false;
	if (slot->dmabuf < 0)
		slot->dmabuf = pgem_export(slot->fd, slot->handle);
	other = worker->files[slot->fd == worker->files[0]];
	handle = pgem_import(other, slot->dmabuf);
	map = pgem_map_fd(slot->dmabuf, 0, slot->pages * PG);
	pgem_mark(map, slot->first);
	slot->written[0] = true;
	check(slot, 0, 1);
	pgem_unmap(map, slot->pages * PG);
	pgem_close(other, handle);
	return true;
}

static bool synchronise(struct worker *worker)
{
	struct dma_buf_sync arg = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	struct slot *slot = needed_slot(worker);

	if (!slot || slot->dmabuf < 0)
		return false;
	igt_assert_eq(pgem_ioctl(slot->dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
	check(slot, 0, 1);
	arg.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	igt_assert_eq(pgem_ioctl(slot->dmabuf, DMA_BUF_IOCTL_SYNC, &arg), 0);
	return true;
}

/* A file with all that is in it; handles go with it. */
static bool reopen(struct worker *worker)
{
	int *file = &worker->files[soak_random(worker, 2)];

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &worker->slots[i];

		if (!slot->handle || slot->fd != *file)
			continue;
		pgem_unmap(slot->map, slot->pages * PG);
		forget(slot);
	}
	close(*file);
	*file = pgem_open(PGEM_RENDER, O_RDWR);
	return true;
}

const struct deed soak_deeds[] = {
	{ "create", create, 40 },
	{ "close", destroy, 15 },
	{ "touch", touch, 30 },
	{ "look", look, 20 },
	{ "label", label, 5 },
	{ "dontneed", unneeded, 8 },
	{ "willneed", needed, 8 },
	{ "shrink", shrink, 3 },
	{ "reclaim", reclaim, 1 },
	{ "remap", remap, 5 },
	{ "zap", advise, 3 },
	{ "fork", forks, 2 },
	{ "export", export, 6 },
	{ "sync", synchronise, 3 },
	{ "reopen", reopen, 1 },
	{ "pipe", soak_pipe, 4 },
	{ "ring", soak_ring, 4 },
	{ "vgem", soak_vgem, 4 },
	{ "video", soak_video, 4 },
	{ "pageout", soak_pageout, 3 },
	{ "offline", soak_soft_offline, 2 },
	{ "compact", soak_compact, 1 },
	{ "stream", soak_stream, 5 },
};

const unsigned int soak_deeds_count = ARRAY_SIZE(soak_deeds);

static unsigned int choose(struct worker *worker)
{
	unsigned int i, sum = 0, n;

	for (i = 0; i < soak_deeds_count; i++)
		sum += soak_deeds[i].weight;
	n = soak_random(worker, sum);
	for (i = 0; n >= soak_deeds[i].weight; i++)
		n -= soak_deeds[i].weight;
	return i;
}

static bool all_done(const unsigned long *done)
{
	for (unsigned int i = 0; i < soak_deeds_count; i++)
		if (!__atomic_load_n(&done[i], __ATOMIC_RELAXED))
			return false;
	return true;
}

void soak_work(unsigned int number, unsigned int seed, uint64_t end, unsigned long *done)
{
	struct worker worker = { .number = number, .seed = seed };

	worker.next_mark = (uint64_t)number << 32;
	for (size_t i = 0; i < SLOTS; i++)
		worker.slots[i].dmabuf = -1;
	for (size_t i = 0; i < 2; i++)
		worker.files[i] = pgem_open(PGEM_RENDER, O_RDWR);
	soak_hold_init(&worker);
	while (pgem_now_ms() < end || (pgem_now_ms() < end + LATE_MS && !all_done(done))) {
		unsigned int i = choose(&worker);

		if (soak_deeds[i].fn(&worker))
			__atomic_fetch_add(&done[i], 1, __ATOMIC_RELAXED);
	}
	pgem_unpoison();
	/* By hand in one half of all cases; in the other by the process's end. */
	if (number % 2)
		return;
	soak_hold_fini(&worker);
	reopen(&worker);
	reopen(&worker);
}
