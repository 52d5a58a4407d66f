// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_poison
 *
 * A page frame whose memory is broken, as madvise(MADV_HWPOISON) pretends. Whoever touches
 * the page gets SIGBUS with BUS_MCEERR_AR and the page's address, and nobody else does. A
 * memfd shows what is right.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_pages.h"
#include "pgem_peer.h"
#include "pgem_video.h"
#include "pgem_window.h"

IGT_TEST_DESCRIPTION("Check memory errors.");

#define PAGES 256	/* a frame of video and more */
#define BAD 21		/* its number */
#define HARD_OFFLINE "/sys/devices/system/memory/hard_offline_page"

static sigjmp_buf catch_point;
static volatile siginfo_t caught;

static void catch_bus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	caught.si_code = info->si_code;
	caught.si_addr = info->si_addr;
	siglongjmp(catch_point, sig);
}

static void catch_start(struct sigaction *old)
{
	struct sigaction action = { .sa_sigaction = catch_bus, .sa_flags = SA_SIGINFO };

	caught.si_code = 0;
	caught.si_addr = NULL;
	sigaction(SIGBUS, &action, old);
}

/* 0, or the code of the SIGBUS that the access got; its address is in @caught. */
static int touch(volatile uint8_t *at, bool write)
{
	struct sigaction old;

	catch_start(&old);
	if (!sigsetjmp(catch_point, 1)) {
		if (write)
			at[8] = 1;
		else
			(void)at[8];
	}
	sigaction(SIGBUS, &old, NULL);
	return caught.si_code;
}

static void expect_bad(const char *name, uint8_t *at)
{
	for (int write = 0; write <= 1; write++) {
		int code = touch(at, write);

		igt_assert_f(code == BUS_MCEERR_AR, "%s: si_code %d\n", name, code);
		igt_assert((uint8_t *)((uintptr_t)caught.si_addr & -PG) == at);
	}
}

/* All pages but the bad one are as they were. */
static void expect_rest(const struct pgem_area *area)
{
	pgem_check(area->map, 0, BAD);
	pgem_check(area->map + (BAD + 1) * PG, BAD + 1, area->pages - BAD - 1);
	igt_assert_eq(touch(area->map + (BAD - 1) * PG, true), 0);
	igt_assert_eq(touch(area->map + (BAD + 1) * PG, true), 0);
}

/* As root: the page is broken. Who asks for it that way is told as if it had touched it. */
static int poison(uint8_t *at)
{
	uint64_t pfn = pgem_pfn(at);
	volatile int ret = 0;
	struct sigaction old;

	igt_assert_neq_u64(pfn, 0);
	pgem_poisoned(pfn);
	catch_start(&old);
	if (!sigsetjmp(catch_point, 1))
		ret = madvise(at, PG, MADV_HWPOISON);
	sigaction(SIGBUS, &old, NULL);
	igt_assert_eq(ret, 0);
	return caught.si_code;
}

static void init(struct pgem_area *area, enum pgem_kind kind, int fd, size_t pages)
{
	pgem_area_init(area, kind, fd, pages);
	pgem_fill(area->map, 0, pages);
}

static void fini(struct pgem_area *area)
{
	pgem_area_fini(area);
	pgem_unpoison();
	igt_assert_eq(pgem_objects(), 0);
}

static void for_both(int fd, void (*fn)(enum pgem_kind kind, int fd))
{
	fn(PGEM_MEMFD, fd);
	fn(PGEM_OBJECT, fd);
}

static void mapped_kind(enum pgem_kind kind, int fd)
{
	struct pgem_area area;
	int code;

	init(&area, kind, fd, PAGES);
	code = poison(area.map + BAD * PG);
	igt_info("%s: told by si_code %d\n", area.name, code);
	igt_assert_eq(code, BUS_MCEERR_AR);
	igt_assert((uint8_t *)caught.si_addr == area.map + BAD * PG);
	expect_bad(area.name, area.map + BAD * PG);
	expect_rest(&area);
	fini(&area);
}

static void mapped(int fd)
{
	for_both(fd, mapped_kind);
}

/* The page is in no page table, and its frame breaks. */
static void unmapped_kind(enum pgem_kind kind, int fd)
{
	struct pgem_area area;
	char text[32];
	uint64_t pfn;

	init(&area, kind, fd, PAGES);
	pfn = pgem_pfn(area.map + BAD * PG);
	igt_assert_eq(madvise(area.map, area.size, MADV_DONTNEED), 0);
	pgem_poisoned(pfn);
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)pfn * PG);
	pgem_write_file(HARD_OFFLINE, text);
	expect_bad(area.name, area.map + BAD * PG);
	expect_rest(&area);
	fini(&area);
}

static void unmapped(int fd)
{
	for_both(fd, unmapped_kind);
}

static void other_process_kind(enum pgem_kind kind, int fd)
{
	int ready[2], go[2], share;
	struct pgem_area area;
	uint8_t byte = 0;

	init(&area, kind, fd, PAGES);
	share = pgem_area_share(&area);
	igt_assert(!pipe(ready) && !pipe(go) && share >= 0);
	igt_fork(child, 2) {
		/* By the mapping that it has inherited, or by one of its own */
		struct pgem_area own = area;

		if (child)
			own.map = pgem_map_fd(share, 0, area.size);
		pgem_check(own.map, 0, own.pages);
		igt_assert_eq(write(ready[1], &byte, 1), 1);
		igt_assert_eq(read(go[0], &byte, 1), 1);
		expect_bad(own.name, own.map + BAD * PG);
		expect_rest(&own);
	}
	igt_assert_eq(read(ready[0], &byte, 1), 1);
	igt_assert_eq(read(ready[0], &byte, 1), 1);
	poison(area.map + BAD * PG);
	igt_assert_eq(write(go[1], "go", 2), 2);
	igt_waitchildren();
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
	close(share);
	fini(&area);
}

static void other_process(int fd)
{
	for_both(fd, other_process_kind);
}

static void map_again_kind(enum pgem_kind kind, int fd)
{
	struct pgem_area area;
	uint8_t *map;

	init(&area, kind, fd, PAGES);
	poison(area.map + BAD * PG);
	map = kind == PGEM_MEMFD ? pgem_map_fd(area.fd, 0, area.size) :
				   pgem_map(fd, area.handle, area.size);
	pgem_unmap(area.map, area.size);
	area.map = map;
	/* What is around it comes with a neighbour; it does not. */
	igt_assert_eq(touch(map + (BAD + 1) * PG, false), 0);
	igt_assert(!pgem_page_mapped(map + BAD * PG));
	expect_bad(area.name, map + BAD * PG);
	expect_rest(&area);
	fini(&area);
}

static void map_again(int fd)
{
	pgem_window(16);
	for_both(fd, map_again_kind);
}

/* Of the large folio, which is mapped whole, only the broken page is lost. */
static void huge(int fd)
{
	struct pgem_area area;

	pgem_window(PGEM_WINDOW_MAX / PG);
	init(&area, PGEM_HUGE, fd, 2 * PGEM_WINDOW_MAX / PG);
	/* The kernel cuts the folio, and takes the page away before anybody has to be told. */
	poison(area.map + BAD * PG);
	expect_bad(area.name, area.map + BAD * PG);
	expect_rest(&area);
	fini(&area);
}

/* The frame breaks while a device and the kernel have it. */
static void pinned(int fd)
{
	int vgem = pgem_peer_open(pgem_peer("vgem")), dmabuf;
	struct pgem_video camera;
	struct pgem_area area;
	uint32_t handle;

	init(&area, PGEM_OBJECT, fd, PAGES);
	dmabuf = pgem_export(fd, area.handle);
	handle = pgem_import(vgem, dmabuf);
	pgem_video_init(&camera, 0, PGEM_VIDEO_CAPTURE, PGEM_VIDEO_WIDTH, PGEM_VIDEO_HEIGHT);
	pgem_video_dmabufs(&camera, 1);
	pgem_video_queue(&camera, 0, dmabuf);
	poison(area.map + BAD * PG);
	expect_bad(area.name, area.map + BAD * PG);
	pgem_video_on(&camera);
	igt_assert_eq(pgem_video_dequeue(&camera), 0);
	pgem_video_fini(&camera);
	pgem_close(vgem, handle);
	close(dmabuf);
	close(vgem);
	fini(&area);
}

static void purged(int fd)
{
	struct pgem_area area;

	init(&area, PGEM_OBJECT, fd, PAGES);
	poison(area.map + BAD * PG);
	igt_assert(pgem_dontneed(fd, area.handle));
	pgem_shrink(PGEM_SHRINK_ALL);
	igt_assert(!pgem_willneed(fd, area.handle));
	igt_assert_eq(touch(area.map, false), BUS_ADRERR);
	fini(&area);
}

static const struct pgem_test tests[] = {
	{ "mapped", mapped, "The process that has the page mapped gets SIGBUS for it." },
	{ "unmapped", unmapped, "So does the one that touches it later." },
	{ "other-process", other_process, "And others, each at its own address." },
	{ "map-again", map_again, "A new mapping has all pages but that." },
	{ "huge", huge, "Of a large folio one page is lost." },
	{ "pinned", pinned, "The page breaks while devices have it." },
	{ "purged", purged, "Such an object can be purged." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
