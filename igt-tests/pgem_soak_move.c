// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_soak: what the kernel does with pages meanwhile
 *
 * It moves them to other frames, by soft offlining and compaction, writes them to swap on
 * request, and wants their memory for the page cache of a stream.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_pages.h"
#include "pgem_soak.h"

#define MIB (1024 * 1024)
#define STREAM_READ (256 * 1024)

int soak_stream_file = -1;

static struct slot *needed_slot(struct worker *worker)
{
	struct slot *slot = soak_slot(worker);

	return slot && !slot->unneeded ? slot : NULL;
}

static void expect_page(const struct slot *slot, size_t page)
{
	const uint8_t *at = slot->map + page * PG;

	igt_assert_f(slot->written[page] ? pgem_marked(at, slot->first + page) :
					   pgem_is_zero(at, PG), "page %zu\n", page);
}

bool soak_pageout(struct worker *worker)
{
	struct slot *slot = needed_slot(worker);

	if (!slot)
		return false;
	igt_assert_eq(madvise(slot->map, slot->pages * PG, MADV_PAGEOUT), 0);
	expect_page(slot, soak_random(worker, slot->pages));
	return true;
}

/* Of a page that others have pinned it is refused. */
bool soak_soft_offline(struct worker *worker)
{
	struct slot *slot = needed_slot(worker);
	size_t page;
	uint64_t pfn;
	int ret;

	if (!slot)
		return false;
	page = soak_random(worker, slot->pages);
	soak_touch(slot, page, 1);
	pfn = pgem_pfn(slot->map + page * PG);
	/* Reclaim was quicker. */
	if (!pfn)
		return false;
	ret = pgem_soft_offline(pfn);
	expect_page(slot, page);
	return !ret;
}

/* It takes long: the first time, and every eighth time from then on, in one process. */
bool soak_compact(struct worker *worker)
{
	static unsigned int calls;

	if (worker->number || calls++ % 8)
		return false;
	pgem_write_file("/proc/sys/vm/compact_memory", "1");
	return true;
}

bool soak_stream(struct worker *worker)
{
	static uint8_t text[STREAM_READ];
	off_t at = (off_t)soak_random(worker, SOAK_STREAM_MIB - 1) * MIB;

	igt_assert_eq(pread(soak_stream_file, text, sizeof(text), at), sizeof(text));
	return true;
}
