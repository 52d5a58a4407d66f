/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: What the files of pgem_library share
 */
#ifndef PGEM_LIBRARY_H
#define PGEM_LIBRARY_H

#include <stddef.h>
#include <stdio.h>

#include <pgem.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

/* Bytes in a buffer of pgem_library_create() */
#define PGEM_LIBRARY_SIZE	(16u << 10)

/* What memory is filled with that a call must leave alone */
#define PGEM_LIBRARY_UNTOUCHED	0x77

struct pgem_library_test {
	const char *name;
	void (*fn)(int fd);
	const char *description;
};

struct pgem_bo pgem_library_create(int fd);
int pgem_library_export(const struct pgem_bo *bo);
void pgem_library_expect_untouched(const void *p, size_t size);

/* A file of the device's folder in debugfs */
FILE *pgem_library_debugfs(int fd, const char *name, const char *mode);

/* Runs each entry of a table as a subtest, which has to leave no object. */
void pgem_library_run(const struct pgem_library_test *list, size_t count);

/* More subtests of pgem_library; called from its igt_main(). */
void pgem_library_fence_subtests(void);
void pgem_library_memory_subtests(void);

#endif /* PGEM_LIBRARY_H */
