// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: advice, reclaim and what is counted
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "igt.h"
#include "pgem_advice.h"

int __pgem_madvise(int fd, uint32_t handle, uint32_t advice, uint32_t *retained)
{
	struct drm_pgem_gem_madvise arg = { .handle = handle, .advice = advice };
	int ret = pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_MADVISE, &arg);

	*retained = arg.retained;
	return ret;
}

static bool pgem_advise(int fd, uint32_t handle, uint32_t advice)
{
	uint32_t retained;

	igt_assert_eq(__pgem_madvise(fd, handle, advice, &retained), 0);
	igt_assert(retained <= 1);
	return retained;
}

bool pgem_willneed(int fd, uint32_t handle)
{
	return pgem_advise(fd, handle, DRM_PGEM_MADV_WILLNEED);
}

bool pgem_dontneed(int fd, uint32_t handle)
{
	return pgem_advise(fd, handle, DRM_PGEM_MADV_DONTNEED);
}

int __pgem_label(int fd, uint32_t handle, const char *label)
{
	struct drm_pgem_gem_label arg = { .handle = handle, .label = (uintptr_t)label };

	return pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_LABEL, &arg);
}

void pgem_label(int fd, uint32_t handle, const char *label)
{
	igt_assert_eq(__pgem_label(fd, handle, label), 0);
}

void pgem_shrink_path(char *path, size_t size)
{
	snprintf(path, size, "/sys/kernel/debug/dri/%d/shrink", pgem_minor());
}

uint64_t pgem_shrink(uint64_t pages)
{
	char path[64], text[32];

	pgem_shrink_path(path, sizeof(path));
	snprintf(text, sizeof(text), "%" PRIu64, pages);
	pgem_write_file(path, text);
	return pgem_read_number(path);
}

/* "drm-total-memory:	8 KiB": in the largest unit that the number is whole in */
static bool parse_bytes(const char *line, const char *field, unsigned long long *bytes)
{
	size_t len = strlen(field);
	char unit[8] = "";

	if (strncmp(line, field, len) || line[len] != ':')
		return false;
	igt_assert_lt(0, sscanf(line + len + 1, "%llu %7s", bytes, unit));
	if (!strcmp(unit, "KiB"))
		*bytes <<= 10;
	else if (!strcmp(unit, "MiB"))
		*bytes <<= 20;
	else
		igt_assert_f(!*unit, "unknown unit %s\n", unit);
	return true;
}

uint64_t pgem_fdinfo(int fd, const char *field)
{
	char path[64], text[4096], *next = text;
	unsigned long long bytes = 0;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	igt_assert(pgem_read_file(path, text, sizeof(text)) > 0);
	for (char *line; (line = strsep(&next, "\n"));) {
		if (!parse_bytes(line, field, &bytes))
			continue;
		igt_assert_f(!found, "%s is there twice\n", field);
		found = true;
	}
	return bytes;
}

struct pgem_line pgem_line_of(int fd, uint32_t handle)
{
	struct pgem_line line;

	igt_assert(pgem_find_line(pgem_offset(fd, handle), &line));
	return line;
}
