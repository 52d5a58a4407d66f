#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds a kernel of the project's own in the lab, on first use, from Debian's
# linux-source-7.2, and caches it outside the checkout.
#
# usage: kernel.sh debug|race            build it; prints its release
#        kernel.sh debug|race --built    print its release if it is built
#
# The folder is a build tree for modules, with the kernel and its modules in
# lib/modules/RELEASE; lab.sh shows that among the lab's own kernels. Its name has
# a key made of the source's version and the configuration.
. "$(dirname "$0")/lib.sh"

flavour=${1:?debug or race}
fragments=("$tools/kernel.config" "$tools/kernel-$flavour.config")
[ -e "${fragments[1]}" ] || die "no kernel $flavour: there are debug and race"

root=$("$tools/lab.sh" --root)
version=$(awk '/^Package: linux-source-7.2$/, /^$/ { if ($1 == "Version:") print $2 }' \
	"$root/var/lib/dpkg/status")
name=$flavour-$({ echo "$version"; cat "${fragments[@]}"; } | sha256sum | cut -c1-12)

# Seen from inside the lab.
source=/kernels/linux-$version
tree=/kernels/$name

in_tree()
{
	"$tools/lab.sh" make -C "$source" O="$tree" "$@"
}

unpack_source()
{
	[ -d "$kernels/linux-$version" ] && return
	rm -rf "$kernels/linux-$version.new"
	mkdir "$kernels/linux-$version.new"
	"$tools/lab.sh" tar -x --no-same-owner --strip-components=1 \
		-C "$source.new" -f /usr/src/linux-source-7.2.tar.xz
	mv "$kernels/linux-$version.new" "$kernels/linux-$version"
}

# A line that does not take would be a check that silently does not happen.
check_config()
{
	local line symbol bad=0

	while read -r line; do
		symbol=${line%%=*}
		case $line in
		CONFIG_*=n) ! grep -q "^$symbol=" "$1" ;;
		CONFIG_*) grep -qxF "$line" "$1" ;;
		esac || { echo "not taken: $line"; bad=1; }
	done < <(cat "${fragments[@]}" | grep ^CONFIG_)
	return $bad
}

configure()
{
	"$tools/lab.sh" sh -c "cd '$source' && virtme-configkernel --defconfig O='$tree'" &&
		cat "${fragments[@]}" >> "$kernels/$name/.config" &&
		echo "CONFIG_LOCALVERSION=\"-pgem-$name\"" >> "$kernels/$name/.config" &&
		in_tree olddefconfig &&
		check_config "$kernels/$name/.config"
}

install()
{
	local modules

	in_tree -s INSTALL_MOD_PATH="$tree" modules_install &&
		modules=$(echo "$kernels/$name"/lib/modules/*) &&
		cp "$kernels/$name/arch/x86/boot/bzImage" "$modules/vmlinuz"
}

# What modules are built with stays; the rest, most of it, goes.
prune()
{
	find "$kernels/$name" \( -path '*/tools' -o -path '*/scripts' \) -prune -o -type f \
		\( -name '*.o' -o -name '*.a' -o -name '*.cmd' -o -name 'vmlinux*.bin*' \) \
		-exec rm {} +
}

build()
{
	unpack_source &&
		rm -rf "${kernels:?}/$name" &&
		mkdir "$kernels/$name" &&
		configure &&
		in_tree -j"$(nproc)" bzImage modules &&
		install &&
		prune &&
		touch "$kernels/$name/complete"
}

status_of()
{
	local files

	files=$(grep -cE '^ +(CC|AS|LD|AR) ' "$log")
	[ "$files" -eq 0 ] || echo "($files of about 2700 files)"
}

if [ ! -e "$kernels/$name/complete" ]; then
	[ "${2:-}" != --built ] || exit 0
	log=$kernels/$name.log
	exec 9> "$kernels/lock"
	flock 9
	need_disk "$kernels" 8000
	if [ ! -e "$kernels/$name/complete" ]; then
		say "building the $flavour kernel in $kernels/$name, once: 20 to 30 minutes on two cores"
		progress "building the $flavour kernel" "$log" build ||
			die "the kernel could not be built; log: $log"
	fi
	exec 9>&-
fi
ls "$kernels/$name/lib/modules"
