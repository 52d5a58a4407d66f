// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests of programs share
 *
 * Programs are those of the build that the test belongs to. What they print is kept in
 * files in memory, so that none waits for a reader; stdin is empty. A program whose test
 * has ended is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_spawn.h"

#define MAX_ARGS 16

/* Safe after fork(): no assertion, no allocation. */
static void run(const struct pgem_process *process, const char *path, char *const *args)
{
	int in = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(process->out_fd, STDOUT_FILENO) >= 0 &&
	    dup2(process->err_fd, STDERR_FILENO) >= 0)
		execv(path, args);
	_exit(126);
}

void pgem_spawn_path(const char *program, char path[PATH_MAX])
{
	char self[PATH_MAX] = "";

	igt_assert(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	igt_assert_lt(snprintf(path, PATH_MAX, "%s/../userspace/%s", dirname(self), program),
		      PATH_MAX);
	igt_assert_f(!access(path, X_OK), "%s: %s\n", path, strerror(errno));
}

void pgem_spawn(struct pgem_process *process, const char *format, ...)
{
	char line[512], path[PATH_MAX], *args[MAX_ARGS + 1] = {}, *rest = line;
	size_t count = 0;
	va_list list;

	va_start(list, format);
	igt_assert_lt(vsnprintf(line, sizeof(line), format, list), sizeof(line));
	va_end(list);
	while (count < MAX_ARGS && (args[count] = strsep(&rest, " ")))
		count += args[count][0] != '\0';
	igt_assert(count && !rest);
	pgem_spawn_path(args[0], path);

	*process = (struct pgem_process){
		.out_fd = memfd_create("out", MFD_CLOEXEC),
		.err_fd = memfd_create("err", MFD_CLOEXEC),
	};
	igt_assert(process->out_fd >= 0 && process->err_fd >= 0);
	process->pid = fork();
	igt_assert(process->pid >= 0);
	if (!process->pid)
		run(process, path, args);
}

bool pgem_spawn_runs(const struct pgem_process *process)
{
	siginfo_t info = {};

	igt_assert_eq(waitid(P_PID, process->pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	return !info.si_pid;
}

static void take_text(int fd, char *text, size_t size)
{
	ssize_t len = pread(fd, text, size - 1, 0);

	igt_assert(len >= 0);
	text[len] = '\0';
	close(fd);
}

int pgem_spawn_wait(struct pgem_process *process, unsigned int seconds)
{
	uint64_t limit = pgem_now_ms() + seconds * 1000ull;
	bool late = false;
	int status;

	while (pgem_spawn_runs(process) && !late) {
		usleep(2000);
		late = pgem_now_ms() > limit;
	}
	if (late)
		kill(process->pid, SIGKILL);
	igt_assert_eq(waitpid(process->pid, &status, 0), process->pid);
	take_text(process->out_fd, process->out, sizeof(process->out));
	take_text(process->err_fd, process->err, sizeof(process->err));
	/* Shown if the subtest fails. */
	igt_log(NULL, IGT_LOG_DEBUG, "stdout: %s\nstderr: %s\n", process->out, process->err);
	igt_assert_f(!late, "the program did not end within %u s\n", seconds);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void pgem_spawn_signal(const struct pgem_process *process, int sig)
{
	igt_assert_eq(kill(process->pid, sig), 0);
}

/* File descriptors that were on their way between processes are closed by a worker. */
void pgem_spawn_clean(void)
{
	uint64_t limit = pgem_now_ms() + 10000;

	while (pgem_objects() && pgem_now_ms() < limit)
		usleep(10000);
	igt_assert_eq(pgem_objects(), 0);
}
