/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: What the files of pgem_watch share
 */
#ifndef PGEM_WATCH_H
#define PGEM_WATCH_H

#include "pgem_spawn.h"

#define WATCH_PROGRAM "tools/pgem-info"

/* For the program to end, at most */
#define WATCH_SECONDS 30

/* Columns in a bar, in a terminal of 80 */
#define WATCH_BAR 12

/* One frame, in a terminal of that many columns and of that locale */
void pgem_watch_draw(struct pgem_process *info, const char *columns, const char *locale);

/* The line that begins so, which has to be in the frame */
__attribute__((format(printf, 2, 3)))
const char *pgem_watch_line(const struct pgem_process *info, const char *format, ...);

/* The row with these sizes, "|" between them, and that bar and name; its name may go on */
const char *pgem_watch_row(const struct pgem_process *info, const char *sizes, const char *bar,
			   const char *name);

/* Minor number of an open device */
unsigned int pgem_watch_minor(int fd);

/* More subtests of pgem_watch; called from its igt_main(). */
void pgem_watch_fdinfo_subtests(void);
void pgem_watch_time_subtests(void);
void pgem_watch_terminal_subtests(void);

#endif /* PGEM_WATCH_H */
