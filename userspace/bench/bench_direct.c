// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: O_DIRECT reads from a RAM disk (modprobe brd), whose contents are lost. Into
 * a mapping itself, or into a buffer and from there into the mapping, which is what is
 * left to do where the kernel cannot get at a mapping's pages: VM_PFNMAP.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench_direct.h"
#include "bench_tool.h"

#define DISK	"/dev/ram0"
#define SIZE	(16 * BENCH_MIB)
#define PAGES	(SIZE / BENCH_PAGE)

static uint64_t *word(char *memory, uint64_t page)
{
	return (uint64_t *)(memory + page * BENCH_PAGE);
}

static void transfer(ssize_t done, const char *what)
{
	if (done < 0)
		bench_die("%s: %s", DISK, what);
	if (done != SIZE) {
		errno = ENOSPC;
		bench_die("%s: %s", DISK, what);
	}
}

/* Each page begins with its number. */
static void fill_disk(char *bounce)
{
	int disk = open(DISK, O_WRONLY | O_DIRECT | O_CLOEXEC);

	if (disk < 0)
		bench_die("%s", DISK);
	memset(bounce, 0, SIZE);
	for (uint64_t page = 0; page < PAGES; page++)
		*word(bounce, page) = page + 1;
	transfer(pwrite(disk, bounce, SIZE, 0), "write");
	close(disk);
}

/* That all has come in; and makes it go. */
static void check(struct bench_client *client, char *map)
{
	for (uint64_t page = 0; page < PAGES; page++) {
		if (*word(map, page) != page + 1) {
			errno = EIO;
			bench_die("%s: page %llu is wrong", client->provider->name,
				  (unsigned long long)page);
		}
		*word(map, page) = 0;
	}
}

/* Whether the mapping can be read into at all */
static bool read_directly(int disk, char *map, uint64_t *time)
{
	uint64_t start = bench_now();
	ssize_t done = pread(disk, map, SIZE, 0);

	if (done < 0 && errno == EFAULT)
		return false;
	*time = bench_now() - start;
	transfer(done, "read");
	return true;
}

static uint64_t read_bounced(int disk, char *map, char *bounce)
{
	uint64_t start = bench_now(), time;
	ssize_t done = pread(disk, bounce, SIZE, 0);

	memcpy(map, bounce, SIZE);
	time = bench_now() - start;
	transfer(done, "read");
	return time;
}

static void measure(struct bench_client *client, int disk, char *map, char *bounce)
{
	struct bench_rounds rounds = { .client = client };

	while (bench_again(&rounds)) {
		uint64_t time;

		if (read_directly(disk, map, &time)) {
			check(client, map);
			bench_results_lowest(&client->results, (time + PAGES / 2) / PAGES,
					     "direct-mapping");
		}
		time = read_bounced(disk, map, bounce);
		check(client, map);
		bench_results_lowest(&client->results, (time + PAGES / 2) / PAGES,
				     "direct-bounce");
	}
}

void bench_direct(struct bench_client *client)
{
	int disk = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
	struct bench_buffer buffer;
	char *bounce, *map;

	if (disk < 0) {
		bench_say("%s: direct-* left out: %s: %s (modprobe brd)", client->provider->name,
			  DISK, strerror(errno));
		return;
	}
	bounce = aligned_alloc(BENCH_PAGE, SIZE);
	if (!bounce)
		bench_die("aligned_alloc");
	/* Pages as small as the mapping's are, whether or not the kernel has a large one. */
	if (madvise(bounce, SIZE, MADV_NOHUGEPAGE))
		bench_die("MADV_NOHUGEPAGE");
	fill_disk(bounce);
	bench_create(client, SIZE, &buffer);
	map = bench_map(client, &buffer);
	memset(map, 0, SIZE);

	measure(client, disk, map, bounce);

	bench_unmap(map, &buffer);
	bench_destroy(client, &buffer);
	free(bounce);
	close(disk);
}
