// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_race
 *
 * Threads that use, close and map the same handles at the same time. Whatever they
 * are told has to be one of a few honest answers, and nothing may stay behind. What
 * goes wrong in the kernel here shows in its log, or in a KASAN kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

#define SZ_2M (2ul << 20)

IGT_TEST_DESCRIPTION("Check handles under concurrent use.");

#define RACE_MS 1200
#define HANDLES 8

struct racer {
	int fd;
	unsigned int seed;
	unsigned long done;
	int dmabuf;
};

static uint32_t guess(struct racer *racer)
{
	return 1 + rand_r(&racer->seed) % HANDLES;
}

static const char *creator(void *arg)
{
	struct racer *racer = arg;
	uint32_t handle;

	while (pgem_race_on()) {
		struct drm_pgem_gem_create create = { .size = 3 * PG - 1 };
		int ret = pgem_ioctl(racer->fd, DRM_IOCTL_PGEM_GEM_CREATE, &create);

		if (ret || create.size != 3 * PG)
			return "creation failed";
		handle = create.handle;
		/* The other may have been faster. */
		ret = __pgem_close(racer->fd, handle);
		if (ret && ret != -EINVAL)
			return "closing failed oddly";
		pgem_race_won(&racer->done);
	}
	return NULL;
}

static const char *closer(void *arg)
{
	struct racer *racer = arg;

	while (pgem_race_on())
		if (!__pgem_close(racer->fd, guess(racer)))
			pgem_race_won(&racer->done);
	return NULL;
}

static const char *mapper(void *arg)
{
	struct racer *racer = arg;

	while (pgem_race_on()) {
		uint64_t offset;
		uint8_t *map;
		int ret = __pgem_offset(racer->fd, guess(racer), &offset);

		if (ret == -ENOENT)
			continue;
		if (ret)
			return "asking for the offset failed oddly";
		ret = __pgem_map(racer->fd, offset, PG, PROT_READ | PROT_WRITE, MAP_SHARED, &map);
		/* Closed in between, or in another object's place by now. */
		if (ret == -EINVAL || ret == -EACCES)
			continue;
		if (ret)
			return "mapping failed oddly";
		map[0] = 1;
		munmap(map, PG);
		pgem_race_won(&racer->done);
	}
	return NULL;
}

static const char *informer(void *arg)
{
	struct racer *racer = arg;

	while (pgem_race_on()) {
		struct drm_pgem_gem_info info;
		int ret = __pgem_info(racer->fd, guess(racer), &info);

		if (ret && ret != -ENOENT)
			return "asking for information failed oddly";
		if (!ret && info.size != 3 * PG)
			return "an object of a size that nobody created";
		if (!ret)
			pgem_race_won(&racer->done);
	}
	return NULL;
}

static const char *exporter(void *arg)
{
	struct racer *racer = arg;

	while (pgem_race_on()) {
		int dmabuf, ret = __pgem_export(racer->fd, guess(racer), DRM_CLOEXEC, &dmabuf);
		uint32_t handle;

		if (ret == -ENOENT)
			continue;
		if (ret)
			return "exporting failed oddly";
		ret = __pgem_import(racer->fd, dmabuf, &handle);
		close(dmabuf);
		if (ret)
			return "importing failed";
		pgem_race_won(&racer->done);
	}
	return NULL;
}

static const char *importer(void *arg)
{
	struct racer *racer = arg;

	while (pgem_race_on()) {
		uint32_t handle;

		if (__pgem_import(racer->fd, racer->dmabuf, &handle))
			return "importing failed";
		__pgem_close(racer->fd, handle);
		pgem_race_won(&racer->done);
	}
	return NULL;
}

struct job {
	const char *(*fn)(void *arg);
	struct racer racer;
};

static const char *run_job(void *arg)
{
	struct job *job = arg;

	return job->fn(&job->racer);
}

/* Two creators against two threads of each of the others. */
static void race(int fd, const char *(*first)(void *), const char *(*second)(void *),
		 const char *(*third)(void *))
{
	const char *(*fns[])(void *) = { first, first, second, second, third };
	size_t count = third ? 5 : 4, lines = pgem_objects();
	int own = pgem_open(PGEM_RENDER, O_RDWR);
	struct job jobs[5];

	(void)fd;
	for (size_t i = 0; i < count; i++)
		jobs[i] = (struct job){ fns[i], { .fd = own, .seed = i + 1 } };
	pgem_race_time(RACE_MS, count);
	pgem_race(count, run_job, jobs, sizeof(jobs[0]));
	for (size_t i = 0; i < count; i++)
		igt_assert_f(jobs[i].racer.done, "thread %zu never got anything done\n", i);

	close(own);
	igt_assert_eq(pgem_objects(), lines);
}

/* P8 */
static void create_close(int fd)
{
	race(fd, creator, closer, NULL);
}

/* P7, P9 */
static void create_close_map(int fd)
{
	race(fd, creator, mapper, closer);
}

/* P8 */
static void create_close_info(int fd)
{
	race(fd, creator, informer, closer);
}

/* P9 */
static void create_close_export(int fd)
{
	race(fd, creator, exporter, closer);
}

/* P9: the last handle goes while the same dma-buf comes in again. */
static void import_close(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	int dmabuf = pgem_export(fd, handle), own = pgem_open(PGEM_RENDER, O_RDWR);
	struct racer racers[4];
	struct pgem_line line;
	uint64_t offset = pgem_offset(fd, handle);

	for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
		racers[i] = (struct racer){ .fd = own, .dmabuf = dmabuf };
	pgem_race_time(RACE_MS, ARRAY_SIZE(racers));
	pgem_race(ARRAY_SIZE(racers), importer, racers, sizeof(racers[0]));
	close(own);

	igt_assert(pgem_find_line(offset, &line));
	igt_assert_eq(line.handles, 1);
	close(dmabuf);
	pgem_close(fd, handle);
	igt_assert(!pgem_find_line(offset, &line));
}

#define PER_THREAD 500

struct maker {
	int fd;
	uint32_t handles[PER_THREAD];
};

static const char *make_many(void *arg)
{
	struct maker *maker = arg;

	for (size_t i = 0; i < PER_THREAD; i++)
		if (__pgem_create(maker->fd, PG, &maker->handles[i]))
			return "creation failed";
	return NULL;
}

static void handles_unique(int fd)
{
	static struct maker makers[4];
	static uint8_t seen[4 * PER_THREAD + 1];

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		makers[i].fd = fd;
	pgem_race(ARRAY_SIZE(makers), make_many, makers, sizeof(makers[0]));
	for (size_t i = 0; i < ARRAY_SIZE(makers) * PER_THREAD; i++) {
		uint32_t handle = makers[i / PER_THREAD].handles[i % PER_THREAD];

		igt_assert_lt(handle, ARRAY_SIZE(seen));
		igt_assert(!seen[handle]++);
		pgem_close(fd, handle);
	}
}

static const char *open_close(void *arg)
{
	struct racer *racer = arg;

	while (pgem_race_on()) {
		int fd = __pgem_open(PGEM_RENDER, O_RDWR);
		uint32_t handle;

		if (fd < 0 || __pgem_create(fd, PG, &handle))
			return "a new file does not work";
		close(fd);
		pgem_race_won(&racer->done);
	}
	return NULL;
}

static void open_file(int fd)
{
	size_t lines = pgem_objects();
	struct racer racers[4] = { 0 };

	(void)fd;
	pgem_race_time(RACE_MS, ARRAY_SIZE(racers));
	pgem_race(ARRAY_SIZE(racers), open_close, racers, sizeof(racers[0]));
	igt_assert_eq(pgem_objects(), lines);
}

static const char *list_reader(void *arg)
{
	struct racer *racer = arg;
	char path[64], text[8192];

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%d/bos", racer->dmabuf);
	while (pgem_race_on()) {
		if (pgem_read_file(path, text, sizeof(text)) <= 0)
			return "reading the list failed";
		pgem_race_won(&racer->done);
	}
	return NULL;
}

static void list_while_changing(int fd)
{
	int minor = pgem_minor();
	struct job jobs[] = {
		{ creator, { .fd = fd } },
		{ creator, { .fd = fd } },
		{ list_reader, { .dmabuf = minor } },
		{ list_reader, { .dmabuf = minor } },
	};

	pgem_race_time(RACE_MS, ARRAY_SIZE(jobs));
	pgem_race(ARRAY_SIZE(jobs), run_job, jobs, sizeof(jobs[0]));
	igt_assert_eq(pgem_objects(), 0);
}

struct table_user {
	uint8_t *map;		/* what one page table covers */
	uint64_t end;
	bool forgets;
	int zero;		/* /dev/zero */
};

/* The kernel frees a page table with MADV_DONTNEED, and a system call faults there. */
static const char *forget_or_read(void *arg)
{
	struct table_user *me = arg;

	for (size_t i = 0; pgem_now_ms() < me->end; i++) {
		if (me->forgets && madvise(me->map, SZ_2M, MADV_DONTNEED))
			return "MADV_DONTNEED failed";
		if (!me->forgets &&
		    read(me->zero, me->map + i * 17 % (SZ_2M / PG) * PG, PG) != (ssize_t)PG)
			return "read() into the buffer failed";
	}
	return NULL;
}

static void table_taken(int fd)
{
	struct table_user users[4];
	struct pgem_buf buf;
	uint8_t *map;
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	igt_assert(zero >= 0);
	pgem_buf_init(&buf, fd, 2 * SZ_2M / PG);
	map = (uint8_t *)(((uintptr_t)buf.map + SZ_2M - 1) & -(uintptr_t)SZ_2M);
	pgem_fill(buf.map, 0, buf.pages);
	for (size_t i = 0; i < ARRAY_SIZE(users); i++)
		users[i] = (struct table_user){ map, pgem_now_ms() + 5000, !i, zero };
	pgem_race(ARRAY_SIZE(users), forget_or_read, users, sizeof(users[0]));
	pgem_buf_fini(&buf);
	close(zero);
}

static const struct pgem_test tests[] = {
	{ "create-close", create_close, "Handles are closed while they are being made." },
	{ "create-close-map", create_close_map, "Objects vanish while others map them." },
	{ "create-close-info", create_close_info, "Objects vanish while others ask about them." },
	{ "create-close-export", create_close_export,
	  "Objects vanish while others export and import them." },
	{ "import-close", import_close, "One dma-buf is imported and closed by four threads." },
	{ "handles-unique", handles_unique, "Threads creating objects get different handles." },
	{ "open-file", open_file, "Files are opened and closed by four threads." },
	{ "list-while-changing", list_while_changing,
	  "The list in debugfs is read while objects come and go." },
	{ "table-taken", table_taken, "System calls fault while their page table is freed." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
