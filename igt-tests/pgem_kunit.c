// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_kunit
 *
 * Runs the driver's KUnit tests (driver/tests/), and shows the result of each as a dynamic
 * subtest. Needs a kernel with KUnit.
 *
 * All run while the module is loaded, once. igt_kunit() loads it anew for each test, which
 * takes seconds on a kernel with KASAN: half an hour for all of them.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "igt_dynamic.h"
#include "pgem_sys.h"

IGT_TEST_DESCRIPTION("Run the driver's own unit tests.");

#define SUITES	"/sys/kernel/debug/kunit"
#define FILTER	"/sys/module/kunit/parameters/filter_glob"

/*
 * Of a suite's report (KTAP), the results of its tests are what is indented by four: "ok 1
 * name", "ok 1 name # SKIP why", "not ok 1 name". The lines before say what was wrong.
 */
static void judge(const char *suite, const char *line, const char *before)
{
	const char *ok = strstr(line, "ok ");
	char name[128];

	igt_assert_eq(sscanf(ok, "ok %*u %127s", name), 1);
	igt_dynamic_f("%s-%s", suite, name) {
		igt_require_f(!strstr(line, "# SKIP"), "%s", line);
		igt_assert_f(ok == line + 4, "%s", before);
	}
}

/* Returns how many tests have a result, and sets @planned to how many there are. */
static unsigned int judge_all(const char *suite, FILE *report, unsigned int *planned)
{
	char line[512], before[8192] = "";
	unsigned int tests = 0;
	size_t used = 0;

	while (fgets(line, sizeof(line), report)) {
		bool ok = !strncmp(line, "    ok ", 7) || !strncmp(line, "    not ok ", 11);

		if (!strncmp(line, "    1..", 7))
			igt_assert_eq(sscanf(line, " 1..%u", planned), 1);
		if (!ok) {
			used += snprintf(before + used, sizeof(before) - used, "%s", line);
			used = used < sizeof(before) ? used : sizeof(before) - 1;
			continue;
		}
		judge(suite, line, before);
		tests++;
		before[used = 0] = '\0';
	}
	return tests;
}

static void judge_suite(const char *suite)
{
	unsigned int planned = 0, tests;
	char path[512];
	FILE *report;

	snprintf(path, sizeof(path), SUITES "/%s/results", suite);
	report = fopen(path, "r");
	igt_assert(report);
	tests = judge_all(suite, report, &planned);
	fclose(report);
	igt_dynamic_f("%s", suite) {
		igt_assert_lt(0, tests);
		igt_assert_eq(tests, planned);
	}
}

static void unload(int sig)
{
	(void)sig;
	igt_kmod_unload("pgem_kunit");
}

int igt_main()
{
	igt_describe("Each unit test passes.");
	igt_subtest_with_dynamic("pgem") {
		struct dirent *entry;
		DIR *suites;

		igt_kmod_load("kunit", NULL);
		suites = opendir(SUITES);
		igt_require_f(suites, "the kernel has no KUnit\n");
		/* Tests of the kernel's own modules are not ours to run. */
		pgem_set(FILTER, "pgem*");
		igt_install_exit_handler(unload);
		igt_assert_eq(igt_kmod_load("pgem_kunit", NULL), 0);
		while ((entry = readdir(suites)))
			if (!strncmp(entry->d_name, "pgem", 4))
				judge_suite(entry->d_name);
		closedir(suites);
		pgem_restore();
		igt_assert_eq(igt_kmod_unload("pgem_kunit"), 0);
	}
}
