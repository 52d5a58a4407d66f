#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What lab.sh does to its new root folder, by mmdebstrap's hooks.
# usage: lab-setup.sh setup|customize|finish ROOT
set -e
root=$2

case $1 in
setup)
	# The second suite is for the older kernel; the mirror is mmdebstrap's.
	sed 's/testing/stable/' "$root/etc/apt/sources.list" \
		> "$root/etc/apt/sources.list.d/stable.list"
	;;
customize)
	# The meta package upgraded from one suite to the next leaves both
	# kernels. Nothing boots from an initrd of Debian's: do not make one.
	export INITRD=No
	for suite in stable testing; do
		chroot "$root" apt-get install -y \
			linux-image-amd64/$suite linux-headers-amd64/$suite
	done
	chroot "$root" apt-get install -y linux-source-7.2
	;;
finish)
	mkdir -p "$root/dev" "$root/kernels" "$root/pgem" "$root/share"
	# virtme-ng has udev look at every device when it boots, 85 s on a debug
	# kernel. All that is needed is the names of its own ports.
	# (One program under two names.)
	mv -f "$root/usr/bin/udevadm" "$root/usr/lib/systemd/systemd-udevd"
	cat > "$root/usr/bin/udevadm" <<- 'EOF'
		#!/bin/bash
		case $* in
		"trigger --type=subsystems --action=add") exit ;;
		"trigger --type=devices --action=add") set -- "$@" --subsystem-match=virtio-ports ;;
		esac
		exec -a udevadm /usr/lib/systemd/systemd-udevd "$@"
	EOF
	chmod +x "$root/usr/bin/udevadm"
	# checkpatch and the documentation's kernel-doc extension live here.
	tar -x -C "$root/usr/src" -f "$root/usr/src/linux-source-7.2.tar.xz" \
		--wildcards 'linux-source-7.2/scripts/checkpatch.pl' \
		'linux-source-7.2/scripts/checker-valid.sh' \
		'linux-source-7.2/scripts/*.txt' \
		'linux-source-7.2/scripts/*.checkpatch' \
		'linux-source-7.2/tools/docs' 'linux-source-7.2/tools/lib/python' \
		'linux-source-7.2/Documentation/sphinx'
	# Debian's headers leave out what a build with C=1 asks first.
	for headers in "$root"/usr/src/linux-headers-7.2*-common; do
		cp -n "$root/usr/src/linux-source-7.2/scripts/checker-valid.sh" \
			"$headers/scripts/"
	done
	;;
esac
