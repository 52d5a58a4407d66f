/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: Files of the kernel, the module, threads, for all tests; see pgem_sys.c
 */
#ifndef PGEM_SYS_H
#define PGEM_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pgem_buf;

#define PGEM_DRIVER_DIR		"/sys/bus/platform/drivers/pgem"
#define PGEM_MODULE_DIR		"/sys/module/pgem"
#define PGEM_LIMIT		PGEM_MODULE_DIR "/parameters/max_bo_mib"

/* Files below /sys and /proc */
int __pgem_write_file(const char *path, const char *text);
void pgem_write_file(const char *path, const char *text);
int pgem_read_file(const char *path, char *text, size_t size);
long pgem_read_number(const char *path);

/* A setting below /sys or /proc, put back by pgem_restore() or, at the latest, on exit */
void pgem_set(const char *path, const char *text);
void pgem_restore(void);

/* debugfs: lines of "bos" without the header */
#define PGEM_BOS_COLUMNS \
	"id size resident mapped offset handles dmabuf pins advice label pid comm"

struct pgem_line {
	unsigned long long id, size, resident, mapped, offset;
	unsigned int handles, dmabuf, pins;
	char advice[16], label[256];
	int pid;
	char comm[64];
};

size_t pgem_lines(struct pgem_line *lines, size_t max);
bool pgem_find_line(uint64_t offset, struct pgem_line *line);

/* Module and binding */
int __pgem_load(const char *params);
void pgem_load(const char *params);
int __pgem_unload(void);
int pgem_refcount(void);
int __pgem_bind(void);
void pgem_unbind(void);

/* A block device in memory, 16 MiB; its path */
#define PGEM_RAM_DISK "/dev/ram0"

const char *pgem_ram_disk(void);

/* Skips on a kernel with KASAN or KCSAN, where this takes too long. */
void pgem_require_fast_kernel(void);

/* Time and threads. A thread must not assert: it returns NULL or what failed. */
uint64_t pgem_now_ms(void);
void pgem_race_time(unsigned int ms, unsigned int count);
bool pgem_race_on(void);
void pgem_race_won(unsigned long *done);
void pgem_race(unsigned int count, const char *(*fn)(void *), void *args, size_t arg_size);

/* One thread of a race that takes the same step until time is up, or it fails */
struct pgem_racer {
	const char *(*step)(struct pgem_racer *racer);
	int fd;
	struct pgem_buf *buf;
	unsigned int number;		/* of the thread, from 0 */
	unsigned long done;		/* steps */
};

/* A thread for each of @steps, for at least @ms; all get @fd and @buf. */
void pgem_race_steps(unsigned int ms, const char *(**steps)(struct pgem_racer *),
		     unsigned int count, int fd, struct pgem_buf *buf);

#endif /* PGEM_SYS_H */
