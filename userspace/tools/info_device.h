/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_DEVICE_H
#define INFO_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include <xf86drm.h>

#include "info_bos.h"

/* Parameters that GET_PARAM is asked for. */
#define INFO_PARAMS 3

/**
 * struct info_node - a device node of a device
 */
struct info_node {
	/** @kind: "card" or "render" */
	const char *kind;

	/** @path: its path, NULL if the device has none; owned by libdrm's device */
	const char *path;

	/** @err: 0 if the caller may open it, a negative errno value if not */
	int err;
};

/**
 * struct info_param - an answer of GET_PARAM
 */
struct info_param {
	/** @name: what pgem_drm.h calls it, in small letters */
	const char *name;

	/** @param: one of &enum drm_pgem_param */
	uint32_t param;

	/** @value: the answer */
	uint64_t value;

	/** @err: 0 or a negative errno value, then @value means nothing */
	int err;
};

/**
 * struct info_device - a pgem device
 */
struct info_device {
	/** @drm: libdrm's description of it, owned */
	drmDevicePtr drm;

	/** @version: driver name, version and description, owned */
	drmVersionPtr version;

	/** @nodes: card and render node */
	struct info_node nodes[2];

	/** @params: properties of the device */
	struct info_param params[INFO_PARAMS];

	/** @bos: its objects */
	struct info_bos bos;

	/** @bos_err: 0 or a negative errno value, then @bos is empty */
	int bos_err;
};

/**
 * struct info_devices - all pgem devices of the machine
 */
struct info_devices {
	/** @list: the devices, owned */
	struct info_device *list;

	/** @count: how many */
	size_t count;

	/** @refused: devices that may not be opened and could be pgem's */
	size_t refused;
};

/**
 * info_devices_read() - find all pgem devices and ask them everything
 * @devices: out: the devices, for info_devices_free()
 *
 * Return: 0, also if there are none, or a negative errno value.
 */
int info_devices_read(struct info_devices *devices);

/**
 * info_devices_free() - free what info_devices_read() gave
 * @devices: the devices
 */
void info_devices_free(struct info_devices *devices);

#endif /* INFO_DEVICE_H */
