/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: The part of libigt that is about dynamic subtests
 *
 * A subtest whose parts, and their names, are known only when it runs. As igt.h does, this
 * declares in its own words what Debian's libigt.so has; an IGT tree's igt_core.h has it, too.
 */
#ifndef PGEM_IGT_DYNAMIC_H
#define PGEM_IGT_DYNAMIC_H

#include "igt.h"

#ifndef PGEM_IGT_SRC

extern jmp_buf igt_dynamic_jmpbuf;
bool __igt_enter_dynamic_container(void);
bool __igt_run_dynamic_subtest(const char *name);

#define igt_subtest_with_dynamic(name) \
	for (; __igt_run_subtest(name, __FILE__, __LINE__) && \
	       !sigsetjmp(igt_subtest_jmpbuf, 1) && __igt_enter_dynamic_container(); \
	     igt_success())

#define igt_dynamic_f(...) \
	for (char __name[256]; \
	     snprintf(__name, sizeof(__name), __VA_ARGS__) > 0 && \
	     __igt_run_dynamic_subtest(__name) && \
	     !sigsetjmp(igt_dynamic_jmpbuf, 1); \
	     igt_success())

#endif /* PGEM_IGT_SRC */
#endif /* PGEM_IGT_DYNAMIC_H */
