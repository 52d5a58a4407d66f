#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds everything, runs the IGT tests in a VM on each kernel, and judges the
# results by igt-tests/expectations/.
#
# environment: KERNEL (all of Debian's; debug, race), TESTS (all): BINARY or
# BINARY@SUBTEST, several with blanks between, * as a wildcard; a subtest stands for
# all that begin with its name and a dash, too; MUTANT (see build.sh), whose results
# get a folder of their own, out/check/KERNEL-MUTANT; SOAK and SEED, see soak.sh;
# PRESSURE=1, to have pgem_swap fill what the machine has, and not a cgroup
. "$(dirname "$0")/lib.sh"

kernels=${KERNEL:-$("$tools/lab.sh" --kernels | sed -E 's/^([0-9]+\.[0-9]+).*/\1/' | sort -V)}
"$tools/build.sh" all

# run_suites KERNEL RUN: runs suites.sh in the VM.
run_suites()
{
	local rc=0 env="${SOAK:+PGEM_SOAK=$SOAK} ${SEED:+PGEM_SEED=$SEED} ${PRESSURE:+PGEM_PRESSURE=1}"

	NAME=check-$2 KERNEL=$1 LIMIT=${LIMIT:-4500} \
		"$tools/vm.sh" "$env tools/suites.sh run out/check/$2" || rc=$?
	# The runner writes them last, and has crashed in it.
	for suite in "$out/check/$2"/*/; do
		[ ! -d "$suite" ] || [ -e "$suite/results.json" ] ||
			"$tools/lab.sh" igt_results "${suite#"$top/"}"
	done
	# 0 or not: what counts is in the results, but a dead VM has none.
	[ -e "$out/check/$2/finished" ] ||
		die "kernel $1: the run did not finish (exit $rc); console: $out/vm/check-$2/console.log"
}

runs=()
for kernel in $kernels; do
	run=$kernel${MUTANT:+-$MUTANT}
	runs+=("$run")
	rm -rf "$out/check/$run"
	mkdir -p "$out/check/$run"
	set -f
	"$tools/lab.sh" tools/suites.sh list "out/check/$run" ${TESTS:-}
	set +f
	status_of() { tail -c 200 "$out/check/$run.log" | tr -d '\r' | tail -n 1 | cut -c1-70; }
	progress "testing on Linux $run" "$out/check/$run.log" run_suites "$kernel" "$run" || true
done
whole=()
[ -n "${TESTS:-}" ] || whole=(--whole)
exec "$tools/lab.sh" python3 tools/report.py --expectations igt-tests/expectations \
	--out out/check "${whole[@]}" "${runs[@]}"
