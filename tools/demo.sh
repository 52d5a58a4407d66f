#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# From nothing to pictures drawn into pgem buffers by a client, in a VM.
. "$(dirname "$0")/lib.sh"

kernel=${KERNEL:-7.2}
KERNEL=$kernel "$tools/build.sh" all
rm -rf "$out/demo"
mkdir -p "$out/demo"

run_demo()
{
	NAME=demo-$kernel KERNEL=$kernel LIMIT=600 "$tools/vm.sh" '
		set -e
		draw=out/build/user/userspace/tools/pgem-draw
		$draw --scene showcase --output out/demo/showcase.png --page-map out/demo/showcase-pages.png
		$draw --scene spot --size 16384x16384 --output out/demo/spot.png --page-map out/demo/spot-pages.png
		out/build/user/userspace/tools/pgem-info'
}

progress "drawing on Linux $kernel" "$out/demo/log" run_demo || die "log: $out/demo/log"
cat "$out/demo/log"
say "pictures in $out/demo: showcase.png, what was drawn; showcase-pages.png, the pages it took;"
say "spot.png and spot-pages.png, the same for a small thing in a canvas of 1 GiB"
