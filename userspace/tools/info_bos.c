// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Objects from debugfs
 *
 * The driver lists its objects in the file "bos" of the device's debugfs folder.
 * That folder has several names (card and render minor, on new kernels also the
 * bus's name); only the card's minor is used, so that no object shows up twice.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info_bos.h"

/* Returns 0, -EINVAL for a line that describes no object, or -ENOMEM. */
static int info_bo_parse(char *line, struct info_bo *bo)
{
	int comm = 0;

	sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNx64 " %" SCNu64
	       " %" SCNu64 " %" SCNu64 " %15s %255s %" SCNu64 "%n",
	       &bo->id, &bo->size, &bo->resident, &bo->mapped, &bo->offset, &bo->handles,
	       &bo->dmabuf, &bo->pins, bo->advice, bo->label, &bo->pid, &comm);
	if (!comm || line[comm] != ' ')
		return -EINVAL;

	line[strcspn(line, "\n")] = '\0';
	bo->comm = strdup(line + comm + 1);
	return bo->comm ? 0 : -ENOMEM;
}

static int info_bos_append(struct info_bos *bos, const struct info_bo *bo)
{
	struct info_bo *list;

	list = realloc(bos->list, (bos->count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;

	list[bos->count++] = *bo;
	bos->list = list;
	return 0;
}

static int info_bos_add_line(struct info_bos *bos, char *line)
{
	struct info_bo bo;
	int ret;

	ret = info_bo_parse(line, &bo);
	/* The header. */
	if (ret == -EINVAL)
		return 0;
	if (ret)
		return ret;

	ret = info_bos_append(bos, &bo);
	if (ret)
		free(bo.comm);
	return ret;
}

static int info_bos_read_file(FILE *file, struct info_bos *bos)
{
	size_t size = 0;
	char *line = NULL;
	int ret = 0;

	errno = 0;
	while (!ret && getline(&line, &size, file) >= 0)
		ret = info_bos_add_line(bos, line);
	if (!ret && !feof(file))
		ret = errno ? -errno : -EIO;

	free(line);
	return ret;
}

int info_bos_read(unsigned int minor, struct info_bos *bos)
{
	char path[64];
	FILE *file;
	int ret;

	*bos = (struct info_bos){ 0 };
	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/bos", minor);
	file = fopen(path, "re");
	if (!file)
		return -errno;

	ret = info_bos_read_file(file, bos);
	fclose(file);
	if (ret)
		info_bos_free(bos);
	return ret;
}

void info_bos_free(struct info_bos *bos)
{
	size_t i;

	for (i = 0; i < bos->count; i++)
		free(bos->list[i].comm);
	free(bos->list);
	*bos = (struct info_bos){ 0 };
}
