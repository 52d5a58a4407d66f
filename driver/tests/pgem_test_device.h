/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_TEST_DEVICE_H_
#define _PGEM_TEST_DEVICE_H_

#include <linux/types.h>

struct kunit;
struct pgem_bo;
struct pgem_device;

struct pgem_device *pgem_test_device_create(struct kunit *test, const char *name);
int pgem_test_device_init(struct kunit *test);
void pgem_test_device_unplug(struct kunit *test);
void pgem_test_device_leave_offsets(struct kunit *test, unsigned long pages);
size_t pgem_test_device_count_bos_of(struct pgem_device *pdev);
size_t pgem_test_device_count_bos(struct kunit *test);

void pgem_test_bo_adopt(struct kunit *test, struct pgem_bo *bo);
struct pgem_bo *pgem_test_bo_create_on(struct kunit *test, struct pgem_device *pdev, u64 size);
struct pgem_bo *pgem_test_bo_create(struct kunit *test, u64 size);
unsigned long pgem_test_bo_offset(struct kunit *test, struct pgem_bo *bo);
void pgem_test_bo_touch(struct kunit *test, struct pgem_bo *bo, unsigned long pages);
bool pgem_test_bo_is_listed(const struct pgem_bo *bo);
void pgem_test_bo_put(struct kunit *test, struct pgem_bo *bo);

#endif /* _PGEM_TEST_DEVICE_H_ */
