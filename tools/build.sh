#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds inside the lab, into out/build/ (the sources stay clean).
#
# usage: build.sh module RELEASE [MAKE-ARG...]   pgem.ko and the tests' modules, one kernel
#        build.sh user                           library, tools, examples, tests
#        build.sh all                            both, for KERNEL or all of Debian's
# environment: MUTANT, a name in igt-tests/mutants/: build the driver with that patch
. "$(dirname "$0")/lib.sh"

# apply_mutant NAME DIR: to the copy in DIR, once.
apply_mutant()
{
	rm -rf "$2/driver"
	cp -a "$top/driver" "$2/"
	"$tools/lab.sh" patch -s -p1 -d "${2#"$top/"}" -i "/pgem/igt-tests/mutants/$1.patch"
}

# Kernels before 6.13 build where the sources are: give each kernel a copy. The modules that
# tests load are built by the driver's Makefile, in a folder beside it.
build_module()
{
	local release=$1 dir=build/module-$1${MUTANT:+-$MUTANT} part
	shift

	mkdir -p "$out/$dir"
	rm -rf "$out/$dir/uapi"
	cp -a "$top/uapi" "$out/$dir/"
	cp -a --update "$top/driver" "$out/$dir/"
	cp -a --update "$top/igt-tests/modules" "$out/$dir/"
	[ -z "${MUTANT:-}" ] || apply_mutant "$MUTANT" "$out/$dir"
	for part in driver modules; do
		"$tools/lab.sh" make -s -j"$(nproc)" -C "out/$dir/$part" -f ../driver/Makefile \
			KDIR="/usr/lib/modules/$release/build" "$@"
	done
}

build_user()
{
	"$tools/lab.sh" sh -c \
		'{ [ -d out/build/user ] || meson setup out/build/user; } && ninja -C out/build/user'
}

# Quiet where all goes well: the log is for when it does not.
build_all()
{
	local release releases

	if [ -n "${KERNEL:-}" ]; then
		releases=$(kernel_release "$KERNEL")
	else
		releases=$("$tools/lab.sh" --kernels)
	fi
	for release in $releases; do
		progress "building the module for $release" "$out/build/module-$release.log" \
			build_module "$release" || die "log: $out/build/module-$release.log"
	done
	progress "building library, tools and tests" "$out/build/user.log" build_user ||
		die "log: $out/build/user.log"
}

what=${1:?module, user or all}
shift
case $what in
module) build_module "$@" ;;
user) build_user ;;
all) build_all ;;
*) die "unknown thing to build: $what" ;;
esac
