/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_TEST_THREAD_H_
#define _PGEM_TEST_THREAD_H_

#include <linux/completion.h>
#include <linux/types.h>

struct kunit;
struct mm_struct;
struct task_struct;

/**
 * struct pgem_test_thread - a thread beside the test's own
 */
struct pgem_test_thread {
	/** @task: its task, until it was started */
	struct task_struct *task;

	/** @run: what it does */
	void (*run)(void *data);

	/** @data: argument of @run */
	void *data;

	/** @mm: address space that it uses, the test's */
	struct mm_struct *mm;

	/** @done: completed once by the thread, when @run has returned */
	struct completion done;

	/** @ended: somebody has waited for @done, with success */
	bool ended;
};

void pgem_test_thread_create(struct kunit *test, struct pgem_test_thread *thread,
			     void (*run)(void *data), void *data);
void pgem_test_thread_start(struct pgem_test_thread *thread);
bool pgem_test_thread_ends(struct pgem_test_thread *thread, unsigned int ms);
void pgem_test_thread_join(struct pgem_test_thread *thread);

#endif /* _PGEM_TEST_THREAD_H_ */
