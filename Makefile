# SPDX-License-Identifier: GPL-2.0-only
# Thin: says what there is to do. The work is in driver/Makefile, meson.build and
# tools/.

KERNEL ?=
export KERNEL PARAMS MEM CPUS QEMU_OPTS SHARE TESTS MUTANTS SOAK SEED
export LANE BASE DOC

help:
	@sed -n 's/^#: //p' $(MAKEFILE_LIST)

#: In a virtual machine that makes itself (Debian host; nothing to prepare):
#:   make demo              draw into pgem buffers; pictures in out/demo/
#:   make check             all tests on all kernels
#:   make check TESTS=pgem_fault@split-munmap KERNEL=7.2
#:   make check-debug       all tests on a kernel with KASAN, lockdep, kmemleak ...
#:   make check-race        races of faults and others on a kernel with KCSAN
#:   make check-pressure    clients with three times the memory of a machine (MEM=512M)
#:   make check-soak        all kinds of use for an hour a kernel (SOAK=SECONDS SEED=N)
#:   make check-mutants     broken drivers: does check-debug see it?
#:   make vm                a shell in the machine, driver loaded
#:   make vm CMD='...'      one command in the machine
#:   make bench             what buffers cost, beside other drivers, in out/bench/
#:   make bench BASE=REV    this driver against that of another commit
#:   make lint              style, warnings, documentation comments
#:   make doc               the documentation as HTML in out/doc/
#: Settings: KERNEL=6.12|7.2|debug|race PARAMS='max_bo_mib=64' MEM=2G CPUS=2 QEMU_OPTS=...
#:   SHARE=DIR (seen as /share in the machine) LANE=icount|threads (of make bench)
#:
demo check bench lint doc:
	@tools/$@.sh

check-debug:
	@KERNEL=debug tools/check.sh

check-race:
	@KERNEL=race TESTS='$(or $(TESTS),$(RACES))' tools/check.sh

check-pressure:
	@MEM=$(or $(MEM),512M) PRESSURE=1 TESTS='pgem_swap@clients pgem_swap@mixed' tools/check.sh

check-soak:
	@tools/soak.sh

check-mutants:
	@tools/mutants.sh

# The shell in the machine is to see what was typed: make would expand its dollars.
unexport CMD
vm: export VM_CMD = $(value CMD)
vm:
	@KERNEL=$${KERNEL:-7.2} tools/build.sh all
	@tools/vm.sh $${VM_CMD:+"$$VM_CMD"}

#: On this machine, with the running kernel's headers, meson and libdrm:
#:   make module            driver/pgem.ko
#:   make user              library, tools and tests in out/build/host/
#:   make install           both, as root (PREFIX=/usr/local)
#:   make clean
PREFIX ?= /usr/local
# What runs against faults: other faults, munmap, fork, close, unbind.
RACES = pgem_race pgem_hotrace pgem_around@race* pgem_fault@threads* \
	pgem_fault@processes* pgem_fork@race*

module:
	$(MAKE) -C driver

user:
	[ -d out/build/host ] || meson setup --prefix=$(PREFIX) out/build/host
	ninja -C out/build/host

install: module user
	$(MAKE) -C driver install
	meson install -C out/build/host --no-rebuild

clean:
	$(MAKE) -C driver clean
	rm -rf out

.PHONY: help demo check check-debug check-race check-pressure check-soak check-mutants bench lint doc vm module user install clean
