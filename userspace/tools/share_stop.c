// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What ends pgem-share before its last frame
 */

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "share_stop.h"
#include "tool.h"

static volatile sig_atomic_t share_stop_signal;

static void share_stop_note(int number)
{
	share_stop_signal = number;
}

void share_stop_on_request(void)
{
	/* Not SA_RESTART: waiting for a consumer has to end. */
	struct sigaction action = { .sa_handler = share_stop_note, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool share_stop_wanted(void)
{
	return share_stop_signal;
}

static void share_stop_at_once(int number)
{
	static const char text[] =
		"pgem-share: SIGBUS: the device is gone (unbound?), or memory is used up\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(TOOL_FAILURE);
	_exit(TOOL_FAILURE);
}

void share_stop_on_bus_error(void)
{
	struct sigaction action = { .sa_handler = share_stop_at_once };

	sigaction(SIGBUS, &action, NULL);
}
