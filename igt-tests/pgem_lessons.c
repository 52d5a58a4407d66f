// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_lessons
 *
 * Runs the lessons in userspace/examples/, so that what they show stays true.
 */
#include <stdio.h>
#include <string.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_spawn.h"

IGT_TEST_DESCRIPTION("Check that the lessons work and say what they teach.");

/* A lesson's name is that of its subtest; the line is the one that it is about. */
static const struct {
	const char *name;
	const char *line;
} lessons[] = {
	{ "1-open", "create flags   1\n" },
	{ "2-create-map-write", "middle page:       hello, page in the middle\n" },
	{ "3-one-page-at-a-time", "\n         4096         16384         16384\n" },
	{ "4-share-dma-buf", "the parent reads: yes, they are\n" },
	{ "5-zero-copy", "object:            1048576 bytes, imported, 0 bytes of pgem's\n"
			 "read from memfd:   drawn through pgem\n"
			 "read through pgem: written to memfd\n" },
	{ "6-fences", "child:  is it drawn?    not yet\n"
		      "child:  it is, and says \"done\"\n"
		      "parent: a forgotten fence ends with: Operation canceled\n" },
};

static void run_lesson(const char *name, const char *line)
{
	struct pgem_process lesson;

	pgem_spawn(&lesson, "examples/%s", name);
	igt_assert_eq(pgem_spawn_wait(&lesson, 60), 0);
	igt_assert_f(strstr(lesson.out, line), "it does not say \"%s\"\n", line);
	igt_assert_eq(lesson.err[0], '\0');
	pgem_spawn_clean();
}

static void expect_failure(const char *name, const char *node)
{
	struct pgem_process lesson;

	pgem_spawn(&lesson, "examples/%s %s", name, node);
	igt_assert_eq(pgem_spawn_wait(&lesson, 60), 1);
	igt_assert(lesson.err[0]);
	pgem_spawn_clean();
}

int igt_main()
{
	for (volatile size_t i = 0; i < ARRAY_SIZE(lessons); i++) {
		igt_describe("The lesson ends well and prints the line that it is about.");
		igt_subtest(lessons[i].name) {
			pgem_begin(PGEM_NONE);
			run_lesson(lessons[i].name, lessons[i].line);
			pgem_end();
		}
	}

	igt_describe("With another driver's node, a lesson fails and says so.");
	igt_subtest("other-driver") {
		pgem_begin(PGEM_NONE);
		/* The first one takes no node. */
		for (size_t i = 1; i < ARRAY_SIZE(lessons); i++)
			expect_failure(lessons[i].name, "/dev/null");
		pgem_end();
	}
}
