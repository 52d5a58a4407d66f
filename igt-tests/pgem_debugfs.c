// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_debugfs
 *
 * The list of objects in debugfs. Other tests lean on it to see that nothing stays
 * behind, so it has to tell the truth.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check the list of objects in debugfs.");

static void list_path(char *path, size_t size)
{
	snprintf(path, size, "/sys/kernel/debug/dri/%d/bos", pgem_minor());
}

static void header(int fd)
{
	char path[64], text[1024], words[256] = "", *next;

	(void)fd;
	list_path(path, sizeof(path));
	igt_assert(pgem_read_file(path, text, sizeof(text)) > 0);
	text[strcspn(text, "\n")] = '\0';
	next = text;
	for (char *word; (word = strsep(&next, " "));) {
		if (!*word)
			continue;
		if (*words)
			strcat(words, " ");
		strcat(words, word);
	}
	igt_assert_f(!strcmp(words, PGEM_BOS_COLUMNS), "the columns are: %s\n", words);
}

static void empty(int fd)
{
	(void)fd;
	igt_assert_eq(pgem_objects(), 0);
}

static void size_and_resident(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 10);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).size, buf.size);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).resident, 0);
	pgem_fill(buf.map, 0, 4);
	igt_assert_eq_u64(pgem_line_of(fd, buf.handle).resident, 4 * PG);
	pgem_buf_fini(&buf);
}

static void process(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	struct pgem_line line = pgem_line_of(fd, handle);
	char comm[64];

	igt_assert(pgem_read_file("/proc/self/comm", comm, sizeof(comm)) > 0);
	comm[strcspn(comm, "\n")] = '\0';
	igt_assert_eq(line.pid, getpid());
	igt_assert_f(!strcmp(line.comm, comm), "%s is not %s\n", line.comm, comm);
	pgem_close(fd, handle);
}

/* What a process calls itself is one word of its line, and no line of its own. */
static void odd_name(int fd)
{
	static const struct {
		const char *name, *shown;
	} names[] = {
		{ "a\n   7 4096", "a\\012   7 4096" }, { "two words", "two words" },
		{ "\033[2J\r\t\177", "\\033[2J\\015\\011\\177" }, { "a\\012b", "a\\134012b" },
		{ "\303\244\233", "\\303\\244\\233" }, { "\n\n\n", "\\012\\012\\012" },
	};
	struct pgem_line line;
	char comm[16];

	igt_assert_eq(prctl(PR_GET_NAME, comm), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint32_t handle;

		igt_assert_eq(prctl(PR_SET_NAME, names[i].name), 0);
		handle = pgem_create(fd, PG);
		igt_assert_eq(prctl(PR_SET_NAME, comm), 0);
		/* An odd line ends the test, and one more than there should be is one too many. */
		igt_assert_eq(pgem_lines(&line, 1), 1);
		igt_assert_eq(line.pid, getpid());
		igt_assert_f(!strcmp(line.comm, names[i].shown), "%s is not %s\n", line.comm,
			     names[i].shown);
		pgem_close(fd, handle);
	}
}

struct list_job {
	int fd, list;
	unsigned long done;
};

/* The list is read whole while the objects in it come, get names and go. */
static const char *read_or_churn(void *arg)
{
	struct list_job *job = arg;
	static char text[1 << 18];

	while (pgem_race_on()) {
		if (job->list >= 0) {
			if (pread(job->list, text, sizeof(text), 0) <= 0)
				return "the list cannot be read";
		} else {
			uint32_t made[8];

			for (size_t i = 0; i < ARRAY_SIZE(made); i++)
				if (__pgem_create(job->fd, 2 * PG, &made[i]) ||
				    __pgem_label(job->fd, made[i], "churned"))
					return "an object cannot be made";
			for (size_t i = 0; i < ARRAY_SIZE(made); i++)
				if (__pgem_close(job->fd, made[(i * 3) % ARRAY_SIZE(made)]))
					return "an object cannot be closed";
		}
		pgem_race_won(&job->done);
	}
	return NULL;
}

static void race(int fd)
{
	struct list_job jobs[4];
	uint32_t old = pgem_create(fd, PG);
	char path[64];

	list_path(path, sizeof(path));
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		jobs[i] = (struct list_job){ .fd = fd, .list = -1 };
		if (i % 2)
			jobs[i].list = open(path, O_RDONLY | O_CLOEXEC);
		igt_assert(!(i % 2) || jobs[i].list >= 0);
	}
	pgem_race_time(3000, ARRAY_SIZE(jobs));
	pgem_race(ARRAY_SIZE(jobs), read_or_churn, jobs, sizeof(jobs[0]));
	igt_info("%lu rounds, %lu readings\n", jobs[0].done, jobs[1].done);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		igt_assert_lt_u64(0, jobs[i].done);
		if (jobs[i].list >= 0)
			close(jobs[i].list);
	}
	/* Reading left no reference, and took none too many. */
	igt_assert_eq(pgem_line_of(fd, old).handles, 1);
	pgem_close(fd, old);
	igt_assert_eq(pgem_objects(), 0);
}

static void handles(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	uint32_t handle = pgem_create(fd, PG), theirs;

	igt_assert_eq(pgem_line_of(fd, handle).handles, 1);
	dmabuf = pgem_export(fd, handle);
	igt_assert_eq(pgem_line_of(fd, handle).handles, 1);
	theirs = pgem_import(other, dmabuf);
	igt_assert_eq(pgem_line_of(fd, handle).handles, 2);
	pgem_close(other, theirs);
	igt_assert_eq(pgem_line_of(fd, handle).handles, 1);
	close(dmabuf);
	close(other);
	pgem_close(fd, handle);
}

static void dmabuf_column(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	struct pgem_line line;
	int dmabuf;

	igt_assert_eq(pgem_line_of(fd, handle).dmabuf, 0);
	dmabuf = pgem_export(fd, handle);
	igt_assert_eq(pgem_line_of(fd, handle).dmabuf, 1);
	pgem_close(fd, handle);
	igt_assert_eq(pgem_lines(&line, 1), 1);
	igt_assert_eq(line.handles, 0);
	close(dmabuf);
	igt_assert_eq(pgem_objects(), 0);
}

static void ids(int fd)
{
	unsigned long long last = 0;

	for (int i = 0; i < 20; i++) {
		uint32_t handle = pgem_create(fd, PG);
		struct pgem_line line = pgem_line_of(fd, handle);

		igt_assert_lt_u64(last, line.id);
		last = line.id;
		pgem_close(fd, handle);
	}
}

static void oldest_first(int fd)
{
	struct pgem_line lines[8];
	uint32_t made[8];

	for (size_t i = 0; i < 8; i++)
		made[i] = pgem_create(fd, (i + 1) * PG);
	igt_assert_eq(pgem_lines(lines, 8), 8);
	for (size_t i = 0; i < 8; i++) {
		igt_assert_eq_u64(lines[i].size, (i + 1) * PG);
		pgem_close(fd, made[i]);
	}
}

static void mapped_only(int fd)
{
	struct pgem_line line;
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 1);
	pgem_close(fd, buf.handle);
	igt_assert_eq(pgem_lines(&line, 1), 1);
	igt_assert_eq(line.handles, 0);
	pgem_unmap(buf.map, buf.size);
	igt_assert_eq(pgem_objects(), 0);
}

/* Read byte by byte, the list comes in many pieces. */
static void small_reads(int fd)
{
	char path[64], whole[2048], pieces[2048] = "";
	uint32_t made[4];
	int list, len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		made[i] = pgem_create(fd, PG);
	list_path(path, sizeof(path));
	igt_assert(pgem_read_file(path, whole, sizeof(whole)) > 0);
	list = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert(list >= 0);
	while (len < (int)sizeof(pieces) - 1 && read(list, pieces + len, 1) == 1)
		len++;
	close(list);
	igt_assert(!strcmp(whole, pieces));
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		pgem_close(fd, made[i]);
}

static void not_writable(int fd)
{
	char path[64];

	(void)fd;
	list_path(path, sizeof(path));
	igt_assert_lt(__pgem_write_file(path, "1"), 0);
}

/* What pgem_stats does not see: a new object has none of all that. */
static void new_object(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	struct pgem_line line = pgem_line_of(fd, handle);

	igt_assert_eq_u64(line.mapped, 0);
	igt_assert_eq(line.pins, 0);
	igt_assert(!strcmp(line.advice, "needed"));
	igt_assert(!strcmp(line.label, "-"));
	pgem_close(fd, handle);
}

/* A list that somebody has open does not keep the device from going. */
static void gone_when_unbound(int fd)
{
	char path[64], text[256];
	int list;

	(void)fd;
	list_path(path, sizeof(path));
	list = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert(list >= 0);
	pgem_unbind();
	igt_assert_lt(pgem_read_file(path, text, sizeof(text)), 0);
	igt_assert_lt(read(list, text, sizeof(text)), 0);
	close(list);
	pgem_bind();
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "header", header, "The first line names the columns." },
	{ "empty", empty, "There are no objects that nobody made." },
	{ "size-and-resident", size_and_resident, "Size and resident memory are the object's." },
	{ "new-object", new_object, "A new object is neither mapped, pinned nor named." },
	{ "process", process, "The process is the one that made the object." },
	{ "odd-name", odd_name, "A process's name cannot look like a line of the list." },
	{ "race", race, "The list is read while objects come and go." },
	{ "handles", handles, "Handles are counted." },
	{ "dmabuf", dmabuf_column, "It shows whether there is a dma-buf." },
	{ "ids", ids, "Numbers are not used again." },
	{ "oldest-first", oldest_first, "Objects are in order of age." },
	{ "mapped-only", mapped_only, "An object that is only mapped is listed." },
	{ "small-reads", small_reads, "Reading in pieces gives the same list." },
	{ "not-writable", not_writable, "The list cannot be written." },
	{ "gone-when-unbound", gone_when_unbound, "The list goes with the device." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
