#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs pgem-bench in a VM that counts instructions (QEMU's -icount): the same
# build gives the same figures, whatever else the machine does.
#
# Without erms and fsrm, as string instructions count once per byte there, and
# zeroing pages would drown the rest.
. "$(dirname "$0")/lib.sh"

kernel=${KERNEL:-7.2}
KERNEL=$kernel "$tools/build.sh" all
mkdir -p "$out/bench"

run_bench()
{
	NAME=bench-$kernel KERNEL=$kernel CPUS=1 LIMIT=1200 BOOT_LIMIT=600 \
	QEMU_OPTS="-icount shift=0,sleep=off -accel tcg,thread=single -cpu max,-erms,-fsrm" \
		"$tools/vm.sh" "modprobe vgem && out/build/user/userspace/bench/pgem-bench > out/bench/$kernel.csv"
}

progress "counting instructions on Linux $kernel" "$out/bench/$kernel.log" run_bench ||
	die "log: $out/bench/$kernel.log"
awk -F, '{ printf "%-36s", $1; for (i = 2; i <= NF; i++) printf "%14s", $i; print "" }' \
	"$out/bench/$kernel.csv"
say "guest instructions on Linux $kernel; also in $out/bench/$kernel.csv"
