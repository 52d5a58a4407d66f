// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: pages and page frames
 *
 * Needs root, to whom /proc/self/pagemap tells page frame numbers. A frame that a test
 * has taken out of use is put back into it by the kernel's module hwpoison-inject, so
 * that a long run does not use up the machine's memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_pages.h"

#define BLOCKS "/sys/devices/system/memory"
#define SOFT_OFFLINE BLOCKS "/soft_offline_page"
#define UNPOISON "/sys/kernel/debug/hwpoison/unpoison-pfn"

#define PRESENT (1ull << 63)
#define FRAME_MASK ((1ull << 55) - 1)

static uint32_t create_huge(int fd, uint64_t size)
{
	struct drm_pgem_gem_create arg = { .size = size, .flags = DRM_PGEM_GEM_HUGE };

	igt_assert_eq(pgem_ioctl(fd, DRM_IOCTL_PGEM_GEM_CREATE, &arg), 0);
	return arg.handle;
}

void pgem_area_init(struct pgem_area *area, enum pgem_kind kind, int fd, size_t pages)
{
	*area = (struct pgem_area){ kind, "pgem", fd, 0, NULL, pages, pages * PG };
	if (kind == PGEM_MEMFD) {
		area->name = "memfd";
		area->fd = memfd_create("area", MFD_CLOEXEC);
		igt_assert(area->fd >= 0);
		igt_assert_eq(ftruncate(area->fd, area->size), 0);
		area->map = pgem_map_fd(area->fd, 0, area->size);
		return;
	}
	area->handle = kind == PGEM_HUGE ? create_huge(fd, area->size) :
					   pgem_create(fd, area->size);
	area->map = pgem_map(fd, area->handle, area->size);
}

void pgem_area_fini(struct pgem_area *area)
{
	pgem_unmap(area->map, area->size);
	if (area->kind == PGEM_MEMFD)
		close(area->fd);
	else
		pgem_close(area->fd, area->handle);
}

int pgem_area_share(const struct pgem_area *area)
{
	return area->kind == PGEM_MEMFD ? dup(area->fd) : pgem_export(area->fd, area->handle);
}

void pgem_maps_line(const void *map, char *line, size_t size)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned long start;
	bool found = false;

	igt_assert(file);
	while (!found && fgets(line, size, file))
		found = sscanf(line, "%lx-", &start) == 1 && start == (uintptr_t)map;
	fclose(file);
	igt_assert(found);
}

void pgem_pfns_of(int pid, const void *map, size_t pages, uint64_t *pfns)
{
	ssize_t size = pages * sizeof(*pfns);
	char path[32];
	int file;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert(file >= 0);
	igt_assert(pread(file, pfns, size, (uintptr_t)map / PG * sizeof(*pfns)) == size);
	close(file);
	for (size_t i = 0; i < pages; i++)
		pfns[i] = pfns[i] & PRESENT ? pfns[i] & FRAME_MASK : 0;
}

void pgem_pfns(const void *map, size_t pages, uint64_t *pfns)
{
	pgem_pfns_of(getpid(), map, pages, pfns);
}

uint64_t pgem_pfn(const void *page)
{
	uint64_t pfn;

	pgem_pfns(page, 1, &pfn);
	return pfn;
}

size_t pgem_moved(const void *map, size_t pages, const uint64_t *pfns)
{
	uint64_t *now = calloc(pages, sizeof(*now));
	size_t count = 0;

	igt_assert(now);
	pgem_pfns(map, pages, now);
	for (size_t i = 0; i < pages; i++)
		count += now[i] && pfns[i] && now[i] != pfns[i];
	free(now);
	return count;
}

static uint64_t poisoned[256];
static size_t poisoned_count;

static int write_number(const char *path, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%#llx", (unsigned long long)number);
	return __pgem_write_file(path, text);
}

static void unpoison_handler(int sig)
{
	(void)sig;
	while (poisoned_count)
		write_number(UNPOISON, poisoned[--poisoned_count]);
}

void pgem_poisoned(uint64_t pfn)
{
	static bool installed;

	if (!installed) {
		igt_kmod_load("hwpoison-inject", NULL);
		igt_install_exit_handler(unpoison_handler);
	}
	installed = true;
	if (poisoned_count == ARRAY_SIZE(poisoned))
		unpoison_handler(0);
	poisoned[poisoned_count++] = pfn;
}

void pgem_unpoison(void)
{
	unpoison_handler(0);
}

int pgem_soft_offline(uint64_t pfn)
{
	int ret = write_number(SOFT_OFFLINE, pfn * PG);

	if (!ret)
		pgem_poisoned(pfn);
	return ret;
}

size_t pgem_block_size(void)
{
	char text[32];

	igt_assert(pgem_read_file(BLOCKS "/block_size_bytes", text, sizeof(text)) > 0);
	return strtoul(text, NULL, 16);
}

#define NO_BLOCK (~0ul)

static unsigned long offline = NO_BLOCK;

static int write_block(unsigned long block, const char *state)
{
	char path[64];

	snprintf(path, sizeof(path), BLOCKS "/memory%lu/state", block);
	return __pgem_write_file(path, state);
}

static bool is_offline(unsigned long block)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), BLOCKS "/memory%lu/state", block);
	return pgem_read_file(path, text, sizeof(text)) > 0 && !strcmp(text, "offline\n");
}

static void online_handler(int sig)
{
	(void)sig;
	if (offline != NO_BLOCK)
		write_block(offline, "online");
	offline = NO_BLOCK;
}

int pgem_offline(unsigned long block)
{
	static bool installed;
	int ret = write_block(block, "offline");

	if (!installed)
		igt_install_exit_handler(online_handler);
	installed = true;
	/* A child may have been first. */
	if (ret == -EINVAL && is_offline(block))
		ret = 0;
	if (!ret)
		offline = block;
	return ret;
}

void pgem_online(void)
{
	online_handler(0);
}

unsigned int pgem_seconds(unsigned int seconds)
{
	const char *text = getenv("PGEM_SECONDS");

	return text && *text ? strtoul(text, NULL, 0) : seconds;
}
