#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds everything, runs the IGT tests in a VM on each kernel, and judges the
# results by igt-tests/expectations/.
#
# environment: KERNEL (all the lab has), TESTS (all): BINARY or BINARY@SUBTEST,
# several with blanks between, * as a wildcard; a subtest stands for all that begin
# with its name and a dash, too
. "$(dirname "$0")/lib.sh"

kernels=${KERNEL:-$("$tools/lab.sh" --kernels | sed -E 's/^([0-9]+\.[0-9]+).*/\1/' | sort -V)}
"$tools/build.sh" all

# run_suites KERNEL: runs suites.sh in the VM.
run_suites()
{
	local rc=0

	NAME=check-$1 KERNEL=$1 LIMIT=${LIMIT:-2400} \
		"$tools/vm.sh" "set -f; tools/suites.sh out/check/$1 ${TESTS:-}" || rc=$?
	# 0 or not: what counts is in the results, but a dead VM has none.
	[ -e "$out/check/$1/finished" ] ||
		die "kernel $1: the run did not finish (exit $rc); console: $out/vm/check-$1/console.log"
}

for kernel in $kernels; do
	rm -rf "$out/check/$kernel"
	mkdir -p "$out/check/$kernel"
	status_of() { tail -c 200 "$out/check/$kernel.log" | tr -d '\r' | tail -n 1 | cut -c1-70; }
	progress "testing on Linux $kernel" "$out/check/$kernel.log" run_suites "$kernel" || true
done
whole=()
[ -n "${TESTS:-}" ] || whole=(--whole)
exec "$tools/lab.sh" python3 tools/report.py --expectations igt-tests/expectations \
	--out out/check "${whole[@]}" $kernels
