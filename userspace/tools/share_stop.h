/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef SHARE_STOP_H
#define SHARE_STOP_H

#include <stdbool.h>

/**
 * share_stop_on_request() - have Ctrl-C end the run in order
 *
 * The first SIGINT or SIGTERM makes share_stop_wanted() true, a second one ends the
 * program.
 */
void share_stop_on_request(void);

/**
 * share_stop_wanted() - ask whether the run is to end
 *
 * Return: true after a SIGINT or SIGTERM.
 */
bool share_stop_wanted(void);

/**
 * share_stop_on_bus_error() - end with a message when memory vanishes
 *
 * That is what a mapping does when the device is unbound.
 */
void share_stop_on_bus_error(void);

#endif /* SHARE_STOP_H */
