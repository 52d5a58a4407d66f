// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_around: against purging and unbinding
 *
 * P11, P15: threads fault in the largest window, which takes so long that others come in
 * between, until there is nothing to be had any more. No page may be mapped after that. One
 * that is mapped while it is truncated is a "Bad page cache" in the log, too.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_around.h"
#include "pgem_window.h"

#define PAGES 512
#define READERS 3
#define RACE_MS 3000

/* What a round's threads share; the last one brings the end. */
struct round {
	struct pgem_buf buf;
	const char *(*end)(struct round *round);
	unsigned int number;
	bool ended;
	char shrink[64];
};

struct thread {
	struct round *round;
	unsigned int number;
	unsigned int step;	/* of a pseudo-random walk over the pages */
	uint8_t *map;		/* a reader's own */
};

/* Reads by system call what may be gone: 0, or an error instead of a signal. */
static int read_page(const void *page, uint8_t *copy)
{
	struct iovec local = { copy, PG }, remote = { (void *)page, PG };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)PG ? 0 : -1;
}

static size_t some_page(struct thread *me)
{
	me->step = me->step * 1103515245 + 12345 + me->number;
	return (me->step >> 16) % PAGES;
}

/*
 * Data or SIGBUS, and in that page nothing else after it. Pages that are mapped go a little
 * later than those that are not.
 */
static const char *read_until_gone(struct thread *me)
{
	bool gone = false, page_gone[PAGES] = {}, ended = false;
	uint8_t copy[4096];

	for (int left = 20; left; left -= ended) {
		size_t page = some_page(me);
		uint8_t *at = me->map + page * PG;
		uint64_t start = pgem_now_ms();
		int sig = pgem_read_signal(at);

		if (sig && sig != SIGBUS)
			return "a signal other than SIGBUS";
		if (!sig && page_gone[page])
			return "what was gone is back";
		page_gone[page] |= sig;
		gone |= sig;
		if (!gone && page % 8 == 0 && !read_page(at, copy) && !pgem_marked(copy, page))
			return "data of another page, or none";
		/* A purge waits for nobody: it needs a moment without a fault. */
		usleep(2000 * (pgem_now_ms() - start) + page);
		ended = __atomic_load_n(&me->round->ended, __ATOMIC_ACQUIRE);
		/* What is mapped in the end is to be found. */
		if (!ended)
			madvise(me->map, PAGES * PG, MADV_DONTNEED);
	}
	return gone ? NULL : "no page has gone";
}

static const char *purge(struct round *round)
{
	uint32_t retained = 1;

	while (retained && pgem_race_on())
		if (__pgem_madvise(round->buf.fd, round->buf.handle, DRM_PGEM_MADV_DONTNEED,
				   &retained) ||
		    __pgem_write_file(round->shrink, "1000000"))
			return "purging failed";
	return retained ? "the object stays" : NULL;
}

static const char *take_away(struct round *round)
{
	(void)round;
	return __pgem_write_file(PGEM_DRIVER_DIR "/unbind", PGEM_NAME) ? "unbinding failed" : NULL;
}

static const char *run(void *arg)
{
	struct thread *me = arg;
	const char *failure;

	if (me->number < READERS)
		return read_until_gone(me);
	usleep(me->round->number % 8 * 3000);
	failure = me->round->end(me->round);
	__atomic_store_n(&me->round->ended, true, __ATOMIC_RELEASE);
	return failure;
}

static void read_against(int fd, unsigned int number, const char *(*end)(struct round *))
{
	struct round round = { .end = end, .number = number };
	struct thread threads[READERS + 1];

	pgem_buf_init(&round.buf, fd, PAGES);
	pgem_fill(round.buf.map, 0, PAGES);
	pgem_shrink_path(round.shrink, sizeof(round.shrink));
	for (unsigned int i = 0; i <= READERS; i++) {
		threads[i] = (struct thread){ .round = &round, .number = i, .step = 31 * number };
		threads[i].map = pgem_window_map(fd, pgem_offset(fd, round.buf.handle), PAGES, 0,
						 PROT_READ);
	}
	pgem_race_time(0, 1);
	pgem_race(ARRAY_SIZE(threads), run, threads, sizeof(threads[0]));

	pgem_expect_range(round.buf.map, PAGES, 0, 0);
	for (unsigned int i = 0; i <= READERS; i++) {
		pgem_expect_range(threads[i].map, PAGES, 0, 0);
		for (size_t page = i; page < PAGES; page += 50)
			igt_assert_eq(pgem_read_signal(threads[i].map + page * PG), SIGBUS);
		pgem_expect_range(threads[i].map, PAGES, 0, 0);
		pgem_unmap(threads[i].map, PAGES * PG);
	}
	pgem_unmap(round.buf.map, round.buf.size);
	if (end == purge) {
		igt_assert_eq_u64(pgem_resident(fd, round.buf.handle), 0);
		pgem_close(fd, round.buf.handle);
	}
}

static void race_purge(int fd)
{
	uint64_t end = pgem_now_ms() + RACE_MS;

	pgem_window(PAGES);
	for (unsigned int number = 0; number < 6 || pgem_now_ms() < end; number++)
		read_against(fd, number, purge);
	igt_assert_eq(pgem_objects(), 0);
}

static void race_unbind(int fd)
{
	pgem_window(PAGES);
	for (unsigned int number = 0; number < 8; number++) {
		fd = pgem_open(PGEM_RENDER, O_RDWR);
		read_against(fd, number, take_away);
		close(fd);
		pgem_bind();
		igt_assert_eq(pgem_objects(), 0);
	}
}

static const struct pgem_test tests[] = {
	{ "race-purge", race_purge, "Threads fault until a purge; no page is mapped then." },
	{ "race-unbind", race_unbind, "Threads fault until unbinding; no page is mapped then." },
};

void around_gone_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
