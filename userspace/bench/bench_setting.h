/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef BENCH_SETTING_H
#define BENCH_SETTING_H

#include <stdbool.h>

/* A file of the kernel's below /sys, and what it is to say for a while. */
struct bench_setting {
	const char *path;
	const char *value;
	char before[64];	/* empty: nothing to put back */
};

/* Whether it could be done; what could not is said on stderr. */
bool bench_setting_apply(struct bench_setting *setting);
bool bench_setting_put_back(struct bench_setting *setting);

#endif /* BENCH_SETTING_H */
