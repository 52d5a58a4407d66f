#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The gates: style, documentation comments, warnings, where version tests may stand,
# and whether report.py sees what is wrong. Prints what is wrong and a line for each gate.
#
# CHECKPATCH= names another checkpatch.pl than the one of the lab's kernel source.
. "$(dirname "$0")/lib.sh"

log=$out/lint
failed=0
mkdir -p "$log"
cd "$top"
# Before the gates, which take every word for a complaint.
"$tools/lab.sh" true

# gate NAME CMD...: red if CMD fails or prints anything.
gate()
{
	local name=$1
	shift

	if "$@" > "$log/$name.log" 2>&1 && [ ! -s "$log/$name.log" ]; then
		printf '%-28s ok\n' "$name"
	else
		printf '%-28s FAILED\n' "$name"
		sed 's/^/    /' "$log/$name.log"
		failed=$((failed + 1))
	fi
}

checkpatch()
{
	if [ -n "${CHECKPATCH:-}" ]; then
		"$CHECKPATCH" --quiet "$@"
	else
		"$tools/lab.sh" perl /usr/src/linux-source-7.2/scripts/checkpatch.pl --quiet "$@" \
			2> >(grep -v 'git: not found' >&2)
	fi
}

# Without what holds in the kernel only: its types and macros, its rule that a
# message stands on one line, and its ban on volatile, which is what a test needs
# that watches memory change. The names of libdrm and Cairo, and the block macros
# and the main function of IGT, are as they are.
checkpatch_user()
{
	checkpatch --ignore CAMELCASE,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO \
		--ignore BIT_MACRO,SPLIT_STRING,NAKED_SSCANF,VOLATILE,ENOSYS \
		--ignore FUNCTION_WITHOUT_ARGS,FUNCTION_ARGUMENTS,COMPLEX_MACRO \
		--ignore MACRO_ARG_REUSE,MACRO_WITH_FLOW_CONTROL "$@"
}

kernel_doc()
{
	"$tools/lab.sh" python3 /usr/src/linux-source-7.2/tools/docs/kernel-doc -none -Wall "$@"
}

# Only what is about our files: the older header package's kernel-doc script has
# a word to say about itself under a new Perl.
module_warnings()
{
	"$tools/build.sh" module "$1" W=1 C=2 clean
	{ "$tools/build.sh" module "$1" W=1 C=2 2>&1 || echo "the build failed"; } |
		grep -v 'Possible precedence problem between' || true
}

# Each header must compile alone.
headers_alone()
{
	local h

	for h in uapi/drm/*.h userspace/*/*.h igt-tests/*.h; do
		"$tools/lab.sh" sh -c "gcc -Wall -Wextra -Werror -fsyntax-only -D_GNU_SOURCE \
			-Iuapi/drm -Iuserspace/libpgem \$(pkg-config --cflags libdrm cairo) -x c $h"
	done
}

version_tests()
{
	! git grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION' -- driver igt-tests/modules ':!driver/compat'
}

line_counts()
{
	git ls-files -co --exclude-standard driver userspace igt-tests | awk '
		/\.c$/ { limit = /^driver/ ? 400 : 800 } /\.h$/ { limit = 150 } !/\.[ch]$/ { next }
		/libpgem\/pgem.h$/ { next } # an interface, mostly documentation
		{ n = 0; f = $0; while ((getline line < f) > 0) n++; close(f)
		  if (n > limit) print f ": " n " lines, at most " limit }'
}

spdx()
{
	git ls-files -co --exclude-standard '*.c' '*.h' '*.sh' | while read -r f; do
		head -n 2 "$f" | grep -q SPDX-License-Identifier || echo "$f: no SPDX line"
	done
}

# checkpatch keeps a cache of names where it runs.
trap 'rm -f .checkpatch-camelcase.*' EXIT

mapfile -t driver_files < <(git ls-files -co --exclude-standard 'driver/*.[ch]' 'uapi/*.h' \
	'igt-tests/modules/*.c')
mapfile -t user_files < <(git ls-files -co --exclude-standard 'userspace/*.[ch]' 'igt-tests/*.[ch]' \
	':!igt-tests/modules')
mapfile -t scripts < <(git ls-files -co --exclude-standard '*.sh' .ci/run)

gate checkpatch-driver checkpatch --file "${driver_files[@]}"
gate checkpatch-user checkpatch_user --file "${user_files[@]}"
gate kernel-doc kernel_doc "${driver_files[@]}"
gate version-tests version_tests
gate line-counts line_counts
gate spdx spdx
gate headers-alone headers_alone
gate shell-syntax bash -n "${scripts[@]}"
gate report "$tools/lab.sh" python3 tools/report-check.py
# Only for the debug kernel are the unit tests compiled; it is not built for this.
for release in $("$tools/lab.sh" --kernels) $("$tools/kernel.sh" debug --built); do
	gate "module-W1-sparse-${release%-*}" module_warnings "$release"
done

[ "$failed" -eq 0 ] || die "$failed gates failed; logs in $log"
say "all gates are green"
