#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Boots a kernel of the lab with the driver loaded and the checkout at /pgem, and
# runs a command there as root, or a shell. Output and exit code are the command's.
#
# usage: vm.sh [CMD]
# environment: KERNEL (7.2; 6.12, debug, race), PARAMS (module parameters), MEM (2G,
# the project's own kernels 4G), CPUS (2), QEMU_OPTS, SHARE (folder of this machine,
# seen as /share), NAME (of the folder for logs below out/vm/), MUTANT (see
# build.sh), LIMIT (seconds, for everything), BOOT_LIMIT (seconds)
. "$(dirname "$0")/lib.sh"

kernel=${KERNEL:-7.2}
boot_limit=${BOOT_LIMIT:-240} mem=${MEM:-2G}
append=()
case $kernel in
debug|race)
	boot_limit=${BOOT_LIMIT:-600} mem=${MEM:-4G}
	# virtiofsd writes into the guest's memory behind QEMU's back. A page that
	# held code before would then be executed as QEMU translated it: a write by
	# the guest itself is what makes QEMU forget. Debian's kernels write to a
	# page when they allocate it (INIT_ON_ALLOC), which hides what the checks
	# are for; poisoning does it when the page is freed.
	append=(--append page_poison=1)
	;;
esac

release=$(kernel_release "$kernel")

# A folder for each machine that runs at the same time.
mkdir -p "$out/vm"
name=${NAME:-vm-$kernel}
for ((i = 2; ; i++)); do
	exec 8> "$out/vm/$name.lock"
	flock -n 8 && break
	[ -z "${NAME:-}" ] || die "the machine $NAME runs already"
	name=vm-$kernel-$i
done
run=$out/vm/$name
driver=out/build/module-$release${MUTANT:+-$MUTANT}/driver

accel=()
# A /dev/kvm that opens is not enough: without these flags guests die in it.
grep -qE '^flags.*\b(vmx|svm)\b' /proc/cpuinfo && [ -w /dev/kvm ] || accel=(--disable-kvm)

rm -rf "$run"
mkdir -p "$run"
{
	printf 'export PGEM_DRIVER=/pgem/%s PGEM_RUN=/pgem/out/vm/%s\n' "$driver" "$name"
	printf 'params=%q\n' "${PARAMS:-}"
	printf 'cmd=%q\n' "${1:-}"
} > "$run/env"

vng=(vng --run "$release" "${accel[@]}" --user root
	--memory "$mem" --cpus "${CPUS:-2}" --rwdir /pgem
	--append "lab.run=$name" --append console=hvc0 "${append[@]}" --append iomem=relaxed
	--qemu-opts="-chardev file,id=log,path=/pgem/out/vm/$name/console.log"
	--qemu-opts="-device virtio-serial-pci -device virtconsole,chardev=log"
	--qemu-opts="-device virtio-gpu-pci -device cirrus-vga ${QEMU_OPTS:-}")
[ -z "${SHARE:-}" ] || vng+=(--rwdir /share)

# Ends the machine if it does not come up; the guest writes the file.
watch_boot()
{
	local i

	for ((i = 0; i < boot_limit; i++)); do
		[ -e "$run/up" ] && return
		sleep 1
	done
	touch "$run/boot-failed"
	kill "$1" 2> /dev/null
}

if [ $# -eq 0 ]; then
	[ -t 0 ] || die "a shell wants a terminal; without one: make vm CMD='...'"
	"$tools/lab.sh" "${vng[@]}" --shell /pgem/tools/guest.sh
	exit
fi

# Pipes on the way out: QEMU would cut a file to nothing when it opens it.
rc=0
timeout -k 10 "${LIMIT:-1800}" "$tools/lab.sh" "${vng[@]}" \
	--append ignore_loglevel --exec /pgem/tools/guest.sh < /dev/null > >(cat) 2> >(cat >&2) &
vm=$!
watch_boot $vm &
watcher=$!
trap 'kill $vm $watcher 2> /dev/null' EXIT
wait $vm || rc=$?
trap - EXIT
kill $watcher 2> /dev/null || true

[ ! -e "$run/boot-failed" ] ||
	die "the machine did not come up within $boot_limit s; its console: $run/console.log"
[ -e "$run/up" ] ||
	die "the machine ended before it was up; its console: $run/console.log"
[ "$rc" -ne 124 ] ||
	die "the command did not end within ${LIMIT:-1800} s; console: $run/console.log"
exit "$rc"
