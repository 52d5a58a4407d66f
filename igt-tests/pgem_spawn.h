/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Running the project's programs, for the tests of them; see pgem_spawn.c
 */
#ifndef PGEM_SPAWN_H
#define PGEM_SPAWN_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* A program that runs or, with its texts, has run */
struct pgem_process {
	pid_t pid;
	int out_fd, err_fd;
	char out[4096];
	char err[4096];
};

/* Where a program below userspace/ of the build is, which has to be there. */
void pgem_spawn_path(const char *program, char path[PATH_MAX]);

/* Starts a program below userspace/ of the build; blanks part its arguments. */
__attribute__((format(printf, 2, 3)))
void pgem_spawn(struct pgem_process *process, const char *format, ...);

bool pgem_spawn_runs(const struct pgem_process *process);

/* Waits, @seconds at most. Returns the exit code, or 128 and the signal's number. */
int pgem_spawn_wait(struct pgem_process *process, unsigned int seconds);

void pgem_spawn_signal(const struct pgem_process *process, int sig);

/* Waits until processes that have ended have given back all objects. */
void pgem_spawn_clean(void);

#endif /* PGEM_SPAWN_H */
