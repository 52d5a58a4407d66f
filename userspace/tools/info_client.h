/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_CLIENT_H
#define INFO_CLIENT_H

#include <stddef.h>

#include "info_device.h"
#include "info_group.h"

/**
 * info_clients_read() - read what fdinfo tells of a device's clients
 * @device: the device
 * @groups: out: the processes that have it open, for info_groups_free()
 * @refused: out: processes that could not be looked at
 *
 * For those who may not read debugfs. One's own processes may be looked at, as root all.
 *
 * Return: 0 or a negative errno value.
 */
int info_clients_read(const struct info_device *device, struct info_groups *groups,
		      size_t *refused);

#endif /* INFO_CLIENT_H */
