// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: memory
 *
 * Marks in pages, accesses that may end in a signal, and what the kernel says
 * about mappings and memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

#define MARK 0x7067656d00000000ull

void pgem_mark(void *page, uint64_t index)
{
	uint64_t mark = MARK + index;

	memcpy(page, &mark, sizeof(mark));
	memcpy((uint8_t *)page + PG - sizeof(mark), &mark, sizeof(mark));
}

bool pgem_marked(const void *page, uint64_t index)
{
	uint64_t mark = MARK + index;

	return !memcmp(page, &mark, sizeof(mark)) &&
	       !memcmp((const uint8_t *)page + PG - sizeof(mark), &mark, sizeof(mark));
}

void pgem_fill(uint8_t *map, size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pgem_mark(map + i * PG, first + i);
}

void pgem_check(const uint8_t *map, size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *page = map + i * PG;
		uint64_t found;

		memcpy(&found, page, sizeof(found));
		igt_assert_f(pgem_marked(page, first + i), "page %zu holds %#llx\n", first + i,
			     (unsigned long long)found);
	}
}

bool pgem_is_zero(const void *p, size_t size)
{
	const uint8_t *bytes = p;

	return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

/*
 * The handler is installed once and stays, so that threads do not get in each
 * other's way. A signal that nobody waits for goes to libigt's handler.
 */
static __thread sigjmp_buf catch_point;
static __thread volatile sig_atomic_t catching;
static struct sigaction next_bus, next_segv;

static void catch_signal(int sig)
{
	if (catching)
		siglongjmp(catch_point, sig);
	/* The access is made again, with the former handler in place. */
	sigaction(sig, sig == SIGBUS ? &next_bus : &next_segv, NULL);
}

static void catch_install(void)
{
	struct sigaction action = { .sa_handler = catch_signal };
	struct sigaction now;

	sigaction(SIGBUS, NULL, &now);
	if (now.sa_handler == catch_signal)
		return;
	sigaction(SIGBUS, &action, &next_bus);
	sigaction(SIGSEGV, &action, &next_segv);
}

static int access_signal(volatile uint8_t *p, bool write)
{
	int sig;

	catch_install();
	sig = sigsetjmp(catch_point, 1);
	if (!sig) {
		catching = 1;
		if (write)
			*p = 0xa5;
		else
			(void)*p;
	}
	catching = 0;
	return sig;
}

int pgem_read_signal(const volatile void *p)
{
	return access_signal((volatile uint8_t *)p, false);
}

int pgem_write_signal(volatile void *p)
{
	return access_signal(p, true);
}

static size_t read_kib(const char *path, const char *field)
{
	char line[256];
	size_t kib = 0;
	bool found = false;
	FILE *file = fopen(path, "r");

	igt_assert(file);
	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, field, strlen(field)) &&
			sscanf(line + strlen(field), ": %zu kB", &kib) == 1;
	fclose(file);
	igt_assert_f(found, "no %s in %s\n", field, path);
	return kib * 1024;
}

size_t pgem_rss_shmem(void)
{
	return read_kib("/proc/self/status", "RssShmem");
}

size_t pgem_meminfo(const char *field)
{
	return read_kib("/proc/meminfo", field);
}

/* Copies the line of smaps that starts with @field, of the mapping at @map. */
static void read_smaps(const void *map, const char *field, char *line, size_t size)
{
	bool inside = false, found = false;
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start, end;

	igt_assert(file);
	while (!found && fgets(line, size, file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start == (unsigned long)map;
		found = inside && !strncmp(line, field, strlen(field));
	}
	fclose(file);
	igt_assert_f(found, "no %s of the mapping at %p\n", field, map);
}

size_t pgem_map_rss(const void *map)
{
	char line[256];
	size_t kib;

	read_smaps(map, "Rss:", line, sizeof(line));
	igt_assert_eq(sscanf(line, "Rss: %zu kB", &kib), 1);
	return kib * 1024;
}

bool pgem_map_flag(const void *map, const char *flag)
{
	char line[256], word[8];

	read_smaps(map, "VmFlags:", line, sizeof(line));
	line[strcspn(line, "\n")] = ' ';
	snprintf(word, sizeof(word), " %s ", flag);
	return strstr(line, word);
}

size_t pgem_mapped(const void *map, size_t pages)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t *entries = calloc(pages, sizeof(*entries));
	size_t size = pages * sizeof(*entries);
	size_t count = 0;

	igt_assert_lte(0, fd);
	igt_assert(entries);
	igt_assert_eq_u64(pread(fd, entries, size, (uintptr_t)map / PG * sizeof(*entries)), size);
	/* Bit 63: the entry is a page in memory, see Documentation/admin-guide/mm/pagemap.rst. */
	for (size_t i = 0; i < pages; i++)
		count += entries[i] >> 63;
	free(entries);
	close(fd);
	return count;
}
