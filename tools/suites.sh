#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The project's tests and the upstream ones, for check.sh.
# usage: suites.sh list RESULTS [BINARY[@SUBTEST]...]	in the lab
#        suites.sh run RESULTS				in the machine
#
# "list" leaves RESULTS/SUITE.list, what should run, for each of the suites pgem and
# upstream, and upstream-sw_sync, which is for kernels that have it. Each program has to
# be asked, which takes minutes on the debug kernel.
#
# "run" leaves RESULTS/SUITE/results.json; RESULTS/health, what the kernel's own checks say
# in the end, a line each that begins with ok or bad; RESULTS/finished; RESULTS/soak, the
# table of pgem_soak.
#
# environment: PGEM_SOAK and PGEM_SEED, for pgem_soak; PGEM_PRESSURE, for pgem_swap
set -u
what=$1 results=$2
shift 2
wanted=("$@")
own=out/build/user/igt-tests
upstream=/usr/libexec/igt-gpu-tools

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

if [ "$what" = list ]; then
	tr ' ' '\n' < "$own/test-list.txt" | sed -n 's/^pgem/igt@&/p' |
		expand "$own" > "$results/pgem.list"
	for suite in upstream upstream-sw_sync; do
		expand "$upstream" < "igt-tests/$suite.testlist" > "$results/$suite.list"
	done
	exit
fi

debugfs=/sys/kernel/debug
limit=120
case $(uname -r) in
*-pgem-debug-*)
	# The unit tests are one test to the runner.
	limit=1200
	;;
*-pgem-race-*)
	limit=300
	# More looks at memory, and longer ones, than by default: what an emulated
	# processor does in 80 us is not much.
	echo 1000 > /sys/module/kcsan/parameters/skip_watch
	echo 200 > /sys/module/kcsan/parameters/udelay_task
	;;
esac

[ -z "${PGEM_SOAK:-}" ] || limit=$((limit + 2 * PGEM_SOAK))
[ -z "${PGEM_PRESSURE:-}" ] || limit=1800
# What a test says is seen in the end; who has waited for an hour sees it before.
export PGEM_SOAK_LOG=$results/soak

export IGT_FORCE_DRIVER=pgem

# run_suite NAME TEST-ROOT
run_suite()
{
	[ -s "$results/$1.list" ] || return 0
	# In memory first: the runner writes, and in the end parses, in small pieces.
	igt_runner --multiple-mode --overwrite --per-test-timeout $limit --piglit-style-dmesg \
		--test-list "$results/$1.list" "$2" "/run/$1"
	cp -r "/run/$1" "$results/"
}

# leaks WHEN: an object is a suspect when the second scan finds it as it was, too.
leaks()
{
	local found

	sleep 6
	echo scan > $debugfs/kmemleak && echo scan > $debugfs/kmemleak &&
		cat $debugfs/kmemleak > "$results/kmemleak-$1" ||
		{ echo "bad kmemleak, driver $1: cannot scan"; return; }
	found=$(grep -c '^unreferenced' "$results/kmemleak-$1")
	[ "$found" -eq 0 ] && echo "ok kmemleak, driver $1" ||
		echo "bad kmemleak, driver $1: $found objects, see kmemleak-$1"
}

# What the debug kernel alone can tell. A check that has switched itself off saw nothing.
health()
{
	case $(uname -r) in
	*-pgem-debug-*) ;;
	*) return ;;
	esac
	leaks loaded
	rmmod pgem && leaks unloaded || echo "bad unload: the driver does not go"
	grep -q 'debug_locks: *1$' /proc/lockdep_stats && echo "ok lockdep" ||
		echo "bad lockdep: switched off"
}

run_suite pgem "$own"
[ ! -e $debugfs/sync/sw_sync ] || cat "$results/upstream-sw_sync.list" >> "$results/upstream.list"
run_suite upstream "$upstream"
health > "$results/health"
touch "$results/finished"
