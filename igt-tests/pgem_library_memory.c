// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_library: flags, advice, labels
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "igt.h"
#include "pgem_library.h"

static void create_flags(int fd)
{
	struct pgem_bo bo;
	uint32_t flags;

	igt_assert_eq(pgem_bo_create_with_flags(fd, PGEM_LIBRARY_SIZE, 0, &bo), 0);
	igt_assert_eq_u64(bo.size, PGEM_LIBRARY_SIZE);
	igt_assert_eq(pgem_bo_flags(&bo, &flags), 0);
	igt_assert_eq_u32(flags, 0);
	pgem_bo_close(&bo);
	memset(&bo, PGEM_LIBRARY_UNTOUCHED, sizeof(bo));
	/* Cannot be asked for, whatever flags are added. */
	flags = DRM_PGEM_GEM_IMPORTED;
	igt_assert_eq(pgem_bo_create_with_flags(fd, PGEM_LIBRARY_SIZE, flags, &bo), -EINVAL);
	pgem_library_expect_untouched(&bo, sizeof(bo));
}

/* What the driver says that it takes arrives there. */
static void create_flags_known(int fd)
{
	uint64_t known;

	igt_assert_eq(pgem_get_param(fd, DRM_PGEM_PARAM_CREATE_FLAGS, &known), 0);
	for (uint32_t flag = 1; flag; flag <<= 1) {
		struct pgem_bo bo;
		uint32_t flags;
		int ret = pgem_bo_create_with_flags(fd, PGEM_LIBRARY_SIZE, flag, &bo);

		/* One may have a meaning that this kernel cannot give it. */
		if (!(known & flag)) {
			igt_assert(ret == -EINVAL || ret == -EOPNOTSUPP);
			continue;
		}
		igt_assert_eq(ret, 0);
		igt_assert_eq(pgem_bo_flags(&bo, &flags), 0);
		igt_assert_eq_u32(flags, flag);
		pgem_bo_close(&bo);
	}
}

static bool advise(const struct pgem_bo *bo, uint32_t advice)
{
	bool retained = false;

	igt_assert_eq(pgem_bo_madvise(bo, advice, &retained), 0);
	return retained;
}

static void advice_retained(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);

	igt_assert_eq(pgem_bo_map(&bo), 0);
	memcpy(bo.map, "kept", 5);
	igt_assert(advise(&bo, DRM_PGEM_MADV_DONTNEED));
	igt_assert(!strcmp(bo.map, "kept"));
	igt_assert(advise(&bo, DRM_PGEM_MADV_WILLNEED));
	igt_assert(!strcmp(bo.map, "kept"));
	pgem_bo_close(&bo);
}

static void advice_bad(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);
	uint8_t retained;

	memset(&retained, PGEM_LIBRARY_UNTOUCHED, sizeof(retained));
	igt_assert_eq(pgem_bo_madvise(&bo, 1000, (bool *)&retained), -EINVAL);
	pgem_library_expect_untouched(&retained, sizeof(retained));
	pgem_bo_close(&bo);
}

static sigjmp_buf touched;

static void on_bus_error(int sig)
{
	siglongjmp(touched, sig);
}

static int touch_signal(volatile char *p)
{
	struct sigaction action = { .sa_handler = on_bus_error }, before;
	int sig;

	sigaction(SIGBUS, &action, &before);
	sig = sigsetjmp(touched, 1);
	if (!sig)
		*p = 1;
	sigaction(SIGBUS, &before, NULL);
	return sig;
}

/* As if the kernel were short of memory */
static void shrink(int fd)
{
	FILE *file = pgem_library_debugfs(fd, "shrink", "we");

	fputs("1000000000", file);
	igt_assert_eq(fclose(file), 0);
}

static void advice_purged(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd), needed = pgem_library_create(fd);

	igt_assert_eq(pgem_bo_map(&bo), 0);
	igt_assert_eq(pgem_bo_map(&needed), 0);
	igt_assert_eq(touch_signal(bo.map), 0);
	memcpy(needed.map, "kept", 5);
	igt_assert(advise(&bo, DRM_PGEM_MADV_DONTNEED));
	shrink(fd);
	igt_assert_eq(touch_signal(bo.map), SIGBUS);
	igt_assert(!advise(&bo, DRM_PGEM_MADV_WILLNEED));
	igt_assert_eq(touch_signal(bo.map), SIGBUS);
	igt_assert(advise(&needed, DRM_PGEM_MADV_WILLNEED));
	igt_assert(!strcmp(needed.map, "kept"));
	pgem_bo_close(&bo);
	pgem_bo_close(&needed);
}

/* Whether an object of the device has that label; none has blanks in it. */
static bool find_label(int fd, const char *label)
{
	FILE *file = pgem_library_debugfs(fd, "bos", "re");
	char line[256], found[80];
	bool is_there = false;

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %79s", found) == 1)
			is_there |= !strcmp(found, label);
	fclose(file);
	return is_there;
}

static void label(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);

	igt_assert_eq(pgem_bo_label(&bo, "glyphs"), 0);
	igt_assert(find_label(fd, "glyphs"));
	igt_assert_eq(pgem_bo_label(&bo, "tiles"), 0);
	igt_assert(find_label(fd, "tiles"));
	igt_assert(!find_label(fd, "glyphs"));
	igt_assert_eq(pgem_bo_label(&bo, NULL), 0);
	igt_assert(!find_label(fd, "tiles"));
	pgem_bo_close(&bo);
}

static void label_length(int fd)
{
	struct pgem_bo bo = pgem_library_create(fd);
	char text[DRM_PGEM_LABEL_SIZE + 1] = "";

	memset(text, 'x', DRM_PGEM_LABEL_SIZE - 1);
	igt_assert_eq(pgem_bo_label(&bo, text), 0);
	igt_assert(find_label(fd, text));
	text[DRM_PGEM_LABEL_SIZE - 1] = 'y';
	igt_assert_eq(pgem_bo_label(&bo, text), -E2BIG);
	/* The one it had stays. */
	text[DRM_PGEM_LABEL_SIZE - 1] = '\0';
	igt_assert(find_label(fd, text));
	pgem_bo_close(&bo);
}

static const struct pgem_library_test tests[] = {
	{ "create-flags", create_flags, "No flags make a buffer, and bad ones leave it alone." },
	{ "create-flags-known", create_flags_known, "Each flag that there is can be asked for." },
	{ "advice-retained", advice_retained, "What nobody needs stays while memory lasts." },
	{ "advice-bad", advice_bad, "Unknown advice leaves the answer alone." },
	{ "advice-purged", advice_purged, "A buffer that was purged is not retained." },
	{ "label", label, "A label is given, replaced and taken away." },
	{ "label-length", label_length, "One that is too long is refused." },
};

void pgem_library_memory_subtests(void)
{
	pgem_library_run(tests, ARRAY_SIZE(tests));
}
