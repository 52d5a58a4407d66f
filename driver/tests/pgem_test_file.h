/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_TEST_FILE_H_
#define _PGEM_TEST_FILE_H_

#include <linux/types.h>

struct drm_file;
struct kunit;
struct pgem_bo;

struct drm_file *pgem_test_file_open(struct kunit *test, int first);
void pgem_test_file_close(struct kunit *test, struct drm_file *file);
u32 pgem_test_file_handle(struct kunit *test, struct drm_file *file, struct pgem_bo *bo);
int pgem_test_file_offset(struct kunit *test, struct pgem_bo *bo, u64 *offset);
int pgem_test_file_advise(struct kunit *test, struct pgem_bo *bo, u32 advice);

#endif /* _PGEM_TEST_FILE_H_ */
