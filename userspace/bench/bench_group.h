/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_GROUP_H
#define BENCH_GROUP_H

#include <stdint.h>

/* A control group below the root of cgroup v2. Calls end the program if they fail. */
struct bench_group {
	char path[64];
};

void bench_group_make(struct bench_group *group, const char *name);
void bench_group_remove(const struct bench_group *group);

/* The calling process joins the group, or goes back to the root. */
void bench_group_join(const struct bench_group *group);
void bench_group_leave(void);

void bench_group_write(const struct bench_group *group, const char *file, const char *text);
int bench_group_try_write(const struct bench_group *group, const char *file,
			  const char *text);	/* returns 0 or -errno */
int64_t bench_group_charged(const struct bench_group *group);	/* bytes, shared memory */

#endif /* BENCH_GROUP_H */
