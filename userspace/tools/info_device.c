// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Devices
 *
 * libdrm finds the devices and which nodes belong together; the driver's name,
 * asked for through a node, tells which are pgem's. The render node is asked
 * first, since opening the card node may make this program DRM master for a moment.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <pgem.h>

#include "info_device.h"

#define INFO_MAX_DEVICES 64

static int info_device_open(drmDevicePtr drm)
{
	static const int order[] = { DRM_NODE_RENDER, DRM_NODE_PRIMARY };
	int fd = -ENODEV;
	size_t i;

	for (i = 0; i < 2 && fd < 0 && fd != -ENOTTY; i++)
		if (drm->available_nodes & (1 << order[i]))
			fd = pgem_open(drm->nodes[order[i]]);
	return fd;
}

static struct info_node info_node_get(drmDevicePtr drm, int type)
{
	struct info_node node = { .kind = type == DRM_NODE_PRIMARY ? "card" : "render" };

	if (!(drm->available_nodes & (1 << type)))
		return node;

	node.path = drm->nodes[type];
	node.err = access(node.path, R_OK | W_OK) ? -errno : 0;
	return node;
}

static void info_params_get(int fd, struct info_param *params)
{
	static const struct info_param known[INFO_PARAMS] = {
		{ .name = "page_size", .param = DRM_PGEM_PARAM_PAGE_SIZE },
		{ .name = "max_bo_size", .param = DRM_PGEM_PARAM_MAX_BO_SIZE },
		{ .name = "create_flags", .param = DRM_PGEM_PARAM_CREATE_FLAGS },
	};
	size_t i;

	for (i = 0; i < INFO_PARAMS; i++) {
		params[i] = known[i];
		params[i].err = pgem_get_param(fd, params[i].param, &params[i].value);
	}
}

static int info_device_read_bos(struct info_device *device)
{
	struct stat st;

	if (!device->nodes[0].path)
		return -ENOENT;
	if (stat(device->nodes[0].path, &st))
		return -errno;
	return info_bos_read(minor(st.st_rdev), &device->bos);
}

/* Takes over @drm if it succeeds. */
static int info_device_read(struct info_device *device, drmDevicePtr drm)
{
	int fd;

	fd = info_device_open(drm);
	if (fd < 0)
		return fd;

	*device = (struct info_device){
		.drm = drm,
		.version = drmGetVersion(fd),
		.nodes[0] = info_node_get(drm, DRM_NODE_PRIMARY),
		.nodes[1] = info_node_get(drm, DRM_NODE_RENDER),
	};
	info_params_get(fd, device->params);
	close(fd);
	if (!device->version)
		return -ENOMEM;

	device->bos_err = info_device_read_bos(device);
	return 0;
}

static void info_devices_add(struct info_devices *devices, drmDevicePtr drm)
{
	int ret;

	ret = info_device_read(&devices->list[devices->count], drm);
	if (!ret) {
		devices->count++;
		return;
	}

	if (ret == -EACCES)
		devices->refused++;
	drmFreeDevice(&drm);
}

int info_devices_read(struct info_devices *devices)
{
	drmDevicePtr found[INFO_MAX_DEVICES];
	int count, i;

	*devices = (struct info_devices){ 0 };
	count = drmGetDevices2(0, found, INFO_MAX_DEVICES);
	/* No /dev/dri: no devices. */
	if (count < 0)
		return count == -ENOENT ? 0 : count;
	/* The count includes devices for which there was no room. */
	if (count > INFO_MAX_DEVICES)
		count = INFO_MAX_DEVICES;

	devices->list = calloc(count + 1, sizeof(*devices->list));
	if (!devices->list) {
		drmFreeDevices(found, count);
		return -ENOMEM;
	}

	for (i = 0; i < count; i++)
		info_devices_add(devices, found[i]);
	return 0;
}

void info_devices_free(struct info_devices *devices)
{
	size_t i;

	for (i = 0; i < devices->count; i++) {
		info_bos_free(&devices->list[i].bos);
		drmFreeVersion(devices->list[i].version);
		drmFreeDevice(&devices->list[i].drm);
	}
	free(devices->list);
	*devices = (struct info_devices){ 0 };
}
