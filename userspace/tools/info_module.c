// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Module parameters from sysfs
 *
 * One file a parameter, whatever parameters there are: this program need not be
 * taught the new ones. A parameter that sysfs hides from the caller is listed
 * without its value.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info_module.h"

#define INFO_MODULE_DIR "/sys/module/pgem/parameters"

/* The file's first line without its newline, or NULL. */
static char *info_module_read_value(const char *name)
{
	char *path, *value = NULL;
	size_t size = 0;
	FILE *file;

	if (asprintf(&path, "%s/%s", INFO_MODULE_DIR, name) < 0)
		return NULL;
	file = fopen(path, "re");
	free(path);
	if (!file)
		return NULL;

	if (getline(&value, &size, file) < 0) {
		free(value);
		value = NULL;
	} else {
		value[strcspn(value, "\n")] = '\0';
	}
	fclose(file);
	return value;
}

static int info_module_is_param(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int info_module_add(struct info_module *module, const char *name)
{
	struct info_module_param *param = &module->params[module->count];

	param->name = strdup(name);
	if (!param->name)
		return -ENOMEM;

	param->value = info_module_read_value(name);
	module->count++;
	return 0;
}

int info_module_read(struct info_module *module)
{
	struct dirent **entries;
	int count, i, ret = 0;

	*module = (struct info_module){ 0 };
	count = scandir(INFO_MODULE_DIR, &entries, info_module_is_param, alphasort);
	if (count < 0)
		return errno == ENOMEM ? -ENOMEM : 0;

	module->params = calloc(count + 1, sizeof(*module->params));
	if (!module->params)
		ret = -ENOMEM;

	for (i = 0; i < count; i++) {
		if (!ret)
			ret = info_module_add(module, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);

	if (ret)
		info_module_free(module);
	return ret;
}

void info_module_free(struct info_module *module)
{
	size_t i;

	for (i = 0; i < module->count; i++) {
		free(module->params[i].name);
		free(module->params[i].value);
	}
	free(module->params);
	*module = (struct info_module){ 0 };
}
