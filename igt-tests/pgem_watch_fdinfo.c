// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_watch: without debugfs
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_spawn.h"
#include "pgem_sync.h"
#include "pgem_watch.h"

/* Files that are duplicates, or a child's, count once; another one counts, too. */
static void expect_clients(int fd)
{
	int other = pgem_open(PGEM_RENDER, O_RDWR), twin = dup(fd);
	uint32_t theirs = pgem_create(other, 8 * PG);
	struct pgem_process info;
	struct pgem_buf buf;
	char process[32];
	uint32_t fence;

	snprintf(process, sizeof(process), "%d pgem_watch\n", getpid());
	pgem_buf_init(&buf, fd, 48);
	pgem_fill(buf.map, 0, 12);
	pgem_dontneed(fd, buf.handle);
	pgem_watch_draw(&info, "80", "C");
	pgem_watch_row(&info, "SIZE|RESIDENT|PURGEABLE|SHARED", "            ", "PROCESS");
	pgem_watch_row(&info, "224 KiB|48 KiB|48 KiB|0 bytes", "==..........", "all\n");
	pgem_watch_row(&info, "224 KiB|48 KiB|48 KiB|0 bytes", "==..........", process);
	igt_assert(!strstr(info.out, "    #"));
	fence = pgem_fence_attach(fd, buf.handle, 0);
	pgem_watch_draw(&info, "100", "C");
	pgem_watch_row(&info, "224 KiB|48 KiB|0 bytes|0 bytes|48 KiB", "====.................",
		       process);
	pgem_fence_signal(fd, fence);
	pgem_buf_fini(&buf);
	pgem_close(other, theirs);
	close(other);
	close(twin);
}

static void no_debugfs(int fd)
{
	(void)fd;
	igt_fork(child, 1) {
		int own = pgem_open(PGEM_RENDER, O_RDWR);
		struct pgem_process info;

		igt_assert_eq(unshare(CLONE_NEWNS), 0);
		igt_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		igt_assert_eq(umount2("/sys/kernel/debug", MNT_DETACH), 0);
		expect_clients(own);
		pgem_watch_draw(&info, "80", "C");
		igt_assert(strstr(info.out, ": 2 processes; objects: debugfs not mounted?\n"));
		close(own);
	}
	igt_waitchildren();
}

/* Becomes somebody who may open the device, and whom others of that kind may look at. */
static void become_nobody(int fd)
{
	struct stat st;

	/* As udev has it, where there is one. */
	igt_assert_eq(fchmod(fd, 0660), 0);
	igt_assert_eq(fstat(fd, &st), 0);
	igt_assert_eq(setgroups(0, NULL), 0);
	igt_assert_eq(setgid(st.st_gid), 0);
	igt_assert_eq(setuid(65534), 0);
	igt_assert_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

static void not_root(int fd)
{
	uint32_t roots = pgem_create(fd, 1000 * PG);
	struct stat st;

	(void)roots;
	igt_fork(child, 1) {
		int own = __pgem_open(PGEM_RENDER, O_RDWR);
		struct pgem_process info;

		/* It would be this one's, too. */
		close(fd);
		become_nobody(own);
		igt_assert_f(!stat("/proc/self/exe", &st), "the build is not for all to read\n");
		expect_clients(own);
		pgem_watch_draw(&info, "80", "C");
		igt_assert(strstr(info.out, ": 1 process; objects: for root only\nnot seen: "));
		close(own);
	}
	igt_waitchildren();
	pgem_close(fd, roots);
}

static const struct pgem_test tests[] = {
	{ "no-debugfs", no_debugfs, "Without debugfs, fdinfo tells of processes." },
	{ "not-root", not_root, "So it does for those who are not root, of their own." },
};

void pgem_watch_fdinfo_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
