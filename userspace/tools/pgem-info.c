// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-info
 *
 * Shows what there is of pgem on this machine: devices and their nodes, what
 * GET_PARAM answers, the module's parameters and, for root, all objects. It only
 * looks; nothing is created, and no page of an object is touched.
 *
 * Reading is done in the info_*.c files; here is the output for people, once. That which
 * goes on is in info_watch.c.
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <pgem.h>

#include "info_bos.h"
#include "info_device.h"
#include "info_json.h"
#include "info_module.h"
#include "info_request.h"
#include "info_watch.h"
#include "tool.h"

static void info_print_nodes(const struct info_device *device)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		const struct info_node *node = &device->nodes[i];

		if (node->path)
			printf("  %-6s node   %s%s%s\n", node->kind, node->path,
			       node->err ? ": " : "", node->err ? strerror(-node->err) : "");
	}
}

static void info_print_params(const struct info_device *device)
{
	char size[TOOL_SIZE_MAX];
	size_t i;

	for (i = 0; i < INFO_PARAMS; i++) {
		const struct info_param *param = &device->params[i];

		if (param->err)
			printf("  %-13s %s\n", param->name, strerror(-param->err));
		else if (param->param == DRM_PGEM_PARAM_CREATE_FLAGS)
			printf("  %-13s 0x%" PRIx64 "\n", param->name, param->value);
		else
			printf("  %-13s %s\n", param->name, tool_size(param->value, size));
	}
}

/* A process names itself as it likes; its name must not reach into the terminal. */
static void info_print_name(const char *name)
{
	for (; *name; name++)
		putchar(iscntrl((unsigned char)*name) ? '?' : *name);
}

static const char *info_dmabuf_name(uint64_t dmabuf)
{
	switch (dmabuf) {
	case INFO_DMABUF_NONE:
		return "no";
	case INFO_DMABUF_IMPORTED:
		return "imported";
	default:
		return "exported";
	}
}

static void info_print_bo(const struct info_bo *bo)
{
	char size[TOOL_SIZE_MAX], resident[TOOL_SIZE_MAX], mapped[TOOL_SIZE_MAX];

	printf("  %6" PRIu64 " %11s %11s %11s %8" PRIu64 " %8s %8s %8" PRIu64 "  ", bo->id,
	       tool_size(bo->size, size), tool_size(bo->resident, resident),
	       tool_size(bo->mapped, mapped), bo->handles, info_dmabuf_name(bo->dmabuf),
	       bo->advice, bo->pid);
	info_print_name(bo->comm);
	if (strcmp(bo->label, "-"))
		printf(" (%s)", bo->label);
	putchar('\n');
}

static void info_print_bos(const struct info_bos *bos)
{
	char size[TOOL_SIZE_MAX], resident[TOOL_SIZE_MAX];
	uint64_t size_sum = 0, resident_sum = 0;
	size_t i;

	for (i = 0; i < bos->count; i++) {
		size_sum += bos->list[i].size;
		resident_sum += bos->list[i].resident;
	}

	printf("  %-13s %zu, %s in all, %s resident\n", "objects", bos->count,
	       tool_size(size_sum, size), tool_size(resident_sum, resident));
	if (!bos->count)
		return;

	printf("\n  %6s %11s %11s %11s %8s %8s %8s %8s  %s\n", "id", "size", "resident",
	       "mapped", "handles", "dma-buf", "advice", "pid", "process (label)");
	for (i = 0; i < bos->count; i++)
		info_print_bo(&bos->list[i]);
}

static void info_print_device(const struct info_device *device)
{
	drmVersionPtr version = device->version;

	printf("%s %d.%d.%d: %s\n", version->name, version->version_major,
	       version->version_minor, version->version_patchlevel, version->desc);
	info_print_nodes(device);
	info_print_params(device);

	if (device->bos_err == -EACCES)
		printf("  %-13s for root only\n", "objects");
	else if (device->bos_err == -ENOENT)
		printf("  %-13s unknown: is debugfs mounted? "
		       "try: mount -t debugfs none /sys/kernel/debug\n", "objects");
	else if (device->bos_err)
		printf("  %-13s %s\n", "objects", strerror(-device->bos_err));
	else
		info_print_bos(&device->bos);
}

static void info_print(const struct info_devices *devices, const struct info_module *module)
{
	size_t i;

	for (i = 0; i < devices->count; i++)
		info_print_device(&devices->list[i]);

	if (module->count)
		puts("module parameters");
	for (i = 0; i < module->count; i++)
		printf("  %-13s %s\n", module->params[i].name,
		       module->params[i].value ? module->params[i].value : "not readable");
}

static enum tool_exit info_run(bool want_json)
{
	enum tool_exit code = TOOL_FAILURE;
	struct info_devices devices;
	struct info_module module;
	int ret;

	ret = info_devices_read(&devices);
	if (ret) {
		tool_error("devices could not be listed: %s", strerror(-ret));
		return TOOL_FAILURE;
	}
	ret = info_module_read(&module);
	if (ret) {
		tool_error("module parameters could not be read: %s", strerror(-ret));
		goto out_free_devices;
	}

	if (want_json)
		info_json_print(&devices, &module);
	else
		info_print(&devices, &module);

	code = tool_flush();
	if (!devices.count) {
		tool_open_error(NULL, devices.refused ? -EACCES : -ENODEV);
		code = TOOL_FAILURE;
	}

	info_module_free(&module);
out_free_devices:
	info_devices_free(&devices);
	return code;
}

int main(int argc, char **argv)
{
	struct info_request request;

	if (!info_request_parse(&request, argc, argv))
		return request.code;

	if (request.want_watch)
		return info_watch(request.every_ms, request.count);
	return info_run(request.want_json);
}
