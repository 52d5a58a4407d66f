#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs pgem-squeeze in a VM with 128 MiB of swap in memory, and makes the picture of
# Documentation/memory.rst from what it prints, which goes beside it.
. "$(dirname "$0")/lib.sh"

kernel=${KERNEL:-7.2}
KERNEL=$kernel "$tools/build.sh" all
mkdir -p "$out/memory"

run_squeeze()
{
	NAME=memory-$kernel KERNEL=$kernel LIMIT=600 "$tools/vm.sh" '
		set -e
		modprobe vgem
		modprobe zram num_devices=1
		echo 128M > /sys/block/zram0/disksize
		mkswap -q /dev/zram0
		swapon /dev/zram0
		echo +memory > /sys/fs/cgroup/cgroup.subtree_control
		out/build/user/userspace/bench/pgem-squeeze > out/memory/memory.csv'
}

progress "squeezing clients on Linux $kernel" "$out/memory/log" run_squeeze ||
	die "log: $out/memory/log"
"$tools/lab.sh" python3 -B tools/memory-plot.py out/memory/memory.csv out/memory/memory.svg ||
	die "the picture could not be made"
cp "$out/memory/memory.csv" "$top/Documentation/memory.csv"
cp "$out/memory/memory.svg" "$top/Documentation/images/memory.svg"
say "made Documentation/memory.csv and Documentation/images/memory.svg"
