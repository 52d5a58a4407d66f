// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: a control group
 *
 * It is gone when the program ends, however it does.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_group.h"
#include "pgem_lib.h"
#include "pgem_zram.h"

#define SWAP_MIB 16

void pgem_group_remove(void)
{
	/* The kernel may still be busy with the last process's end. */
	for (int i = 0; i < 100 && rmdir(PGEM_GROUP) && errno == EBUSY; i++)
		usleep(10000);
}

static void cleanup(int sig)
{
	(void)sig;
	pgem_group_remove();
}

void pgem_group_make(void)
{
	static bool installed;

	if (!installed)
		igt_install_exit_handler(cleanup);
	installed = true;

	pgem_group_remove();
	pgem_write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	igt_assert_eq(mkdir(PGEM_GROUP, 0755), 0);
}

int __pgem_group_join(void)
{
	return __pgem_write_file(PGEM_GROUP "/cgroup.procs", "0");
}

unsigned long pgem_group_charged(void)
{
	return pgem_read_number(PGEM_GROUP "/memory.current");
}

void pgem_group_reclaim(void)
{
	int ret = __pgem_write_file(PGEM_GROUP "/memory.reclaim", "16M");

	/* Refused when less could be had than was asked for. */
	igt_assert(ret == 0 || ret == -EAGAIN);
}

void pgem_group_reclaim_mapped(void)
{
	/* One look to see that it is idle, one to take it. */
	for (int i = 0; i < 4; i++)
		pgem_group_reclaim();
}

void pgem_group_run(int fd, void (*fn)(int fd))
{
	igt_fork(child, 1) {
		igt_assert_eq(__pgem_group_join(), 0);
		fn(fd);
	}
	igt_waitchildren();
}

void pgem_group_with_swap(int fd, void (*fn)(int fd))
{
	pgem_group_make();
	pgem_zram_on(SWAP_MIB);
	pgem_group_run(fd, fn);
	pgem_zram_off();
	pgem_group_remove();
}
