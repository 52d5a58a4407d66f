# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts in this folder: what they say, and how they wait.
# Sourced, never run.

set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$top/tools
out=$top/out
cache=${PGEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pgem}
kernels=$cache/kernels
self=$(basename "$0" .sh)

say()
{
	printf '%s: %s\n' "$self" "$*" >&2
}

die()
{
	say "error: $*"
	exit 1
}

# need_disk DIR MIB: end early where a step could not finish.
need_disk()
{
	local have

	have=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$have" -ge "$2" ] ||
		die "$1 has $have MiB free, $2 MiB are needed: free some, or set PGEM_CACHE to another folder"
}

# progress WHAT LOG CMD...: run CMD with its output in LOG, and tell about once
# a second (every 15 s where nobody watches) that it still runs. `status_of`
# may be defined to add a few words. Fails as CMD does.
progress()
{
	local what=$1 log=$2 start=$SECONDS every=15 pid rc=0 now end=$'\n'
	shift 2

	[ -t 2 ] && { every=1; end=$'\r'; }
	mkdir -p "$(dirname "$log")"
	"$@" > "$log" 2>&1 < /dev/null &
	pid=$!
	while kill -0 "$pid" 2> /dev/null; do
		now=$((SECONDS - start))
		if [ $((now % every)) -eq 0 ] && [ "$now" -gt 0 ]; then
			printf '%s: %s ... %d s %s   %s' "$self" "$what" "$now" \
				"$(status_of 2> /dev/null || true)" "$end" >&2
		fi
		sleep 1
	done
	wait "$pid" || rc=$?
	[ "$end" = $'\r' ] && printf '\r\033[K' >&2
	if [ "$rc" -eq 0 ]; then
		say "$what: done in $((SECONDS - start)) s"
	else
		say "$what: failed after $((SECONDS - start)) s; the log's last lines:"
		tail -n 8 "$log" | sed 's/^/    /' >&2
	fi
	return "$rc"
}

status_of()
{
	:
}

# kernel_release KERNEL: the lab's kernel release for a version such as 6.12; debug
# and race are built if need be.
kernel_release()
{
	local found

	case $1 in
	debug|race)
		"$tools/kernel.sh" "$1"
		return
		;;
	esac
	found=$("$tools/lab.sh" --kernels | grep "^${1//./\\.}[.-]" | tail -n 1) ||
		die "no kernel $1 in the lab; there are: $("$tools/lab.sh" --kernels | xargs)"
	echo "$found"
}
