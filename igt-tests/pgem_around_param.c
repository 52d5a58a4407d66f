// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_around: the module parameter
 *
 * fault_around_bytes, in sysfs and when the module is loaded: what it takes, what it
 * makes of it, and that faults follow.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_around.h"
#include "pgem_window.h"

/* Anybody may read it, root may write. */
static void mode(int fd)
{
	struct stat st;

	(void)fd;
	igt_assert_eq(stat(PGEM_WINDOW, &st), 0);
	igt_assert_eq(st.st_mode & 0777, 0644);
	igt_assert_eq(st.st_uid, 0);
}

static void takes(int fd)
{
	static const struct {
		const char *text;
		long bytes;
	} values[] = {
		{ "0", 4096 }, { "1", 4096 }, { "4095", 4096 }, { "4096", 4096 }, { "4097", 4096 },
		{ "8191", 4096 }, { "8192", 8192 }, { "12288", 8192 }, { "65535", 32768 },
		{ "65536\n", 65536 }, { "0x10000", 65536 }, { "98304", 65536 },
		{ "2097151", 1048576 }, { "2097152", 2097152 },
	};

	(void)fd;
	pgem_window(16);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		pgem_write_file(PGEM_WINDOW, values[i].text);
		igt_assert_f(pgem_read_number(PGEM_WINDOW) == values[i].bytes,
			     "%s became %ld\n", values[i].text, pgem_read_number(PGEM_WINDOW));
	}
}

static void expect_refused(const char *text, int error)
{
	int ret = __pgem_write_file(PGEM_WINDOW, text);

	igt_assert_f(ret == error, "%s: %d\n", text, ret);
	igt_assert_eq(pgem_read_number(PGEM_WINDOW), 8 * PG);
}

static void too_large(int fd)
{
	static const char * const values[] = {
		"2097153", "3145728", "4194304", "1073741824", "4294967295",
	};

	(void)fd;
	pgem_window(8);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		expect_refused(values[i], -EINVAL);
	/* Not even a number of 32 bits, of which 4096 would be left */
	expect_refused("4294971392", -ERANGE);
}

static void bad_number(int fd)
{
	static const char * const values[] = {
		"many", "-1", "-4096", "64K", "4096 8192", "4096.5", "0x", " ", "\n", "8192x",
	};

	(void)fd;
	pgem_window(8);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		expect_refused(values[i], -EINVAL);
}

/* Also for objects and mappings that were there before. */
static void follows(int fd)
{
	struct around around;

	fd = pgem_open(PGEM_RENDER, O_RDWR);
	pgem_window(1);
	around_init(&around, fd, 16, 0);
	around_touch(&around, 2);
	pgem_expect_mapped(around.map, "..#.............");
	pgem_write_file(PGEM_WINDOW, "16384");
	around_touch(&around, 3);
	pgem_expect_mapped(around.map, "####............");
	pgem_write_file(PGEM_WINDOW, "2097152");
	around_touch(&around, 9);
	pgem_expect_range(around.map, 16, 0, 16);
	around_forget(&around);
	pgem_write_file(PGEM_WINDOW, "0");
	around_touch(&around, 9);
	pgem_expect_mapped(around.map, ".........#......");
	around_fini(&around);
	close(fd);
}

static void load(int fd)
{
	struct around around;

	igt_assert_eq(__pgem_unload(), 0);
	pgem_load("fault_around_bytes=20000");
	igt_assert_eq(pgem_read_number(PGEM_WINDOW), 16384);
	fd = pgem_open(PGEM_RENDER, O_RDWR);
	around_init(&around, fd, 16, 0);
	around_touch(&around, 9);
	pgem_expect_mapped(around.map, "........####....");
	around_fini(&around);
	close(fd);
	igt_assert_eq(__pgem_unload(), 0);
	pgem_load("");
	igt_assert_neq(pgem_read_number(PGEM_WINDOW), 16384);
}

static void load_bad(int fd)
{
	static const char * const params[] = {
		"fault_around_bytes=many", "fault_around_bytes=-1", "fault_around_bytes=2097153",
		"fault_around_bytes=", "fault_around_bytes",
	};

	(void)fd;
	igt_assert_eq(__pgem_unload(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		int ret = __pgem_load(params[i]);

		igt_assert_f(ret == -EINVAL, "%s: %d\n", params[i], ret);
		igt_assert(access(PGEM_MODULE_DIR, F_OK));
	}
	pgem_load("");
}

static const struct pgem_test tests[] = {
	{ "param-mode", mode, "It can be read and written in sysfs." },
	{ "param-takes", takes, "Bytes are rounded down to a power of two, at least a page." },
	{ "param-too-large", too_large, "More than a page table covers is refused." },
	{ "param-bad-number", bad_number, "What is no number is refused." },
	{ "param-follows", follows, "The next fault goes by it." },
	{ "param-load", load, "It can be given when the module is loaded." },
	{ "param-load-bad", load_bad, "A bad one is refused then, too." },
};

void around_param_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_NONE);
}
