/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_JSON_H
#define INFO_JSON_H

#include "info_device.h"
#include "info_module.h"

/**
 * info_json_print() - write everything to stdout as JSON
 * @devices: the devices
 * @module: the module's parameters
 *
 * What could not be read is null. Sizes and offsets are in bytes.
 */
void info_json_print(const struct info_devices *devices, const struct info_module *module);

#endif /* INFO_JSON_H */
