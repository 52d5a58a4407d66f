// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_fence
 *
 * FENCE_ATTACH and FENCE_SIGNAL: what is refused, who has to wait for whom, and who
 * signals a fence that its client does not. pgem_fence_life.c has what outlives what.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_fence.h"
#include "pgem_lib.h"
#include "pgem_sync.h"

IGT_TEST_DESCRIPTION("Check fences that a client attaches and signals.");

#define WRITE	DRM_PGEM_FENCE_WRITE
#define ALL	DMA_BUF_SYNC_RW
#define MANY	3000

static int attach(int fd, struct drm_pgem_fence_attach arg)
{
	return pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &arg);
}

static int signal_fence(int fd, struct drm_pgem_fence_signal arg)
{
	return pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_SIGNAL, &arg);
}

static void bad_flag(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (int bit = 1; bit < 32; bit++) {
		uint32_t flags = 1u << bit;

		igt_assert_eq(attach(fd, (struct drm_pgem_fence_attach){
				     .handle = handle, .flags = flags }), -EINVAL);
		igt_assert_eq(attach(fd, (struct drm_pgem_fence_attach){
				     .handle = handle, .flags = flags | WRITE }), -EINVAL);
	}
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	pgem_close(fd, handle);
}

static void bad_pad(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (int bit = 0; bit < 32; bit++)
		igt_assert_eq(attach(fd, (struct drm_pgem_fence_attach){
				     .handle = handle, .pad = 1u << bit }), -EINVAL);
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	pgem_close(fd, handle);
}

/* P26 */
static void bad_handle(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	const uint32_t handles[] = { 0, handle, handle + 1, 0x7fffffff, 0x80000000, 0xffffffff };

	pgem_close(fd, handle);
	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		igt_assert_eq(attach(fd, (struct drm_pgem_fence_attach){
				     .handle = handles[i] }), -ENOENT);
}

static void bad_signal_flags(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);

	for (int bit = 0; bit < 32; bit++)
		igt_assert_eq(signal_fence(fd, (struct drm_pgem_fence_signal){
					   .fence = fence, .flags = 1u << bit }), -EINVAL);
	igt_assert(pgem_busy(fd, handle, 0));
	pgem_fence_signal(fd, fence);
	pgem_close(fd, handle);
}

static void bad_fence(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	const uint32_t fences[] = { 0, fence + 1, 0x7fffffff, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(fences); i++)
		igt_assert_eq(__pgem_fence_signal(fd, fences[i]), -ENOENT);
	igt_assert(pgem_busy(fd, handle, 0));
	pgem_fence_signal(fd, fence);
	pgem_close(fd, handle);
}

static void signal_twice(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);

	pgem_fence_signal(fd, fence);
	for (int i = 0; i < 3; i++)
		igt_assert_eq(__pgem_fence_signal(fd, fence), -ENOENT);
	pgem_close(fd, handle);
}

static void other_file(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	int other = pgem_open(PGEM_RENDER, O_RDWR);

	igt_assert_eq(__pgem_fence_signal(other, fence), -ENOENT);
	igt_assert(pgem_busy(fd, handle, 0));
	close(other);
	igt_assert(pgem_busy(fd, handle, 0));
	pgem_fence_signal(fd, fence);
	pgem_close(fd, handle);
}

/* A program can print what it asked for, and ask again. */
static void untouched(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	const struct drm_pgem_fence_attach attaches[] = {
		{ .handle = handle, .out_fence = 0x1234 },
		{ .handle = handle, .flags = WRITE, .out_fence = 0x1234 },
		{ .handle = handle, .flags = 2, .out_fence = 0x1234 },
		{ .handle = handle, .out_fence = 0x1234, .pad = 1 },
		{ .handle = handle + 1, .out_fence = 0x1234 },
	};
	const struct drm_pgem_fence_signal signals[] = {
		{ .fence = fence, .flags = 1 }, { .fence = fence + 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(attaches); i++) {
		struct drm_pgem_fence_attach arg = attaches[i];

		igt_assert(pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &arg));
		igt_assert(!memcmp(&arg, &attaches[i], sizeof(arg)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct drm_pgem_fence_signal arg = signals[i];

		igt_assert(pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_SIGNAL, &arg));
		igt_assert(!memcmp(&arg, &signals[i], sizeof(arg)));
	}
	pgem_fence_signal(fd, fence);
	pgem_close(fd, handle);
}

/* A second fence, of the same file or another, while the first one is there */
static void conflict(int fd, uint32_t first, uint32_t second, int error)
{
	uint32_t handle = pgem_create(fd, PG), fence, last;
	int files[2] = { fd, pgem_open(PGEM_RENDER, O_RDWR) }, dmabuf = pgem_export(fd, handle);
	uint32_t handles[2] = { handle, pgem_import(files[1], dmabuf) };

	for (int i = 0; i < 2; i++) {
		fence = pgem_fence_attach(fd, handle, first);
		igt_assert_eq(__pgem_fence_attach(files[i], handles[i], second, &last), error);
		if (!error)
			pgem_fence_signal(files[i], last);
		pgem_fence_signal(fd, fence);
		/* Of the refused one nothing is left. */
		igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
		last = pgem_fence_attach(files[i], handles[i], second);
		pgem_fence_signal(files[i], last);
	}
	close(dmabuf);
	close(files[1]);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
}

static void reader_reader(int fd)
{
	conflict(fd, 0, 0, 0);
}

static void reader_writer(int fd)
{
	conflict(fd, 0, WRITE, -EBUSY);
}

static void writer_reader(int fd)
{
	conflict(fd, WRITE, 0, -EBUSY);
}

static void writer_writer(int fd)
{
	conflict(fd, WRITE, WRITE, -EBUSY);
}

static void any_order(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fences[64], unused;

	for (size_t i = 0; i < ARRAY_SIZE(fences); i++)
		fences[i] = pgem_fence_attach(fd, handle, 0);
	for (size_t i = 0; i < ARRAY_SIZE(fences); i++) {
		igt_assert_eq(__pgem_fence_attach(fd, handle, WRITE, &unused), -EBUSY);
		/* Each once: 37 has no divisor in common with their number. */
		pgem_fence_signal(fd, fences[i * 37 % ARRAY_SIZE(fences)]);
	}
	pgem_fence_signal(fd, pgem_fence_attach(fd, handle, WRITE));
	pgem_close(fd, handle);
}

/* vgem keeps a number for each fence there ever was. */
static void numbers(int fd)
{
	uint32_t handle = pgem_create(fd, PG), first = pgem_fence_attach(fd, handle, 0), last = 0;

	for (int i = 0; i < MANY; i++) {
		uint32_t fence = pgem_fence_attach(fd, handle, 0);

		igt_assert_lt_u64(last, fence);
		igt_assert_lte_u64(fence, 0x7fffffff);
		pgem_fence_signal(fd, fence);
		last = fence;
	}
	pgem_fence_signal(fd, first);
	pgem_close(fd, handle);
}

static void signalled(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	int sync_file = pgem_fence_sync_file(fd, handle, ALL);

	igt_assert_eq(pgem_sync_status(sync_file), 0);
	igt_assert_eq(pgem_sync_count(sync_file), 1);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(pgem_sync_status(sync_file), 1);
	close(sync_file);
	pgem_close(fd, handle);
}

/* Before 7.2 the core's operations are used from the start, with the core's name. */
static void name(int fd)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);
	int sync_file = pgem_fence_sync_file(fd, handle, ALL);
	struct sync_fence_info info;

	igt_assert_eq(pgem_sync_fences(sync_file, &info, 1), 1);
	igt_assert(!strcmp(info.driver_name, PGEM_NAME) || !strcmp(info.driver_name, "stub"));
	igt_assert(!strcmp(info.obj_name, "client") || !strcmp(info.obj_name, "stub"));
	pgem_fence_signal(fd, fence);
	/* From here on nobody may ask the module, which can be unloaded. */
	igt_assert_eq(pgem_sync_fences(sync_file, &info, 1), 1);
	igt_assert(!strcmp(info.driver_name, "detached-driver") ||
		   !strcmp(info.driver_name, "stub"));
	igt_assert(!strcmp(info.obj_name, "signaled-timeline") || !strcmp(info.obj_name, "stub"));
	close(sync_file);
	pgem_close(fd, handle);
}

/* The fences' own end, to read and to write at once, as it takes long */
static void timeout(int fd)
{
	uint32_t handles[2] = { pgem_create(fd, PG), pgem_create(fd, PG) }, fences[2];
	uint64_t start = pgem_now_ms(), ms;
	int files[2];

	for (int i = 0; i < 2; i++) {
		fences[i] = pgem_fence_attach(fd, handles[i], i ? WRITE : 0);
		files[i] = pgem_fence_sync_file(fd, handles[i], ALL);
	}
	for (int i = 0; i < 2; i++) {
		igt_assert(pgem_poll(files[i], POLLIN, PGEM_FENCE_MS + PGEM_FENCE_SLACK_MS));
		ms = pgem_now_ms() - start;
		igt_assert_lte_u64(PGEM_FENCE_MS, ms);
		igt_assert_eq(pgem_sync_status(files[i]), -ETIME);
		/* Others can go on, though this client has not noticed. */
		pgem_fence_signal(fd, pgem_fence_attach(fd, handles[i], WRITE));
		igt_assert_eq(__pgem_fence_signal(fd, fences[i]), -ETIMEDOUT);
		igt_assert_eq(__pgem_fence_signal(fd, fences[i]), -ENOENT);
		igt_assert_eq(pgem_sync_status(files[i]), -ETIME);
		close(files[i]);
		pgem_close(fd, handles[i]);
	}
	igt_info("after %u ms\n", (unsigned int)ms);
}

/* P33: its exporter could not move the memory for 10 s. */
static void import(int fd)
{
	int dmabuf = pgem_udmabuf(4);
	uint32_t handle = pgem_import(fd, dmabuf);
	struct drm_pgem_fence_attach arg, before = { .handle = handle, .out_fence = 0x1234 };

	for (before.flags = 0; before.flags <= WRITE; before.flags++) {
		arg = before;
		igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &arg), -EOPNOTSUPP);
		igt_assert(!memcmp(&arg, &before, sizeof(arg)));
		igt_assert(pgem_poll(dmabuf, POLLIN, 0) && pgem_poll(dmabuf, POLLOUT, 0));
	}
	/* A wrong call is told so first. */
	before.flags = WRITE << 1;
	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_FENCE_ATTACH, &before), -EINVAL);
	close(dmabuf);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
}

static void primary_node(int fd)
{
	int primary = pgem_open(PGEM_PRIMARY, O_RDWR), dmabuf;
	uint32_t handle = pgem_create(fd, PG), there, fence;

	dmabuf = pgem_export(fd, handle);
	there = pgem_import(primary, dmabuf);
	fence = pgem_fence_attach(primary, there, WRITE);
	igt_assert(pgem_busy(fd, handle, 0));
	igt_assert_eq(__pgem_fence_signal(fd, fence), -ENOENT);
	pgem_fence_signal(primary, fence);
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	close(dmabuf);
	close(primary);
	pgem_close(fd, handle);
}

static const struct pgem_test tests[] = {
	{ "bad-flag", bad_flag, "Unknown flags of FENCE_ATTACH are refused." },
	{ "bad-pad", bad_pad, "A pad that is set is refused." },
	{ "bad-handle", bad_handle, "A handle that is none is unknown." },
	{ "bad-signal-flags", bad_signal_flags, "Flags of FENCE_SIGNAL are refused." },
	{ "bad-fence", bad_fence, "Numbers of no fence are unknown." },
	{ "signal-twice", signal_twice, "A fence is unknown once it is signalled." },
	{ "other-file", other_file, "A fence is unknown to other files." },
	{ "untouched", untouched, "A refused call leaves its arguments alone." },
	{ "reader-reader", reader_reader, "Readers do not wait for readers." },
	{ "reader-writer", reader_writer, "A writer is refused while there is a reader." },
	{ "writer-reader", writer_reader, "A reader is refused while there is a writer." },
	{ "writer-writer", writer_writer, "A writer is refused while there is another." },
	{ "any-order", any_order, "A writer is refused until the last reader is done." },
	{ "numbers", numbers, "A number is not given again soon." },
	{ "signalled", signalled, "A signalled fence has no error." },
	{ "name", name, "A fence says where it comes from." },
	{ "timeout", timeout, "After 10 s a fence signals itself, with an error." },
	{ "import", import, "An imported object gets no fence." },
	{ "primary-node", primary_node, "Fences work on the primary node and across nodes." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_fence_life_subtests();
}
