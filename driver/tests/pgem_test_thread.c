// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Test thread
 *
 * A second thread, in the test's address space, for what waits: the test goes on, sees
 * that the other one waits, and lets it go. What should not wait runs in such a thread,
 * too, so that a test of it fails rather than hangs.
 *
 * Between pgem_test_thread_create() and pgem_test_thread_join() a test uses no
 * KUNIT_ASSERT, which would end it before the thread.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "pgem_test_thread.h"

static int pgem_test_thread_main(void *data)
{
	struct pgem_test_thread *thread = data;

	if (thread->mm)
		kthread_use_mm(thread->mm);
	thread->run(thread->data);
	if (thread->mm)
		kthread_unuse_mm(thread->mm);

	/* The module may go as soon as it is complete. */
	kthread_complete_and_exit(&thread->done, 0);
}

/**
 * pgem_test_thread_create() - make a thread that does not run yet
 * @test: test; ends here if that fails
 * @thread: thread, set up by this
 * @run: what it is to do
 * @data: argument of @run
 */
void pgem_test_thread_create(struct kunit *test, struct pgem_test_thread *thread,
			     void (*run)(void *data), void *data)
{
	thread->run = run;
	thread->data = data;
	thread->mm = current->mm;
	thread->ended = false;
	init_completion(&thread->done);

	thread->task = kthread_create(pgem_test_thread_main, thread, "pgem-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread->task);
}

/**
 * pgem_test_thread_start() - let a thread run
 * @thread: thread
 *
 * Does not sleep.
 */
void pgem_test_thread_start(struct pgem_test_thread *thread)
{
	wake_up_process(thread->task);
}

/**
 * pgem_test_thread_ends() - wait for the end of a thread, for some time
 * @thread: thread
 * @ms: how long to wait, in milliseconds
 *
 * Return: true if it has ended.
 */
bool pgem_test_thread_ends(struct pgem_test_thread *thread, unsigned int ms)
{
	if (!thread->ended)
		thread->ended = wait_for_completion_timeout(&thread->done, msecs_to_jiffies(ms));

	return thread->ended;
}

/**
 * pgem_test_thread_join() - wait for the end of a thread, however long it takes
 * @thread: thread, started
 */
void pgem_test_thread_join(struct pgem_test_thread *thread)
{
	if (!thread->ended)
		wait_for_completion(&thread->done);
	thread->ended = true;
}
