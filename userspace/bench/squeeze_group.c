// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-squeeze: a control group, and those who squeeze it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_tool.h"
#include "squeeze_client.h"
#include "squeeze_group.h"

#define GROUP	"/sys/fs/cgroup/pgem-squeeze-"
#define WANTED	(32ll << 20)

static void group_path(const struct squeeze_group *group, const char *file, char path[128])
{
	snprintf(path, 128, "%s/%s", group->path, file);
}

static int __group_write(const struct squeeze_group *group, const char *file, const char *text)
{
	char path[128];
	int fd, ret = 0;

	group_path(group, file, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

static void group_write(const struct squeeze_group *group, const char *file, const char *text)
{
	squeeze_check(__group_write(group, file, text), file);
}

int64_t squeeze_group_charged(const struct squeeze_group *group)
{
	unsigned long long bytes = 0;
	char path[128], line[128];
	FILE *file;

	group_path(group, "memory.stat", path);
	file = fopen(path, "re");
	if (!file)
		bench_die("%s", path);
	while (fgets(line, sizeof(line), file) && sscanf(line, "shmem %llu", &bytes) != 1)
		;
	fclose(file);
	return bytes;
}

/* Takes until there is so much less, or until it is clear that nothing can be had. */
void squeeze_want(const struct squeeze_group *group)
{
	int64_t enough = squeeze_group_charged(group) - WANTED;
	int vain = 0;

	while (squeeze_group_charged(group) > enough && vain < 2) {
		int ret = __group_write(group, "memory.reclaim", "2M");

		/* Less could be had, as with what was in use a moment ago. */
		if (ret == -EAGAIN)
			vain++;
		else
			squeeze_check(ret, "memory.reclaim");
		usleep(SQUEEZE_TICK_MS * 1000);
	}
}

void squeeze_limit(const struct squeeze_group *group)
{
	group_write(group, "memory.max", "24M");
}

void squeeze_group_make(struct squeeze_group *group, const char *driver)
{
	group->driver = driver;
	snprintf(group->path, sizeof(group->path), GROUP "%s", driver);
	rmdir(group->path);
	if (mkdir(group->path, 0755))
		bench_die("%s", group->path);
}

void squeeze_group_remove(const struct squeeze_group *group)
{
	/* The kernel may still be busy with the client's end. */
	for (int i = 0; i < 100 && rmdir(group->path); i++)
		usleep(10000);
}

void squeeze_group_join(const struct squeeze_group *group)
{
	group_write(group, "cgroup.procs", "0");
}
