// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_label
 *
 * Names that clients give objects. They end up where root reads, so what is shown has
 * to be one word of plain characters, whatever a client thinks of.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"

IGT_TEST_DESCRIPTION("Check GEM_LABEL.");

#define LABEL_MS 1000

static void expect_label(int fd, uint32_t handle, const char *label)
{
	struct pgem_line line = pgem_line_of(fd, handle);

	igt_assert_f(!strcmp(line.label, label), "the label is: %s\n", line.label);
}

static void set(int fd)
{
	uint32_t handle = pgem_create(fd, PG), other = pgem_create(fd, PG);

	expect_label(fd, handle, "-");
	pgem_label(fd, handle, "frame-0");
	expect_label(fd, handle, "frame-0");
	expect_label(fd, other, "-");
	pgem_close(fd, handle);
	pgem_close(fd, other);
}

static void replace(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	pgem_label(fd, handle, "a-long-name-to-begin-with");
	pgem_label(fd, handle, "b");
	expect_label(fd, handle, "b");
	pgem_label(fd, handle, "another-long-name");
	expect_label(fd, handle, "another-long-name");
	pgem_close(fd, handle);
}

static void clear(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	pgem_label(fd, handle, NULL);
	expect_label(fd, handle, "-");
	pgem_label(fd, handle, "name");
	pgem_label(fd, handle, NULL);
	expect_label(fd, handle, "-");
	pgem_label(fd, handle, "name");
	pgem_label(fd, handle, "");
	expect_label(fd, handle, "-");
	pgem_close(fd, handle);
}

/* The bytes behind the closing zero cannot be read, and need not be. */
static char *at_end(size_t length)
{
	char *pages = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	char *label = pages + PG - length - 1;

	igt_assert(pages != MAP_FAILED);
	igt_assert_eq(mprotect(pages + PG, PG, PROT_NONE), 0);
	memset(label, 'x', length);
	return label;
}

static void free_at_end(char *label, size_t length)
{
	pgem_unmap(label + length + 1 - PG, 2 * PG);
}

static void longest(int fd)
{
	const size_t length = DRM_PGEM_LABEL_SIZE - 1;
	uint32_t handle = pgem_create(fd, PG);
	char *label = at_end(length);

	pgem_label(fd, handle, label);
	expect_label(fd, handle, label);
	free_at_end(label, length);
	pgem_close(fd, handle);
}

static void bad_length(int fd)
{
	const size_t length = DRM_PGEM_LABEL_SIZE;
	uint32_t handle = pgem_create(fd, PG);
	char *label = at_end(length);

	pgem_label(fd, handle, "name");
	igt_assert_eq(__pgem_label(fd, handle, label), -E2BIG);
	/* Nor is more read than the longest can have. */
	memset(label, 'x', length + 1);
	igt_assert_eq(__pgem_label(fd, handle, label), -E2BIG);
	expect_label(fd, handle, "name");
	free_at_end(label, length);
	pgem_close(fd, handle);
}

static void bad_pointer(int fd)
{
	uint32_t handle = pgem_create(fd, PG);
	char *label = at_end(3);

	pgem_label(fd, handle, "name");
	igt_assert_eq(__pgem_label(fd, handle, label + 4), -EFAULT);
	igt_assert_eq(__pgem_label(fd, handle, (char *)8), -EFAULT);
	igt_assert_eq(__pgem_label(fd, handle, (char *)(INTPTR_MIN + 64)), -EFAULT);
	/* It begins well, and has no end before the hole. */
	label[3] = 'x';
	igt_assert_eq(__pgem_label(fd, handle, label), -EFAULT);
	expect_label(fd, handle, "name");
	free_at_end(label, 3);
	pgem_close(fd, handle);
}

static void bad_pad(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (uint32_t pad = 1; pad; pad <<= 1) {
		struct drm_pgem_gem_label arg = { .handle = handle, .pad = pad };

		igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_LABEL, &arg), -EINVAL);
	}
	pgem_close(fd, handle);
}

/* P26 */
static void bad_handle(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR);
	uint32_t theirs = pgem_create(other, PG);

	igt_assert_eq(__pgem_label(fd, theirs, "name"), -ENOENT);
	igt_assert_eq(__pgem_label(fd, 0, "name"), -ENOENT);
	igt_assert_eq(__pgem_label(fd, 0, NULL), -ENOENT);
	igt_assert_eq(__pgem_label(fd, UINT32_MAX, "name"), -ENOENT);
	expect_label(other, theirs, "-");
	pgem_close(other, theirs);
	close(other);
}

static const struct {
	const char *label, *shown;
} odd[] = {
	{ "two words", "two\\040words" },
	{ "two\nlines", "two\\012lines" },
	{ "a\ttab", "a\\011tab" },
	{ "back\\slash", "back\\134slash" },
	{ " ", "\\040" },
	{ "\rover", "\\015over" },
	{ "\033[31mred", "\\033[31mred" },
	{ "\303\244", "\\303\\244" },
};

static void escaped(int fd)
{
	uint32_t handle = pgem_create(fd, PG);

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		pgem_label(fd, handle, odd[i].label);
		expect_label(fd, handle, odd[i].shown);
	}
	pgem_close(fd, handle);
}

/* One for the object, whoever gives it, and also for another driver's memory. */
static void shared(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), dmabuf;
	uint32_t handle = pgem_create(fd, PG), theirs;

	dmabuf = pgem_export(fd, handle);
	theirs = pgem_import(other, dmabuf);
	pgem_label(fd, handle, "mine");
	expect_label(other, theirs, "mine");
	pgem_label(other, theirs, "theirs");
	expect_label(fd, handle, "theirs");
	pgem_close(fd, handle);
	expect_label(other, theirs, "theirs");
	close(dmabuf);
	pgem_close(other, theirs);
	close(other);
}

/* One for each of the threads that label; none is "-" in the list. */
static const char * const labels[] = { "first-label", "2nd", NULL };

static const char *labeller(struct pgem_racer *racer)
{
	if (__pgem_label(racer->fd, racer->buf->handle, labels[racer->number]))
		return "labelling failed";
	return NULL;
}

static const char *reader(struct pgem_racer *racer)
{
	struct pgem_line line;

	(void)racer;
	if (pgem_lines(&line, 1) != 1)
		return "there are other objects";
	if (strcmp(line.label, labels[0]) && strcmp(line.label, labels[1]) &&
	    strcmp(line.label, "-"))
		return "a label that nobody gave";
	return NULL;
}

static void race(int fd)
{
	const char *(*steps[])(struct pgem_racer *) = { labeller, labeller, labeller, reader };
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 1);
	pgem_race_steps(LABEL_MS, steps, ARRAY_SIZE(steps), fd, &buf);
	pgem_buf_fini(&buf);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "set", set, "A label is the object's." },
	{ "replace", replace, "The last one given is the label." },
	{ "clear", clear, "A label can be taken away." },
	{ "longest", longest, "A label of 63 characters is whole." },
	{ "bad-length", bad_length, "One of 64 is refused." },
	{ "bad-pointer", bad_pointer, "One that cannot be read is refused." },
	{ "bad-pad", bad_pad, "A set pad is refused." },
	{ "bad-handle", bad_handle, "Other files' objects cannot be labelled." },
	{ "escaped", escaped, "What is shown is one word of plain characters." },
	{ "shared", shared, "All who have the object see and give the same." },
	{ "race", race, "Labels that are given and read at the same time are whole." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
