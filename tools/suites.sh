#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The guest's side of check.sh: runs the project's tests and the upstream ones.
# usage: suites.sh RESULTS [BINARY[@SUBTEST]...]
#
# Leaves RESULTS/SUITE.list, what should have run, and RESULTS/SUITE/results.json
# for each of the suites pgem and upstream, and RESULTS/finished.
set -u
results=$1
shift
wanted=("$@")

export IGT_FORCE_DRIVER=pgem

# is_wanted TEST: TEST is BINARY, or BINARY@SUBTEST to ask about one subtest. Who
# wants split-munmap gets split-munmap-head and its like as well.
is_wanted()
{
	local t

	[ ${#wanted[@]} -gt 0 ] || return 0
	for t in "${wanted[@]}"; do
		case $1 in
		*@*) [[ $1 == $t || $1 == $t@* || $1 == $t-* ]] && return 0 ;;
		*) [[ $1 == ${t%%@*} ]] && return 0 ;;
		esac
	done
	return 1
}

# expand ROOT: reads igt@BINARY[@SUBTEST] lines, names each subtest.
expand()
{
	local root=$1 igt binary subtest subtests

	while IFS=@ read -r igt binary subtest; do
		[ "$igt" = igt ] && is_wanted "$binary" || continue
		subtests=$subtest
		[ -n "$subtest" ] || subtests=$("$root/$binary" --list-subtests < /dev/null)
		for subtest in ${subtests:-""}; do
			test=$binary${subtest:+@$subtest}
			is_wanted "$test" && echo "igt@$test"
		done
	done
}

# run_suite NAME TEST-ROOT TEST-LIST
run_suite()
{
	expand "$2" < "$3" > "$results/$1.list"
	[ -s "$results/$1.list" ] || return 0
	# In memory first: the runner writes, and in the end parses, in small pieces.
	igt_runner --multiple-mode --overwrite --per-test-timeout 120 --piglit-style-dmesg \
		--test-list "$results/$1.list" "$2" "/run/$1"
	cp -r "/run/$1" "$results/"
}

own=out/build/user/igt-tests
run_suite pgem "$own" <(tr ' ' '\n' < "$own/test-list.txt" | sed -n 's/^pgem/igt@&/p')
run_suite upstream /usr/libexec/igt-gpu-tools igt-tests/upstream.testlist
touch "$results/finished"
