// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_watch
 *
 * What pgem-info --watch draws of objects that the test has made, where its output is no
 * terminal. What changes is in pgem_watch_time.c, what is seen without debugfs in
 * pgem_watch_fdinfo.c, terminals are in pgem_watch_terminal.c.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_spawn.h"
#include "pgem_sync.h"
#include "pgem_watch.h"

IGT_TEST_DESCRIPTION("Check what pgem-info --watch shows.");

void pgem_watch_draw(struct pgem_process *info, const char *columns, const char *locale)
{
	setenv("COLUMNS", columns, 1);
	setenv("LC_ALL", locale, 1);
	pgem_spawn(info, WATCH_PROGRAM " --watch --count 1");
	unsetenv("COLUMNS");
	unsetenv("LC_ALL");
	igt_assert_eq(pgem_spawn_wait(info, WATCH_SECONDS), 0);
	igt_assert_eq(info->err[0], '\0');
}

const char *pgem_watch_line(const struct pgem_process *info, const char *format, ...)
{
	char line[512] = "\n";
	const char *found;
	va_list args;

	va_start(args, format);
	igt_assert_lt(vsnprintf(line + 1, sizeof(line) - 1, format, args), sizeof(line) - 1);
	va_end(args);
	found = strstr(info->out, line);
	igt_assert_f(found, "no line begins with \"%s\"\n", line + 1);
	return found;
}

const char *pgem_watch_row(const struct pgem_process *info, const char *sizes, const char *bar,
			   const char *name)
{
	char row[256] = "", copy[128], *size, *rest = copy;

	igt_assert_lt(snprintf(copy, sizeof(copy), "%s", sizes), sizeof(copy));
	while ((size = strsep(&rest, "|")))
		snprintf(row + strlen(row), sizeof(row) - strlen(row), "%11s", size);
	return pgem_watch_line(info, "%s  %s  %s", row, bar, name);
}

unsigned int pgem_watch_minor(int fd)
{
	struct stat st;

	igt_assert_eq(fstat(fd, &st), 0);
	return minor(st.st_rdev);
}

static uint64_t id_of(const struct pgem_buf *buf)
{
	return pgem_line_of(buf->fd, buf->handle).id;
}

/* What a row is called that is about an object, or a process */
static const char *object(int fd, uint32_t handle, const char *label)
{
	static char name[128];

	snprintf(name, sizeof(name), "  #%llu%s\n", pgem_line_of(fd, handle).id, label);
	return name;
}

static const char *process(pid_t pid)
{
	static char name[32];

	snprintf(name, sizeof(name), "%d pgem_watch\n", pid);
	return name;
}

/* A process, its objects, and all of them, each with sizes that nothing else has */
static void show_objects(int fd)
{
	struct pgem_process info;
	struct pgem_buf one, two;

	pgem_buf_init(&one, fd, 48);
	pgem_fill(one.map, 0, 12);
	pgem_label(fd, one.handle, "canvas");
	pgem_buf_init(&two, fd, 24);
	pgem_fill(two.map, 0, 4);
	igt_assert_eq(madvise(two.map, 2 * PG, MADV_DONTNEED), 0);
	pgem_dontneed(fd, two.handle);
	pgem_watch_draw(&info, "80", "C");
	pgem_watch_line(&info, "pgem renderD%u: 2 objects of 1 process\n", pgem_watch_minor(fd));
	pgem_watch_row(&info, "SIZE|RESIDENT|PURGEABLE|MAPPED", "            ", "PROCESS, ");
	pgem_watch_row(&info, "288 KiB|64 KiB|16 KiB|56 KiB", "##..........", "all\n");
	pgem_watch_row(&info, "288 KiB|64 KiB|16 KiB|56 KiB", "##..........", process(getpid()));
	pgem_watch_row(&info, "192 KiB|48 KiB|-|48 KiB", "###.........",
		       object(fd, one.handle, " canvas"));
	pgem_watch_row(&info, "96 KiB|16 KiB|16 KiB|8 KiB", "#=..........",
		       object(fd, two.handle, ""));
	pgem_buf_fini(&one);
	pgem_buf_fini(&two);
}

static void show_none(int fd)
{
	struct pgem_process info;

	pgem_watch_draw(&info, "80", "C");
	pgem_watch_line(&info, "pgem renderD%u: 0 objects of 0 processes\n", pgem_watch_minor(fd));
	igt_assert(!strstr(info.out, "RESIDENT"));
}

static void show_purged(int fd)
{
	struct pgem_process info;
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 48);
	pgem_fill(buf.map, 0, 12);
	pgem_dontneed(fd, buf.handle);
	pgem_shrink(PGEM_SHRINK_ALL);
	pgem_watch_draw(&info, "80", "C");
	pgem_watch_row(&info, "192 KiB|0 bytes|purged|0 bytes", "............",
		       object(fd, buf.handle, ""));
	pgem_buf_fini(&buf);
}

static void show_imported(int fd)
{
	int dmabuf = pgem_udmabuf(48);
	uint32_t handle = pgem_import(fd, dmabuf);
	uint8_t *map = pgem_map(fd, handle, 48 * PG);
	struct pgem_process info;

	close(dmabuf);
	pgem_fill(map, 0, 48);
	pgem_watch_draw(&info, "80", "C");
	pgem_watch_row(&info, "192 KiB|0 bytes|-|0 bytes", "............",
		       object(fd, handle, " imported"));
	pgem_unmap(map, 48 * PG);
	pgem_close(fd, handle);
}

/* A page is an eighth of a column. */
static const struct {
	unsigned int resident, mapped;
	const char *ascii, *utf8;
} bar_cases[] = {
	{ 0, 0, "............", "············" },
	{ 1, 1, "#...........", "▏···········" },
	{ 1, 0, "=...........", "▒···········" },
	{ 8, 8, "#...........", "█···········" },
	{ 13, 13, "#...........", "█▋··········" },
	{ 48, 48, "######......", "██████······" },
	{ 48, 0, "======......", "▒▒▒▒▒▒······" },
	{ 48, 12, "#=====......", "█▌▒▒▒▒······" },
	{ 95, 95, "###########.", "███████████▉" },
	{ 95, 0, "===========.", "▒▒▒▒▒▒▒▒▒▒▒·" },
	{ 96, 95, "###########=", "███████████▉" },
	{ 96, 96, "############", "████████████" },
};

static void expect_bars(const struct pgem_buf *bufs, bool utf8)
{
	struct pgem_process info;

	pgem_watch_draw(&info, "80", utf8 ? "C.UTF-8" : "C");
	for (size_t i = 0; i < ARRAY_SIZE(bar_cases); i++) {
		char row[128];

		snprintf(row, sizeof(row), "  %s    #%" PRIu64 "\n",
			 utf8 ? bar_cases[i].utf8 : bar_cases[i].ascii, id_of(&bufs[i]));
		igt_assert_f(strstr(info.out, row), "%s\n", row);
	}
}

static void show_bars(int fd)
{
	struct pgem_buf bufs[ARRAY_SIZE(bar_cases)];

	for (size_t i = 0; i < ARRAY_SIZE(bar_cases); i++) {
		unsigned int idle = bar_cases[i].resident - bar_cases[i].mapped;

		pgem_buf_init(&bufs[i], fd, WATCH_BAR * 8);
		pgem_fill(bufs[i].map, 0, bar_cases[i].resident);
		if (idle)
			igt_assert_eq(madvise(bufs[i].map, idle * PG, MADV_DONTNEED), 0);
	}
	expect_bars(bufs, false);
	expect_bars(bufs, true);
	for (size_t i = 0; i < ARRAY_SIZE(bar_cases); i++)
		pgem_buf_fini(&bufs[i]);
}

/* By what is resident, not by size or age */
static void show_order(int fd)
{
	struct pgem_buf bufs[4];
	static const unsigned int pages[] = { 3, 9, 0, 5 };
	static const unsigned int sorted[] = { 1, 3, 0, 2 };
	struct pgem_process info;
	const char *last = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
		pgem_buf_init(&bufs[i], fd, 64 - 8 * i);
		pgem_fill(bufs[i].map, 0, pages[i]);
	}
	pgem_watch_draw(&info, "80", "C");
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++) {
		char name[32];
		const char *found;

		snprintf(name, sizeof(name), "  #%" PRIu64 "\n", id_of(&bufs[sorted[i]]));
		found = strstr(info.out, name);
		igt_assert(found && found > last);
		last = found;
	}
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		pgem_buf_fini(&bufs[i]);
}

static void expect_processes(int fd, const struct pgem_buf *mine)
{
	struct pgem_process info;
	const char *lines[4];
	struct pgem_buf own;

	pgem_buf_init(&own, fd, 16);
	pgem_fill(own.map, 0, 8);
	pgem_watch_draw(&info, "80", "C");
	lines[0] = pgem_watch_row(&info, "64 KiB|32 KiB|0 bytes|32 KiB", "######......",
				  process(getpid()));
	lines[1] = pgem_watch_row(&info, "64 KiB|32 KiB|-|32 KiB", "######......",
				  object(fd, own.handle, ""));
	lines[2] = pgem_watch_row(&info, "64 KiB|16 KiB|0 bytes|16 KiB", "###.........",
				  process(getppid()));
	lines[3] = pgem_watch_row(&info, "64 KiB|16 KiB|-|16 KiB", "###.........",
				  object(fd, mine->handle, ""));
	igt_assert(lines[0] < lines[1] && lines[1] < lines[2] && lines[2] < lines[3]);
	pgem_watch_row(&info, "128 KiB|48 KiB|0 bytes|48 KiB", "####........", "all\n");
	pgem_buf_fini(&own);
}

/* The child has more, so it comes first; what is its own is below it. */
static void show_processes(int fd)
{
	struct pgem_buf mine;

	pgem_buf_init(&mine, fd, 16);
	pgem_fill(mine.map, 0, 4);
	igt_fork(child, 1)
		expect_processes(fd, &mine);
	igt_waitchildren();
	pgem_buf_fini(&mine);
}

/* Labels and processes' names are what their owners like. */
static void control_characters(int fd)
{
	struct pgem_process info;
	char comm[16];
	struct pgem_buf buf;

	igt_assert_eq(prctl(PR_GET_NAME, comm), 0);
	igt_assert_eq(prctl(PR_SET_NAME, "a\033[31m\302\233b"), 0);
	pgem_buf_init(&buf, fd, 1);
	igt_assert_eq(prctl(PR_SET_NAME, comm), 0);
	pgem_label(fd, buf.handle, "c\033[31m\n\302\233d");
	pgem_watch_draw(&info, "160", "C.UTF-8");
	for (const char *p = info.out; *p; p++)
		igt_assert((uint8_t)*p >= ' ' || *p == '\n');
	igt_assert(!strstr(info.out, "\302\233") && !strchr(info.out, '\177'));
	igt_assert(strstr(info.out, " a\\033[31m\\302\\233b\n"));
	igt_assert(strstr(info.out, " c\\033[31m\\012\\302\\233d\n"));
	pgem_buf_fini(&buf);
}

static size_t columns_of(const char *line)
{
	size_t columns = 0;

	/* All bytes of a character but its first are 10xxxxxx. */
	for (; *line && *line != '\n'; line++)
		columns += ((uint8_t)*line & 0xc0) != 0x80;
	return columns;
}

static void show_narrow(int fd)
{
	struct pgem_process info;
	struct pgem_buf buf;
	static const int widths[] = { 200, 100, 80, 79, 65, 64, 40, 22, 21, 10, 1 };
	char columns[16], label[DRM_PGEM_LABEL_SIZE];

	pgem_buf_init(&buf, fd, 96);
	pgem_fill(buf.map, 0, 37);
	/* As long as it can be */
	snprintf(label, sizeof(label), "a label %055d", 0);
	pgem_label(fd, buf.handle, label);
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		int width = widths[i];

		snprintf(columns, sizeof(columns), "%d", width);
		pgem_watch_draw(&info, columns, "C.UTF-8");
		for (const char *line = info.out; line[0]; line += strcspn(line, "\n") + 1)
			igt_assert_lte(columns_of(line), width);
		/* As long as there is room for it, it is seen what is most wanted. */
		if (width >= 22)
			pgem_watch_line(&info, "    384 KiB    148 KiB");
		if (width >= 64)
			igt_assert(strstr(info.out, "█") && strstr(info.out, "a\\040label"));
	}
	pgem_buf_fini(&buf);
}

static const struct {
	const char *options, *message;
} refused_cases[] = {
	{ "--watch x", "x: not a number of seconds from 0.1 to 3600\n" },
	{ "--watch 0.09", "0.09: not a number of seconds" },
	{ "--watch 3601", "3601: not a number of seconds" },
	{ "--watch=", ": not a number of seconds" },
	{ "--watch inf", "inf: not a number of seconds" },
	{ "--watch 1 2", "2: no arguments are taken\n" },
	{ "--watch --count 0", "0: not a number of frames\n" },
	{ "--watch --count 1x", "1x: not a number of frames\n" },
	{ "--watch --count -1", "-1: not a number of frames\n" },
	{ "--count 1", "--count goes with --watch\n" },
	{ "--json --watch", "--json and --watch do not go together\n" },
};

static void refuse(int fd)
{
	struct pgem_process info;

	(void)fd;
	for (size_t i = 0; i < ARRAY_SIZE(refused_cases); i++) {
		pgem_spawn(&info, WATCH_PROGRAM " %s", refused_cases[i].options);
		igt_assert_eq(pgem_spawn_wait(&info, WATCH_SECONDS), 2);
		igt_assert_f(strstr(info.err, refused_cases[i].message), "%s\n", info.err);
		igt_assert(strstr(info.err, "usage: pgem-info "));
		igt_assert_eq(info.out[0], '\0');
	}
}

static const struct pgem_test tests[] = {
	{ "objects", show_objects, "Device, process and objects with their sizes." },
	{ "none", show_none, "A device without an object." },
	{ "purged", show_purged, "A purged object is called that." },
	{ "imported", show_imported, "Another driver's memory is not resident." },
	{ "bars", show_bars, "Bars are as long as they should be, in either kind." },
	{ "order", show_order, "Most resident comes first." },
	{ "processes", show_processes, "So it does with processes, each with its own." },
	{ "control-characters", control_characters, "No name reaches into the terminal." },
	{ "narrow", show_narrow, "No line is too long, and what matters most stays." },
	{ "refused", refuse, "What makes no sense is refused." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
	pgem_watch_fdinfo_subtests();
	pgem_watch_time_subtests();
	pgem_watch_terminal_subtests();
}
