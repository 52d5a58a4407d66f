#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The lab: one Debian root folder with compilers, kernels, QEMU and IGT, made on
# first use and cached outside the checkout. Everything the project builds or
# boots runs in it, so the host needs mmdebstrap and bubblewrap only.
#
# usage: lab.sh [CMD ARG...]   run CMD in the lab, the checkout at /pgem
#        lab.sh --root         print the root folder's path
#        lab.sh --kernels      list the kernels in it, one release a line
. "$(dirname "$0")/lib.sh"

packages=$(sed 's/#.*//' "$tools/lab.packages" | xargs | tr ' ' ,)
key=$(cat "$tools/lab.packages" "$tools/lab-setup.sh" | sha256sum | cut -c1-12)
root=$cache/root-$key
log=$cache/root-$key.log

install_host_tools()
{
	local missing=()

	command -v mmdebstrap > /dev/null || missing+=(mmdebstrap)
	command -v bwrap > /dev/null || missing+=(bubblewrap)
	if [ "$(id -u)" -ne 0 ]; then
		command -v newuidmap > /dev/null || missing+=(uidmap)
	fi
	[ ${#missing[@]} -eq 0 ] && return

	local sudo=
	[ "$(id -u)" -eq 0 ] || sudo='sudo -n'
	say "installing ${missing[*]} on this machine"
	$sudo sh -c "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y ${missing[*]}" \
		> "$cache/host.log" 2>&1 ||
		die "could not install ${missing[*]} (log: $cache/host.log); as root: apt-get install ${missing[*]}"
}

check_sandbox()
{
	bwrap --ro-bind / / true 2> /dev/null && return
	die "bubblewrap cannot make a sandbox here: run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)"
}

# The tar on the way makes the caller the owner of all files, so that an
# ordinary user can use and delete the folder.
make_root()
{
	mmdebstrap --aptopt="$root.apt" --variant=apt --include="$packages" \
		--setup-hook="sh '$tools/lab-setup.sh' setup \"\$1\"" \
		--customize-hook="sh '$tools/lab-setup.sh' customize \"\$1\"" \
		testing - | tar -x --no-same-owner --exclude=./dev -C "$root.new" &&
		sh "$tools/lab-setup.sh" finish "$root.new" &&
		mv "$root.new" "$root"
}

# The caller holds the lock.
ensure_root()
{
	[ -d "$root" ] && return
	need_disk "$cache" 4000
	rm -rf "$root.new"
	mkdir "$root.new"
	# Proxies and such: what lets this machine's apt work.
	apt-config dump | grep '^Acquire::' > "$root.apt"
	say "making the lab in $root: a download of about 700 MB, 2.2 GB on disk, some 3 minutes"
	status_of() { tail -n 1 "$log" | cut -c1-60; }
	progress "making the lab" "$log" make_root || {
		rm -rf "$root.new"
		die "the lab could not be made: is the network up, the disk full? log: $log"
	}
}

mkdir -p "$kernels" "$out" || die "cannot write to $cache: set PGEM_CACHE to a folder of yours"
install_host_tools
check_sandbox
if [ ! -d "$root" ]; then
	exec 9> "$cache/lock"
	flock 9
	ensure_root
	exec 9>&-
fi

case ${1:-} in
--root)
	echo "$root"
	exit
	;;
--kernels)
	ls "$root/usr/lib/modules"
	exit
	;;
esac

args=(--ro-bind "$root" / --dev-bind /dev /dev --proc /proc --ro-bind /sys /sys
	--bind "$kernels" /kernels
	--tmpfs /tmp --tmpfs /run --bind "$top" /pgem --chdir /pgem
	--die-with-parent --unshare-pid --clearenv
	--setenv PATH /usr/sbin:/usr/bin --setenv HOME /tmp --setenv LANG C.UTF-8)
# As root of a namespace of its own: virtiofsd wants to set its capabilities.
[ "$(id -u)" -eq 0 ] || args+=(--unshare-user --uid 0 --gid 0 --cap-add ALL)
[ -z "${SHARE:-}" ] || args+=(--bind "$SHARE" /share)
# Beside Debian's kernels, those that kernel.sh has built: it leaves a mark.
args+=(--tmpfs /usr/lib/modules)
for modules in "$root"/usr/lib/modules/* "$kernels"/*/complete; do
	[ "${modules##*/}" != complete ] || modules=$(echo "${modules%/*}"/lib/modules/*)
	[ ! -d "$modules" ] || args+=(--ro-bind "$modules" "/usr/lib/modules/${modules##*/}")
done
exec bwrap "${args[@]}" "${@:-bash}"
