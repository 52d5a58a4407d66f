// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_fault
 *
 * The fault handler: one page for one touch, the right page, nothing beyond the
 * end, and threads and signals that come in between.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_split.h"

IGT_TEST_DESCRIPTION("Check that each touched page comes in, and no other.");

#define THREADS 4
#define LARGE_PAGES 65536	/* 256 MiB */

static void read_first(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 4);
	igt_assert(pgem_is_zero(buf.map, buf.size));
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_fill(buf.map, 0, 4);
	pgem_check(buf.map, 0, 4);
	pgem_buf_fini(&buf);
}

static void write_first(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 4);
	buf.map[PG + 77] = 1;
	igt_assert_eq(buf.map[PG + 77], 1);
	buf.map[PG + 77] = 0;
	igt_assert(pgem_is_zero(buf.map, buf.size));
	pgem_buf_fini(&buf);
}

/* What the driver is for. */
static void one_page_a_touch(int fd)
{
	static const size_t touched[] = { 0, LARGE_PAGES / 2, LARGE_PAGES - 1, 12345, 12347 };
	size_t shmem = pgem_meminfo("Shmem");
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, LARGE_PAGES);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), 0);
	igt_assert_eq(pgem_mapped(buf.map, buf.pages), 0);
	igt_assert_eq_u64(pgem_map_rss(buf.map), 0);

	for (size_t i = 0; i < ARRAY_SIZE(touched); i++) {
		buf.map[touched[i] * PG + i] = 1;
		igt_assert_eq_u64(pgem_resident(fd, buf.handle), (i + 1) * PG);
		igt_assert_eq(pgem_mapped(buf.map, buf.pages), i + 1);
		igt_assert_eq_u64(pgem_map_rss(buf.map), (i + 1) * PG);
	}
	igt_assert_lt_u64(pgem_meminfo("Shmem"), shmem + (4 << 20));
	pgem_buf_fini(&buf);
}

static void rss(int fd)
{
	const size_t size = 16 << 20, slack = 2 << 20;
	size_t before = pgem_rss_shmem();
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, size / PG);
	memset(buf.map, 1, buf.size);
	igt_assert_lte_u64(before + size - slack, pgem_rss_shmem());
	pgem_buf_fini(&buf);
	igt_assert_lte_u64(pgem_rss_shmem(), before + slack);
}

/*
 * P13: pages of a freed object are free, and before that none was out of the kernel's
 * reach. A page whose reference was kept is in no list; MemFree misses it, as it does
 * what each processor keeps for itself, but that is not 128 of 256 MiB.
 */
static void memory_returns(int fd)
{
	size_t shmem = pgem_meminfo("Shmem"), fixed = pgem_meminfo("Unevictable");
	const size_t size = 32 << 20, slack = 4 << 20;
	size_t unused = pgem_meminfo("MemFree");
	struct pgem_buf buf;

	for (int round = 0; round < 4; round++) {
		pgem_buf_init(&buf, fd, size / PG);
		for (size_t i = 0; i < buf.pages; i++)
			buf.map[i * PG] = 1;
		igt_assert_lte_u64(shmem + size - slack, pgem_meminfo("Shmem"));
		igt_assert_lte_u64(pgem_meminfo("Unevictable"), fixed + slack);
		pgem_buf_fini(&buf);
		igt_assert_lte_u64(pgem_meminfo("Shmem"), shmem + slack);
	}
	igt_assert_lte_u64(unused, pgem_meminfo("MemFree") + 2 * size);
}

/* P2 */
static void last_page(int fd)
{
	for (size_t pages = 1; pages < 600; pages += 37) {
		struct pgem_buf buf;

		pgem_buf_init(&buf, fd, pages);
		pgem_mark(buf.map + (pages - 1) * PG, pages);
		igt_assert(pgem_marked(buf.map + (pages - 1) * PG, pages));
		igt_assert_eq_u64(pgem_resident(fd, buf.handle), PG);
		pgem_buf_fini(&buf);
	}
}

/* Pages are allocated whole, and zero, where the size was not. */
static void odd_size(int fd)
{
	uint32_t handle = pgem_create(fd, PG + 1);
	uint8_t *map = pgem_map(fd, handle, 2 * PG);

	igt_assert(pgem_is_zero(map, 2 * PG));
	memset(map, 1, 2 * PG);
	pgem_unmap(map, 2 * PG);
	pgem_close(fd, handle);
}

struct toucher {
	_Atomic uint32_t *map;
	pthread_barrier_t *barrier;
	size_t pages;
	size_t stride;
};

static _Atomic uint32_t *word(struct toucher *toucher, size_t page)
{
	return toucher->map + page * PG / sizeof(uint32_t);
}

/*
 * All threads meet before each page. The first access is one that reports a signal,
 * for reading of odd pages and for writing, beside the counter, of even ones.
 */
static const char *touch_together(void *arg)
{
	struct toucher *toucher = arg;
	const char *failure = NULL;

	for (size_t i = 0; i < toucher->pages; i++) {
		uint8_t *page = (uint8_t *)word(toucher, i);

		pthread_barrier_wait(toucher->barrier);
		if (i % 2 ? pgem_read_signal(page) : pgem_write_signal(page + PG / 2))
			failure = "a first touch got a signal";
		else
			atomic_fetch_add(word(toucher, i), 1);
	}
	return failure;
}

static const char *touch_all(void *arg)
{
	struct toucher *toucher = arg;

	for (size_t i = 0; i < toucher->pages; i++)
		atomic_fetch_add(word(toucher, i * toucher->stride % toucher->pages), 1);
	return NULL;
}

static void touch_in_threads(int fd, const char *(*fn)(void *), size_t pages, bool own_maps)
{
	static const size_t strides[THREADS] = { 1, 3, 5, 7 };
	struct toucher touchers[THREADS];
	pthread_barrier_t barrier;
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, pages);
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		uint8_t *map = own_maps ? pgem_map(fd, buf.handle, buf.size) : buf.map;

		touchers[i] = (struct toucher){ (void *)map, &barrier, pages, strides[i] };
	}
	pgem_race(THREADS, fn, touchers, sizeof(touchers[0]));

	/* Two pages for one place would have lost a count. */
	for (size_t i = 0; i < pages; i++)
		igt_assert_eq_u32(*word(&(struct toucher){ .map = (void *)buf.map }, i), THREADS);
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	for (size_t i = 0; own_maps && i < THREADS; i++)
		pgem_unmap((void *)touchers[i].map, buf.size);
	pthread_barrier_destroy(&barrier);
	pgem_buf_fini(&buf);
}

/* P1 */
static void threads_same_page(int fd)
{
	touch_in_threads(fd, touch_together, 1024, false);
}

/* P1 */
static void threads_all_pages(int fd)
{
	touch_in_threads(fd, touch_all, 8192, false);
}

static void threads_own_mappings(int fd)
{
	touch_in_threads(fd, touch_together, 1024, true);
}

static void processes_same_page(int fd)
{
	const size_t pages = 2048;
	struct pgem_buf buf;
	struct toucher toucher = { .pages = pages, .stride = 1 };

	pgem_buf_init(&buf, fd, pages);
	toucher.map = (void *)buf.map;
	igt_fork(child, THREADS)
		touch_all(&toucher);
	igt_waitchildren();
	for (size_t i = 0; i < pages; i++)
		igt_assert_eq_u32(*word(&toucher, i), THREADS);
	pgem_buf_fini(&buf);
}

struct forgetter {
	struct pgem_buf *buf;
	uint64_t end;
	bool forgets;
	size_t first;
};

static const char *forget_or_write(void *arg)
{
	struct forgetter *me = arg;
	struct pgem_buf *buf = me->buf;

	for (uint64_t round = 1; pgem_now_ms() < me->end; round++) {
		if (me->forgets && madvise(buf->map, buf->size, MADV_DONTNEED))
			return "MADV_DONTNEED failed";
		for (size_t i = me->first; !me->forgets && i < buf->pages; i += 2) {
			pgem_mark(buf->map + i * PG, round);
			if (!pgem_marked(buf->map + i * PG, round))
				return "a write was lost";
		}
	}
	return NULL;
}

/* P1, P12, P19: pages leave the mapping while others bring them in and write. */
static void threads_dontneed(int fd)
{
	struct forgetter racers[4];
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 64);
	for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
		racers[i] = (struct forgetter){ &buf, pgem_now_ms() + 1200, i >= 2, i % 2 };
	pgem_race(ARRAY_SIZE(racers), forget_or_write, racers, sizeof(racers[0]));
	pgem_buf_fini(&buf);
}

static const char *remap_or_touch(void *arg)
{
	struct forgetter *me = arg;
	struct pgem_buf *buf = me->buf;

	while (pgem_now_ms() < me->end) {
		uint64_t offset;

		for (size_t i = 0; !me->forgets && i < buf->pages; i++) {
			int sig = pgem_write_signal(buf->map + i * PG);

			if (sig && sig != SIGSEGV)
				return "an odd signal";
		}
		if (!me->forgets)
			continue;
		if (__pgem_offset(buf->fd, buf->handle, &offset) ||
		    mmap(buf->map, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 buf->fd, offset) == MAP_FAILED)
			return "mapping failed";
		if (mprotect(buf->map + PG, PG, PROT_READ))
			return "mprotect() failed";
	}
	return NULL;
}

/* P7: the mapping is replaced and split under those who touch it. */
static void threads_remap(int fd)
{
	struct forgetter racers[4];
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 64);
	for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
		racers[i] = (struct forgetter){ &buf, pgem_now_ms() + 1200, i >= 3, 0 };
	pgem_race(ARRAY_SIZE(racers), remap_or_touch, racers, sizeof(racers[0]));
	igt_assert_eq_u64(pgem_resident(fd, buf.handle), buf.size);
	pgem_buf_fini(&buf);
}

static void ignore_alarm(int sig)
{
	(void)sig;
}

/* P24: a signal that arrives in a fault is no reason to fail it. */
static void signals(int fd)
{
	struct sigaction action = { .sa_handler = ignore_alarm };
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = {};
	struct pgem_buf buf;

	sigaction(SIGVTALRM, &action, NULL);
	igt_assert_eq(setitimer(ITIMER_VIRTUAL, &often, NULL), 0);
	for (int round = 0; round < 8; round++) {
		pgem_buf_init(&buf, fd, 4096);
		pgem_fill(buf.map, round, buf.pages);
		pgem_check(buf.map, round, buf.pages);
		pgem_buf_fini(&buf);
	}
	setitimer(ITIMER_VIRTUAL, &never, NULL);
}

/* P14: killed wherever it happens to be, a process leaves no lock and no object. */
static void killed(int fd)
{
	(void)fd;
	for (int round = 0; round < 40; round++) {
		struct igt_helper_process victim = { .use_SIGKILL = true };

		igt_fork_helper(&victim) {
			int own = pgem_open(PGEM_RENDER, O_RDWR);
			struct pgem_buf buf;

			for (;;) {
				pgem_buf_init(&buf, own, 4096);
				pgem_fill(buf.map, 0, buf.pages);
				pgem_buf_fini(&buf);
			}
		}
		usleep(5000 + round * 700);
		igt_stop_helper(&victim);
	}
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "read-first", read_first, "Pages read before they are written are zero, and stay." },
	{ "write-first", write_first, "A first write leaves the rest of the page zero." },
	{ "one-page-a-touch", one_page_a_touch,
	  "A byte touched in 256 MiB costs one page, and each further page one more." },
	{ "rss", rss, "Touched pages count as shared memory of the process." },
	{ "memory-returns", memory_returns, "32 MiB of pages are evictable, and gone on close." },
	{ "last-page", last_page, "The last page can be touched, and is one page." },
	{ "odd-size", odd_size, "The last page is zero behind the wanted size, too." },
	{ "threads-same-page", threads_same_page, "Four threads touch each page at once." },
	{ "threads-all-pages", threads_all_pages, "Four threads touch all pages in four orders." },
	{ "threads-own-mappings", threads_own_mappings,
	  "Four threads touch each page at once, through four mappings." },
	{ "processes-same-page", processes_same_page, "Four processes touch all pages." },
	{ "threads-dontneed", threads_dontneed, "Pages are touched while others forget them." },
	{ "threads-remap", threads_remap, "Pages are touched while others map anew and split." },
	{ "signals", signals, "Faults work in a storm of signals." },
	{ "killed", killed, "A process killed in a fault leaves nothing." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_split_subtests();
}
