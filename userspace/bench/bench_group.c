// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench and pgem-squeeze: control groups.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_group.h"
#include "bench_tool.h"

#define ROOT	"/sys/fs/cgroup"

static const struct bench_group root = { ROOT };

static void file_path(const struct bench_group *group, const char *file, char path[128])
{
	snprintf(path, 128, "%s/%s", group->path, file);
}

int bench_group_try_write(const struct bench_group *group, const char *file, const char *text)
{
	char path[128];
	int fd, ret = 0;

	file_path(group, file, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

void bench_group_write(const struct bench_group *group, const char *file, const char *text)
{
	int ret = bench_group_try_write(group, file, text);

	if (ret < 0) {
		errno = -ret;
		bench_die("%s/%s", group->path, file);
	}
}

int64_t bench_group_charged(const struct bench_group *group)
{
	unsigned long long bytes = 0;
	char path[128], line[128];
	FILE *file;

	file_path(group, "memory.stat", path);
	file = fopen(path, "re");
	if (!file)
		bench_die("%s", path);
	while (fgets(line, sizeof(line), file) && sscanf(line, "shmem %llu", &bytes) != 1)
		;
	fclose(file);
	return bytes;
}

void bench_group_make(struct bench_group *group, const char *name)
{
	snprintf(group->path, sizeof(group->path), ROOT "/%s", name);
	/* An earlier run may have left it. */
	rmdir(group->path);
	if (mkdir(group->path, 0755))
		bench_die("%s", group->path);
}

void bench_group_remove(const struct bench_group *group)
{
	/* The kernel may still be busy with the end of a process. */
	for (int i = 0; i < 100 && rmdir(group->path); i++)
		usleep(10000);
}

void bench_group_join(const struct bench_group *group)
{
	bench_group_write(group, "cgroup.procs", "0");
}

void bench_group_leave(void)
{
	bench_group_join(&root);
}
