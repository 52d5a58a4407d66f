// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-info's output for programs
 *
 * The keys are an interface: they may be joined by others, and are not renamed.
 */

#include <stdio.h>
#include <string.h>

#include "info_bos.h"
#include "info_json.h"
#include "json.h"

static void info_json_version(struct json *json, drmVersionPtr version)
{
	json_string(json, "driver", version->name);
	json_string(json, "description", version->desc);
	json_open(json, "version", '{');
	json_number(json, "major", version->version_major);
	json_number(json, "minor", version->version_minor);
	json_number(json, "patchlevel", version->version_patchlevel);
	json_close(json, '}');
}

static void info_json_nodes(struct json *json, const struct info_device *device)
{
	size_t i;

	json_open(json, "nodes", '{');
	for (i = 0; i < 2; i++)
		json_string(json, device->nodes[i].kind, device->nodes[i].path);
	json_close(json, '}');
}

static void info_json_params(struct json *json, const struct info_device *device)
{
	size_t i;

	json_open(json, "params", '{');
	for (i = 0; i < INFO_PARAMS; i++) {
		if (device->params[i].err)
			json_string(json, device->params[i].name, NULL);
		else
			json_number(json, device->params[i].name, device->params[i].value);
	}
	json_close(json, '}');
}

static void info_json_bo(struct json *json, const struct info_bo *bo)
{
	json_open(json, NULL, '{');
	json_number(json, "id", bo->id);
	json_number(json, "size", bo->size);
	json_number(json, "resident", bo->resident);
	json_number(json, "mapped", bo->mapped);
	json_number(json, "offset", bo->offset);
	json_number(json, "handles", bo->handles);
	json_number(json, "dmabuf", bo->dmabuf != INFO_DMABUF_NONE);
	json_number(json, "imported", bo->dmabuf == INFO_DMABUF_IMPORTED);
	json_number(json, "pins", bo->pins);
	json_string(json, "advice", bo->advice);
	json_string(json, "label", strcmp(bo->label, "-") ? bo->label : NULL);
	json_number(json, "pid", bo->pid);
	json_string(json, "comm", bo->comm);
	json_close(json, '}');
}

static void info_json_bos(struct json *json, const struct info_device *device)
{
	size_t i;

	if (device->bos_err) {
		json_string(json, "objects", NULL);
		return;
	}

	json_open(json, "objects", '[');
	for (i = 0; i < device->bos.count; i++)
		info_json_bo(json, &device->bos.list[i]);
	json_close(json, ']');
}

static void info_json_module(struct json *json, const struct info_module *module)
{
	size_t i;

	json_open(json, "module_parameters", '{');
	for (i = 0; i < module->count; i++)
		json_string(json, module->params[i].name, module->params[i].value);
	json_close(json, '}');
}

void info_json_print(const struct info_devices *devices, const struct info_module *module)
{
	struct json json = { .out = stdout };
	size_t i;

	json_open(&json, NULL, '{');
	json_open(&json, "devices", '[');
	for (i = 0; i < devices->count; i++) {
		json_open(&json, NULL, '{');
		info_json_version(&json, devices->list[i].version);
		info_json_nodes(&json, &devices->list[i]);
		info_json_params(&json, &devices->list[i]);
		info_json_bos(&json, &devices->list[i]);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	info_json_module(&json, module);
	json_close(&json, '}');
}
