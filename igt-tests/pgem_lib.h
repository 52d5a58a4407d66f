/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: What the tests share
 *
 * Calls come in pairs: __pgem_x() returns 0 or a negative errno, pgem_x() asserts
 * that the call worked and returns what it gave.
 */
#ifndef PGEM_LIB_H
#define PGEM_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pgem_drm.h"
#include "pgem_mem.h"
#include "pgem_sys.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#define PGEM_NAME		"pgem"

/* Bytes in a page; short, since nearly every line of a test needs it. */
extern size_t PG;

/* The table of a test file: one line a subtest, run by pgem_run_tests(). */
struct pgem_test {
	const char *name;
	void (*fn)(int fd);
	const char *description;
};

enum pgem_node {
	PGEM_NONE,	/* fn gets -1 */
	PGEM_RENDER,
	PGEM_PRIMARY,
};

/*
 * Start and end of a subtest: a file of the device for it alone, a time limit. A
 * device that an earlier failure left unbound or unloaded is brought back.
 */
int pgem_begin(enum pgem_node node);
void pgem_end(void);

/* Runs each entry of a table as a subtest. */
void pgem_run_tests(const struct pgem_test *tests, size_t count, enum pgem_node node);

/* Device */
int __pgem_open(enum pgem_node node, int flags);
int pgem_open(enum pgem_node node, int flags);
int pgem_minor(void);				/* of the primary node */
void pgem_bind(void);

/* Objects on the device, without those that were there when the subtest began */
size_t pgem_objects(void);

/* ioctls */
int pgem_ioctl(int fd, unsigned long request, void *arg);
int __pgem_get_param(int fd, uint32_t param, uint64_t *value);
uint64_t pgem_get_param(int fd, uint32_t param);
int __pgem_create(int fd, uint64_t size, uint32_t *handle);
uint32_t pgem_create(int fd, uint64_t size);
int __pgem_close(int fd, uint32_t handle);
void pgem_close(int fd, uint32_t handle);
int __pgem_offset(int fd, uint32_t handle, uint64_t *offset);
uint64_t pgem_offset(int fd, uint32_t handle);
int __pgem_info(int fd, uint32_t handle, struct drm_pgem_gem_info *info);
uint64_t pgem_resident(int fd, uint32_t handle);
int __pgem_export(int fd, uint32_t handle, uint32_t flags, int *dmabuf);
int pgem_export(int fd, uint32_t handle);	/* for reading and writing */
int __pgem_import(int fd, int dmabuf, uint32_t *handle);
uint32_t pgem_import(int fd, int dmabuf);

/* Mapping; a private one where flags say so. The result is NULL on failure. */
int __pgem_map(int fd, uint64_t offset, size_t size, int prot, int flags, uint8_t **map);
uint8_t *pgem_map_fd(int fd, uint64_t offset, size_t size);
uint8_t *pgem_map(int fd, uint32_t handle, size_t size);
void pgem_unmap(void *map, size_t size);
/* Maps and unmaps; or is refused with @error. */
void pgem_expect_map(int fd, uint64_t offset, size_t size, int prot, int flags, int error);

/* An object with a mapping of all of it */
struct pgem_buf {
	int fd;
	uint32_t handle;
	size_t pages;
	size_t size;
	uint8_t *map;
};

void pgem_buf_init(struct pgem_buf *buf, int fd, size_t pages);
void pgem_buf_fini(struct pgem_buf *buf);

#endif /* PGEM_LIB_H */
