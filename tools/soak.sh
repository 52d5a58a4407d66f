#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All that can be done with objects, by several processes, for a long time; prints what
# the kernel has of objects and memory at the beginning, every few minutes and at the
# end. To watch: tail -f out/check/KERNEL/soak
#
# environment: SOAK (3600), seconds on each kernel; SEED, to repeat a run; KERNEL, as
# for check.sh
. "$(dirname "$0")/lib.sh"

export SOAK=${SOAK:-3600} TESTS=pgem_soak
export LIMIT=${LIMIT:-$((2 * SOAK + 900))}
rc=0
"$tools/check.sh" || rc=$?
# Of the kernels that have just been run.
find "$out/check" -name soak -newer "/proc/$$" -print -exec cat {} +
exit "$rc"
