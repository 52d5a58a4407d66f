/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */

/**
 * DOC: The part of libigt that these tests use
 *
 * Debian ships libigt.so without headers. This one declares, in its own words, the
 * few symbols that the tests need, and builds the block statements of an IGT test
 * (fixture, subtest, fork) on them. The tests have IGT's own form, so that the meson
 * option igt_src can put an IGT tree's headers in the place of this file.
 *
 * How the blocks work: libigt tells by a return value whether a block is to run, and
 * leaves it early (a failed assertion, a skip) by a jump to igt_subtest_jmpbuf.
 */
#ifndef PGEM_IGT_H
#define PGEM_IGT_H

int igt_kmod_load(const char *name, const char *options);
int igt_kmod_unload(const char *name);

/* Set by the meson option igt_src. */
#ifdef PGEM_IGT_SRC
#include <igt_core.h>
#else

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define __igt_format(at, first) __attribute__((format(printf, at, first)))

enum igt_log_level { IGT_LOG_DEBUG, IGT_LOG_INFO };

struct igt_helper_process {
	bool running;
	bool use_SIGKILL;	/* the only one that a test sets */
	pid_t pid;
	int id;
};

struct option;
extern jmp_buf igt_subtest_jmpbuf;
int igt_subtest_init_parse_opts(int *argc, char **argv, const char *short_opts,
				const struct option *long_opts, const char *help,
				int (*handler)(int opt, int index, void *data), void *data);
__attribute__((noreturn)) void igt_exit(void);
bool __igt_fixture(void);
void __igt_fixture_complete(void);
bool __igt_run_subtest(const char *name, const char *file, const int line);
void igt_success(void);
__igt_format(1, 2) void igt_describe_f(const char *format, ...);
__igt_format(3, 4)
void igt_log(const char *domain, enum igt_log_level level, const char *format, ...);
__igt_format(6, 7) __attribute__((noreturn))
void __igt_fail_assert(const char *domain, const char *file, const int line, const char *func,
		       const char *assertion, const char *format, ...);
__igt_format(5, 6) __attribute__((noreturn))
void __igt_skip_check(const char *file, const int line, const char *func, const char *check,
		      const char *format, ...);

/* Children: of igt_fork(), whose failures are the parent's; and one to be killed */
bool __igt_fork(void);
void igt_waitchildren(void);
bool __igt_fork_helper(struct igt_helper_process *helper);
void igt_stop_helper(struct igt_helper_process *helper);

void igt_set_timeout(unsigned int seconds, const char *operation);
void igt_reset_timeout(void);
void igt_install_exit_handler(void (*handler)(int sig));

#define IGT_TEST_DESCRIPTION(text) const char *__igt_test_description = text
#define igt_describe(text) igt_describe_f("%s", text)
#define igt_info(...) igt_log(NULL, IGT_LOG_INFO, __VA_ARGS__)

/* Becomes main() and, last, the head of the function that the braces belong to. */
#define igt_main() \
	pgem_igt_body(void); \
	int main(int argc, char **argv) \
	{ \
		igt_subtest_init_parse_opts(&argc, argv, NULL, NULL, NULL, NULL, NULL); \
		pgem_igt_body(); \
		igt_exit(); \
	} \
	_Pragma("GCC diagnostic ignored \"-Wreturn-type\"") \
	int pgem_igt_body(void)

#define igt_fixture() \
	for (volatile bool __todo = true; \
	     __todo && __igt_fixture() && !sigsetjmp(igt_subtest_jmpbuf, 1); \
	     __todo = false, __igt_fixture_complete())

#define igt_subtest(name) \
	for (; __igt_run_subtest(name, __FILE__, __LINE__) && \
	       !sigsetjmp(igt_subtest_jmpbuf, 1); \
	     igt_success())

#define igt_subtest_f(...) \
	for (char __name[128]; \
	     snprintf(__name, sizeof(__name), __VA_ARGS__) > 0 && \
	     __igt_run_subtest(__name, __FILE__, __LINE__) && \
	     !sigsetjmp(igt_subtest_jmpbuf, 1); \
	     igt_success())

#define igt_fork(child, count) \
	for (int child = 0; child < (count); child++) \
		for (; __igt_fork(); exit(0))

#define igt_fork_helper(helper) for (; __igt_fork_helper(helper); exit(0))

#define __igt_fail(...) __igt_fail_assert(NULL, __FILE__, __LINE__, __func__, __VA_ARGS__)

#define igt_assert_f(condition, ...) \
	do { \
		if (!(condition)) \
			__igt_fail(#condition, __VA_ARGS__); \
	} while (0)

#define igt_assert(condition) igt_assert_f(condition, NULL)

#define igt_require_f(condition, ...) \
	do { \
		if (!(condition)) \
			__igt_skip_check(__FILE__, __LINE__, __func__, #condition, __VA_ARGS__); \
	} while (0)

#define __igt_assert_cmp(type, a, op, b, shown) \
	do { \
		type __a = (a), __b = (b); \
		if (!(__a op __b)) \
			__igt_fail(#a " " #op " " #b, shown " and " shown "\n", __a, __b); \
	} while (0)

#define igt_assert_eq(a, b)		__igt_assert_cmp(int, a, ==, b, "%d")
#define igt_assert_neq(a, b)		__igt_assert_cmp(int, a, !=, b, "%d")
#define igt_assert_lt(a, b)		__igt_assert_cmp(int, a, <, b, "%d")
#define igt_assert_lte(a, b)		__igt_assert_cmp(int, a, <=, b, "%d")
#define igt_assert_eq_u32(a, b)		__igt_assert_cmp(uint32_t, a, ==, b, "%#x")
#define igt_assert_neq_u32(a, b)	__igt_assert_cmp(uint32_t, a, !=, b, "%#x")
#define igt_assert_eq_u64(a, b)		__igt_assert_cmp(unsigned long long, a, ==, b, "%#llx")
#define igt_assert_neq_u64(a, b)	__igt_assert_cmp(unsigned long long, a, !=, b, "%#llx")
#define igt_assert_lte_u64(a, b)	__igt_assert_cmp(unsigned long long, a, <=, b, "%#llx")
#define igt_assert_lt_u64(a, b)		__igt_assert_cmp(unsigned long long, a, <, b, "%#llx")

#endif /* PGEM_IGT_SRC */
#endif /* PGEM_IGT_H */
