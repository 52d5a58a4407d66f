#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Breaks the driver by each patch in igt-tests/mutants/, in a copy, and runs the
# tests that the patch names. They have to end red with what the patch says: a test or
# a check of the kernel that sees nothing is worth nothing.
#
# environment: KERNEL (debug): the patches for that kernel; MUTANTS (all): their names
. "$(dirname "$0")/lib.sh"

cd "$top"
kernel=${KERNEL:-debug}
patches=igt-tests/mutants
mutants=${MUTANTS:-$(grep -lx "Kernel: $kernel" $patches/*.patch | xargs basename -s .patch)}
caught=0 all=0
mkdir -p "$out/mutants"

# header FIELD MUTANT
header()
{
	sed -n "s/^$1: //p" "$patches/$2.patch"
}

for mutant in $mutants; do
	log=$out/mutants/$mutant.log
	[ -e "$patches/$mutant.patch" ] || die "no $patches/$mutant.patch"
	MUTANT=$mutant KERNEL=$kernel TESTS=$(header Tests "$mutant") "$tools/check.sh" > "$log" || true
	all=$((all + 1))
	if grep -E '^FAILED' "$log" | grep -E -m 1 "$(header Caught-by "$mutant")" > "$log.caught"; then
		caught=$((caught + 1))
		printf '%-18s caught: %s\n' "$mutant" "$(cat "$log.caught")"
	else
		printf '%-18s NOT CAUGHT, see %s\n' "$mutant" "$log"
	fi
done
echo "$caught of $all mutants caught"
[ "$caught" -eq "$all" ]
