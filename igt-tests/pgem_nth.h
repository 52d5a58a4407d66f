/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: The n-th allocation or copy of an operation fails; see pgem_nth.c
 */
#ifndef PGEM_NTH_H
#define PGEM_NTH_H

#include <stdbool.h>

/* An operation, to be done over and over. What it works on is the test's affair. */
struct pgem_nth {
	/* Makes what run() needs; may be missing. */
	void (*prepare)(void);

	/* With a failure ahead: the operation and nothing else. 0 or a negative errno. */
	int (*run)(void);

	/* Asserts that all is as run()'s result says, and undoes prepare() and run(). */
	void (*check)(int ret);

	/* The numbers that errno may have; none: the operation must not fail */
	int errors[4];

	/* Slabs of which allocations fail, up to a NULL; missing: all of them */
	const char * const *slabs;

	/* At least so many tries have to be refused, to see that something was injected */
	unsigned int refusals;

	/* The same for failures that nobody gets to see, where none is refused */
	unsigned int failures;
};

/* False where the kernel has no fault injection. */
bool pgem_nth_possible(void);

/* Does the operation with its first, second, … allocation or copy failing. */
void pgem_nth_each(const struct pgem_nth *op);

#endif /* PGEM_NTH_H */
