#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes the documentation as HTML; a warning is an error.
. "$(dirname "$0")/lib.sh"

"$tools/lab.sh" env KERNEL_SRC=/usr/src/linux-source-7.2 \
	sphinx-build -q -E -W --keep-going -b html -d out/doc/.cache Documentation out/doc ||
	die "the documentation has errors, see above"
say "open $out/doc/index.html"
