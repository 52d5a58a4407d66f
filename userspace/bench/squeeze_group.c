// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-squeeze: a client's control group, and those who squeeze it.
 */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "squeeze_client.h"
#include "squeeze_group.h"

#define WANTED	(32ll << 20)

/* Takes until there is so much less, or until it is clear that nothing can be had. */
void squeeze_want(const struct squeeze_group *group)
{
	int64_t enough = bench_group_charged(&group->base) - WANTED;
	int vain = 0;

	while (bench_group_charged(&group->base) > enough && vain < 2) {
		int ret = bench_group_try_write(&group->base, "memory.reclaim", "2M");

		/* Less could be had, as with what was in use a moment ago. */
		if (ret == -EAGAIN)
			vain++;
		else
			squeeze_check(ret, "memory.reclaim");
		usleep(SQUEEZE_TICK_MS * 1000);
	}
}

void squeeze_limit(const struct squeeze_group *group)
{
	bench_group_write(&group->base, "memory.max", "24M");
}

void squeeze_group_make(struct squeeze_group *group, const char *driver)
{
	char name[32];

	group->driver = driver;
	snprintf(name, sizeof(name), "pgem-squeeze-%s", driver);
	bench_group_make(&group->base, name);
}
