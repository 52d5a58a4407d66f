/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SQUEEZE_GROUP_H
#define SQUEEZE_GROUP_H

#include "bench_group.h"

/* The control group of a driver's client; calls end the program if they fail. */
struct squeeze_group {
	const char *driver;
	struct bench_group base;
};

void squeeze_group_make(struct squeeze_group *group, const char *driver);

/* What is done to it, step by step */
void squeeze_want(const struct squeeze_group *group);
void squeeze_limit(const struct squeeze_group *group);

#endif /* SQUEEZE_GROUP_H */
