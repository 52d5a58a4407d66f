/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: What the files of pgem_share share
 */
#ifndef PGEM_SHARE_H
#define PGEM_SHARE_H

#include "pgem_spawn.h"

#define SHARE		"tools/pgem-share"
#define SMALL		" --size 64x64"
#define SOCKET		"/tmp/pgem_share.socket"

/* Seconds for a run that is to end by itself, also under KASAN. */
#define LIMIT		60

/* That text begins with, or has in it, what is expected */
#define expect_start(text, start) \
	igt_assert_f(!strncmp(text, start, strlen(start)), "no \"%s\" at the start\n", start)
#define expect_in(text, part) igt_assert_f(strstr(text, part), "no \"%s\"\n", part)

/* Runs to the end, with a summary that begins so and tells of no wrong byte. */
void pgem_share_run(const char *options, const char *summary);

/* Ends with an exit code and a message, and prints no summary. */
void pgem_share_fails(const char *options, int code, const char *message);

/* Two programs that know of each other's socket alone */
void pgem_share_by_socket(int fd);

/* More subtests of pgem_share; called from its igt_main(). */
void pgem_share_refused_subtests(void);

#endif /* PGEM_SHARE_H */
