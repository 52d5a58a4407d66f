// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_kunit
 *
 * Runs the driver's KUnit tests (driver/tests/), each as a dynamic subtest, and judges
 * what they report. Needs a kernel with KUnit.
 */
#include "igt.h"

IGT_TEST_DESCRIPTION("Run the driver's own unit tests.");

int igt_main()
{
	igt_kunit("pgem_kunit", NULL, NULL);
}
