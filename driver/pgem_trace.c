// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Tracepoints
 *
 * The one place where the tracepoints of pgem_trace.h are given bodies. They are
 * switched on below /sys/kernel/tracing/events/pgem/.
 */

#ifndef __CHECKER__
#define CREATE_TRACE_POINTS
#include "pgem_trace.h"
#endif
