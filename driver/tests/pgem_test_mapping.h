/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_TEST_MAPPING_H_
#define _PGEM_TEST_MAPPING_H_

#include <linux/mm_types.h>
#include <linux/types.h>

struct file;
struct kunit;
struct pgem_bo;

/* Pages in an object that is mapped. */
#define PGEM_TEST_MAPPING_PAGES	8UL

struct pgem_bo *pgem_test_mapping_bo(struct kunit *test);
void pgem_test_mapping_number_pages(struct kunit *test, struct pgem_bo *bo);

struct file *pgem_test_mapping_export(struct kunit *test, struct pgem_bo *bo, int flags);
struct file *pgem_test_mapping_open(struct kunit *test, struct pgem_bo *bo);
void pgem_test_mapping_close(struct kunit *test, struct file *file);

unsigned long pgem_test_mapping_create(struct kunit *test, struct file *file, unsigned long first);
unsigned long pgem_test_mapping_create_aligned(struct kunit *test, struct file *file);
void pgem_test_mapping_remove(unsigned long address, unsigned long pages);
struct file *pgem_test_mapping_file(unsigned long address, pgoff_t *index);
int pgem_test_mapping_read(unsigned long address, unsigned long page, u32 *value);
vm_fault_t pgem_test_mapping_fault(struct pgem_bo *bo, unsigned long address);

#endif /* _PGEM_TEST_MAPPING_H_ */
