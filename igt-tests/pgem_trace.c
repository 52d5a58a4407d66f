// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_trace
 *
 * The tracepoints, read through a tracing instance of the test's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check the tracepoints.");

#define EVENTS	 "/sys/kernel/tracing/events/pgem"
#define INSTANCE "/sys/kernel/tracing/instances/pgem-test"

static char trace[1 << 20];

static void stop(int sig)
{
	(void)sig;
	__pgem_write_file(INSTANCE "/events/pgem/enable", "0");
	rmdir(INSTANCE);
}

static void start(const char *event)
{
	char path[128];

	stop(0);
	igt_assert_eq(mkdir(INSTANCE, 0700), 0);
	snprintf(path, sizeof(path), INSTANCE "/events/pgem/%senable", event);
	pgem_write_file(path, "1");
}

/* Counts lines with all of the words in them. */
static size_t lines_with(const char *event, const char *first, const char *second)
{
	size_t count = 0;
	char *copy = strdup(trace), *next = copy;

	igt_assert(copy);
	for (char *line; (line = strsep(&next, "\n"));)
		count += strstr(line, event) && strstr(line, first) && strstr(line, second);
	free(copy);
	return count;
}

static void finish(void)
{
	pgem_write_file(INSTANCE "/events/pgem/enable", "0");
	igt_assert(pgem_read_file(INSTANCE "/trace", trace, sizeof(trace)) > 0);
	stop(0);
}

static unsigned long long id_of(int fd, uint32_t handle)
{
	struct pgem_line line;

	igt_assert(pgem_find_line(pgem_offset(fd, handle), &line));
	return line.id;
}

static void create_and_free(int fd)
{
	char id[32];
	uint32_t handle;

	start("");
	handle = pgem_create(fd, 3 * PG);
	snprintf(id, sizeof(id), " bo=%llu ", id_of(fd, handle));
	pgem_close(fd, handle);
	finish();
	igt_assert_eq(lines_with("pgem_bo_create:", id, "size=12288 resident=0 "), 1);
	igt_assert_eq(lines_with("pgem_bo_free:", id, "size=12288 resident=0 "), 1);
	igt_assert_eq(lines_with("pgem_fault:", "", ""), 0);
}

static void free_resident(int fd)
{
	struct pgem_buf buf;

	start("pgem_bo_free/");
	pgem_buf_init(&buf, fd, 8);
	pgem_fill(buf.map, 0, 5);
	pgem_buf_fini(&buf);
	finish();
	igt_assert_eq(lines_with("pgem_bo_free:", "size=32768 resident=20480 ", ""), 1);
	igt_assert_eq(lines_with("pgem_bo_create:", "", ""), 0);
}

static void fault(int fd)
{
	char id[32], address[32];
	volatile uint8_t *map;
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 8);
	map = buf.map;
	snprintf(id, sizeof(id), " bo=%llu ", id_of(fd, buf.handle));
	start("pgem_fault/");
	map[3 * PG + 17] = 1;
	(void)map[5 * PG];
	map[3 * PG] = 2;
	finish();
	snprintf(address, sizeof(address), " address=%p", buf.map + 3 * PG);
	igt_assert_eq(lines_with("pgem_fault:", id, ""), 2);
	igt_assert_eq(lines_with("pgem_fault:", " page=3 ", " write ret=NOPAGE"), 1);
	igt_assert_eq(lines_with("pgem_fault:", " page=3 ", address), 1);
	igt_assert_eq(lines_with("pgem_fault:", " page=5 ", " read ret=NOPAGE"), 1);
	pgem_buf_fini(&buf);
}

/* P3: the page is the object's, not the mapping's. */
static void fault_page(int fd)
{
	struct pgem_buf buf;
	uint8_t *map;
	int dmabuf;

	pgem_buf_init(&buf, fd, 16);
	dmabuf = pgem_export(fd, buf.handle);
	map = pgem_map_fd(dmabuf, 4 * PG, 8 * PG);
	start("pgem_fault/");
	pgem_unmap(map, 3 * PG);
	map[4 * PG] = 1;
	finish();
	igt_assert_eq(lines_with("pgem_fault:", " page=8 ", ""), 1);
	igt_assert_eq(lines_with("pgem_fault:", "", ""), 1);
	pgem_unmap(map, 8 * PG);
	close(dmabuf);
	pgem_buf_fini(&buf);
}

static void fault_count(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 300);
	start("pgem_fault/");
	pgem_fill(buf.map, 0, buf.pages);
	pgem_check(buf.map, 0, buf.pages);
	finish();
	igt_assert_eq(lines_with("pgem_fault:", " write ret=NOPAGE", ""), buf.pages);
	pgem_buf_fini(&buf);
}

static void fault_unplugged(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 2);
	start("pgem_fault/");
	pgem_unbind();
	igt_assert(pgem_read_signal(buf.map + PG));
	finish();
	igt_assert_eq(lines_with("pgem_fault:", " page=1 ", " read ret=SIGBUS"), 1);
	pgem_unmap(buf.map, buf.size);
	pgem_bind();
}

static void device_name(int fd)
{
	struct pgem_buf buf;

	start("");
	pgem_buf_init(&buf, fd, 1);
	pgem_mark(buf.map, 1);
	pgem_buf_fini(&buf);
	finish();
	igt_assert_eq(lines_with("pgem_bo_create:", " dev=pgem ", ""), 1);
	igt_assert_eq(lines_with("pgem_fault:", " dev=pgem ", ""), 1);
}

/*
 * What perf and trace-cmd decode by. They know values, and no names of the kernel's.
 * Linux 6.12 writes them as decimal numbers.
 */
static void decodable(int fd)
{
	(void)fd;
	igt_assert(pgem_read_file(EVENTS "/pgem_fault/format", trace, sizeof(trace)) > 0);
	igt_assert(!strstr(trace, "VM_FAULT_"));
	igt_assert(strstr(trace, "{ 0x100, \"NOPAGE\" }") || strstr(trace, "{ 256, \"NOPAGE\" }"));
	igt_assert(strstr(trace, "{ 0x2, \"SIGBUS\" }") || strstr(trace, "{ 2, \"SIGBUS\" }"));
}

static void refused_is_silent(int fd)
{
	uint32_t handle;

	start("");
	igt_assert_eq(__pgem_create(fd, 0, &handle), -EINVAL);
	igt_assert_eq(__pgem_create(fd, UINT64_MAX, &handle), -E2BIG);
	finish();
	igt_assert_eq(lines_with("pgem_bo_", "", ""), 0);
}

static const struct pgem_test tests[] = {
	{ "create-and-free", create_and_free, "Each object is traced when made and when freed." },
	{ "free-resident", free_resident, "Freeing tells how much memory comes back." },
	{ "fault", fault, "First touches are traced, with page, address and kind." },
	{ "fault-page", fault_page, "The page is counted from the object's first." },
	{ "fault-count", fault_count, "As many faults as pages." },
	{ "fault-unplugged", fault_unplugged, "A fault after unbinding is traced as SIGBUS." },
	{ "device-name", device_name, "The device is told by its name." },
	{ "format", decodable, "A fault's result can be decoded by the event's format." },
	{ "refused-is-silent", refused_is_silent, "Refused calls trace no object." },
};

int igt_main()
{
	igt_fixture()
		igt_install_exit_handler(stop);
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
