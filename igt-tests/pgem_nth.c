// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: The n-th allocation or copy of an operation fails
 *
 * The kernel's fault injection, per thread: a number written to fail-nth makes that
 * call of this thread fail which is the n-th from then on, be it an allocation from
 * a slab, of pages, or a copy from or to user space. Reading gives the calls left; 0
 * says that the failure has happened.
 *
 * Not each failure is refused. The kernel tries again with less, or does without. Then
 * the operation has to succeed as ever.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_nth.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAIL_SLAB	"/sys/kernel/debug/failslab"
#define FAIL_PAGE	"/sys/kernel/debug/fail_page_alloc"
#define FAIL_COPY	"/sys/kernel/debug/fail_usercopy"
#define SLABS		"/sys/kernel/slab"

/* A slab that has to grow is a call more, but not in every try: see a few succeed. */
#define CLEAN_TRIES 3
/* Where all tries would take longer than that, some calls are left out, evenly. */
#define LIMIT_MS 30000
/* More calls than any operation makes */
#define NEVER 100000

/*
 * What fail-nth leaves to each kind: which allocations may fail. By default only few
 * do. The rest, like probability and times, does not count. Quiet, as each failure
 * would write a stack trace to the log.
 */
static const struct {
	const char *path, *text;
} settings[] = {
	{ FAIL_SLAB "/ignore-gfp-wait", "N" },
	{ FAIL_SLAB "/cache-filter", "Y" },
	{ FAIL_PAGE "/ignore-gfp-wait", "N" },
	{ FAIL_PAGE "/ignore-gfp-highmem", "N" },
	{ FAIL_PAGE "/min-order", "0" },
	{ FAIL_SLAB "/verbose", "0" },
	{ FAIL_PAGE "/verbose", "0" },
	{ FAIL_COPY "/verbose", "0" },
};

static int nth_fd = -1;

bool pgem_nth_possible(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (access(settings[i].path, W_OK))
			return false;
	return !access(FAIL_NTH, W_OK);
}

static bool may_fail(const char *slab, const char * const *only)
{
	/*
	 * These are the kernel's debugging. The first complains of failures while it
	 * holds a lock that the console wants, the other switches itself off.
	 */
	if (!strncmp(slab, "kmemleak", 8) || !strncmp(slab, "debug_objects", 13))
		return false;
	while (only && *only && strcmp(slab, *only))
		only++;
	return !only || *only;
}

/* Marks slabs for the cache-filter; without that, the mark means nothing. */
static void mark_slabs(const char * const *only)
{
	DIR *dir = opendir(SLABS);
	struct dirent *entry;

	igt_assert(dir);
	while ((entry = readdir(dir))) {
		char path[sizeof(SLABS) + sizeof(entry->d_name) + 16];

		snprintf(path, sizeof(path), SLABS "/%s/failslab", entry->d_name);
		/* Slabs that were merged into one refuse, and do not fail. */
		__pgem_write_file(path, may_fail(entry->d_name, only) ? "1" : "0");
	}
	closedir(dir);
}

/*
 * On the way back to user space the kernel tells restartable sequences about a thread that
 * was moved. A copy that fails there is no refusal, but a SIGSEGV. So the C library does
 * without; it does not say with which size it asked for them.
 */
static void leave_rseq(void)
{
	const unsigned long sizes[] = { 32, getauxval(AT_RSEQ_FEATURE_SIZE), 64 };
	char *area = (char *)__builtin_thread_pointer() + __rseq_offset;
	static bool is_left;

	if (!__rseq_size)
		is_left = true;
	for (size_t i = 0; !is_left && i < ARRAY_SIZE(sizes); i++)
		is_left = !syscall(SYS_rseq, area, sizes[i], RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
	igt_assert(is_left);
}

static void allow_failures(const struct pgem_nth *op)
{
	leave_rseq();
	mark_slabs(op->slabs);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		pgem_set(settings[i].path, settings[i].text);
	if (nth_fd < 0)
		nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	igt_assert(nth_fd >= 0);
}

static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	igt_assert_eq(write(nth_fd, text, len), len);
}

/*
 * Returns how many calls were left until the failure; 0: it has happened. To ask and
 * to write are copies, too: one that fails was the n-th itself, so one was left.
 */
static unsigned int disarm(void)
{
	char text[16] = "";
	unsigned int left;

	if (pread(nth_fd, text, sizeof(text) - 1, 0) < 0)
		return 1;
	left = strtoul(text, NULL, 10);
	while (left && write(nth_fd, "0", 1) < 0)
		igt_assert_eq(errno, EFAULT);
	return left;
}

static bool may_fail_so(const struct pgem_nth *op, int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(op->errors); i++)
		if (error && op->errors[i] == error)
			return true;
	return false;
}

/* Returns what disarm() does. */
static unsigned int try_nth(const struct pgem_nth *op, unsigned int n, unsigned int *refusals)
{
	unsigned int left;
	int ret;

	if (op->prepare)
		op->prepare();
	arm(n);
	ret = op->run();
	left = disarm();

	igt_assert_f(!ret || !left, "error %d without a failure\n", -ret);
	igt_assert_f(!ret || may_fail_so(op, -ret), "failure %u: error %d\n", n, -ret);
	op->check(ret);
	*refusals += !!ret;
	return left;
}

/* How far to go on: over some calls if the rest would take too long one by one. */
static unsigned int step(unsigned int tries, unsigned int calls_left, uint64_t elapsed)
{
	if (elapsed >= LIMIT_MS)
		return calls_left + 1;
	return calls_left * elapsed / tries / (LIMIT_MS - elapsed) + 1;
}

void pgem_nth_each(const struct pgem_nth *op)
{
	unsigned int calls, n = 1, tries = 1, clean = 0, failures = 0, refusals = 0;
	uint64_t start;

	allow_failures(op);
	/* First for code and data to come into memory, then to count. */
	try_nth(op, NEVER, &refusals);
	start = pgem_now_ms();
	calls = NEVER - try_nth(op, NEVER, &refusals);
	while (clean < CLEAN_TRIES) {
		bool failed = !try_nth(op, n, &refusals);

		igt_assert_lt(tries, NEVER);
		failures += failed;
		clean = failed ? 0 : clean + 1;
		n += step(++tries, n < calls ? calls - n : 0, pgem_now_ms() - start);
	}
	pgem_restore();

	igt_info("%u calls, %u failures, %u refusals, %u ms\n", calls, failures, refusals,
		 (unsigned int)(pgem_now_ms() - start));
	igt_assert_lte(op->refusals, refusals);
	igt_assert_lte(op->failures, failures);
}
