#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs pgem-bench in VMs, beside other drivers, and makes tables, pictures and a
# report of what it says, in out/bench/. Two lanes, a boot each:
#
# icount   one CPU, and QEMU counts instructions: the same build gives the same
#          figures, whatever else the machine does. A string instruction counts once for
#          each of what it moves, so erms, fsrm and fsrs are off, which would make the
#          kernel zero by the byte. With family 16 it does so by the word: CPUs before that
#          (QEMU's is 6) were slow at it, and get a loop.
# threads  two CPUs, real time, for ratios only; wants a machine with nothing else to do
#
# environment: KERNEL (7.2; several with blanks between), LANE (both); DOC=1, to make
# the figures of Documentation/performance.rst anew; BASE=REV, to compare the driver of
# that revision to the one here: only the icount lane, and fails if anything got worse
. "$(dirname "$0")/lib.sh"

kernels=${KERNEL:-7.2}
lanes=${LANE:-icount threads}
results=$out/bench
mkdir -p "$results"

# Debian's kernels are without vkms. Of one of them the lab has the source.
build_vkms()
{
	local dir=out/build/vkms-$2 source=linux-source-$1

	[ ! -e "$top/$dir/vkms.ko" ] || return 0
	[ -e "$("$tools/lab.sh" --root)/usr/src/$source.tar.xz" ] || return 0
	mkdir -p "$top/$dir"
	"$tools/lab.sh" tar -x --no-same-owner --strip-components=5 -C "$dir" \
		-f "/usr/src/$source.tar.xz" --wildcards "$source/drivers/gpu/drm/vkms/*" &&
		"$tools/lab.sh" make -s -C "/usr/lib/modules/$2/build" M="/pgem/$dir" \
			CONFIG_DRM_VKMS=m CONFIG_DRM_VKMS_KUNIT_TEST=n modules
}

# bench_in_vm KERNEL LANE NAME: the program's CSV in NAME.csv.
bench_in_vm()
{
	local cpus=2 release
	local options="-cpu max,-erms,-fsrm,-fsrs,family=16 -global virtio-gpu-device.max_hostmem=4G"

	if [ "$2" = icount ]; then
		cpus=1
		options="-icount shift=0,sleep=off -accel tcg,thread=single $options"
	fi
	release=$(kernel_release "$1")
	# No console on the displays, whose cursor would blink in the figures. What is
	# not there the program tells, and does without. From 2.75 GiB on QEMU splits memory
	# in two zones, and which of them a page is from would be in the figures, too. The disk
	# for swap gets its memory before, not at the first write to each page.
	NAME=bench-$3 KERNEL=$1 CPUS=$cpus MEM=${MEM:-2560M} LIMIT=5400 BOOT_LIMIT=900 \
		QEMU_OPTS="$options" "$tools/vm.sh" "
			modprobe drm_client_lib active=none
			modprobe drm_kms_helper fbdev_emulation=0
			modprobe -a drm_shmem_helper configfs vgem virtio-gpu
			modprobe brd rd_nr=2 rd_size=65536
			dd if=/dev/zero of=/dev/ram1 bs=1M count=64 oflag=direct status=none
			mkswap -q /dev/ram1
			echo +memory > /sys/fs/cgroup/cgroup.subtree_control
			insmod out/build/vkms-$release/vkms.ko
			out/build/user/userspace/bench/pgem-bench --lane $2 > out/bench/$3.csv"
}

# run_lane KERNEL LANE NAME
run_lane()
{
	local log=$results/$3.log

	rm -f "$results/$3.csv"
	status_of() { tail -n 1 "$log" | tr -d '\r' | cut -c1-60; }
	progress "measuring on Linux $1, lane $2${BASE:+, driver of ${3##*-}}" "$log" bench_in_vm "$@" ||
		die "log: $log"
}

# The driver of another revision, where vm.sh looks for that of a mutant.
build_base()
{
	local release=$1 dir=$out/build/module-$1-base

	rm -rf "$dir"
	mkdir -p "$dir"
	git -C "$top" archive "$BASE" driver uapi | tar -x -C "$dir" &&
		"$tools/lab.sh" make -s -j"$(nproc)" -C "${dir#"$top/"}/driver" \
			KDIR="/usr/lib/modules/$release/build"
}

compare()
{
	local kernel=$1 release

	release=$(kernel_release "$kernel")
	progress "building the driver of $BASE" "$results/base-build.log" build_base "$release" ||
		die "log: $results/base-build.log"
	MUTANT=base run_lane "$kernel" icount "$kernel-base"
	run_lane "$kernel" icount "$kernel-here"
	rm -rf "$out/build/module-$release-base"
	printf '\nLinux %s, from %s to what is here\n' "$release" "$BASE"
	bench_py compare "out/bench/$kernel-base.csv" "out/bench/$kernel-here.csv"
}

bench_py()
{
	"$tools/lab.sh" python3 -B tools/bench.py "$@"
}

report()
{
	local kernel=$1 lane files=()

	for lane in $lanes; do
		run_lane "$kernel" "$lane" "$kernel-$lane"
		files+=("out/bench/$kernel-$lane.csv")
	done
	bench_py report out/bench "$kernel" "$(kernel_release "$kernel")" "$revision" "$date" "${files[@]}"
	say "also in $results/: $kernel.json, $kernel.md and pictures"
}

revision=$(git -C "$top" describe --always --dirty --exclude='*' 2> /dev/null || echo unknown)
date=$(git -C "$top" log -1 --format=%cs 2> /dev/null || echo unknown)
[ -z "${BASE:-}" ] || BASE=$(git -C "$top" rev-parse --verify --short "$BASE^{commit}") ||
	die "BASE: no such revision"

worse=0
for kernel in $kernels; do
	KERNEL=$kernel "$tools/build.sh" all
	progress "building vkms, where there is source" "$results/vkms.log" \
		build_vkms "$kernel" "$(kernel_release "$kernel")" || true
	if [ -n "${BASE:-}" ]; then
		compare "$kernel" || worse=1
	else
		report "$kernel"
	fi
done
if [ -n "${DOC:-}" ] && [ -z "${BASE:-}" ]; then
	bench_py doc Documentation $(printf 'out/bench/%s.json\n' $kernels | sort -rV)
	say "made Documentation/performance.inc and pictures in Documentation/images/"
fi
exit $worse
