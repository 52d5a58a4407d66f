// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/*
 * pgem-bench: settings of the kernel, and what they were before.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench_setting.h"
#include "bench_tool.h"

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!done)
		bench_say("%s: cannot write %s: %s", path, text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return done;
}

/* Where there is a choice, what is chosen stands in brackets. */
static bool read_text(const char *path, char text[64])
{
	char line[256] = "", *start = line;
	FILE *file = fopen(path, "re");

	if (!file || !fgets(line, sizeof(line), file)) {
		bench_say("%s: cannot read: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return false;
	}
	fclose(file);
	if (strchr(line, '['))
		start = strchr(line, '[') + 1;
	start[strcspn(start, "]\n")] = 0;
	snprintf(text, 64, "%.63s", start);
	return true;
}

bool bench_setting_apply(struct bench_setting *setting)
{
	if (!read_text(setting->path, setting->before))
		return false;
	if (write_text(setting->path, setting->value))
		return true;
	setting->before[0] = 0;
	return false;
}

bool bench_setting_put_back(struct bench_setting *setting)
{
	bool done = !setting->before[0] || write_text(setting->path, setting->before);

	setting->before[0] = 0;
	return done;
}
