#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The guest's side of vm.sh: loads the driver, then runs the command.
name=$(sed -n 's/.*lab\.run=\([^ ]*\).*/\1/p' /proc/cmdline)
. "/pgem/out/vm/$name/env"

# So that modprobe, and with it IGT, finds the modules outside /lib/modules.
{
	echo "install pgem modprobe drm && insmod $PGEM_DRIVER/pgem.ko $params \$CMDLINE_OPTS"
	echo "install pgem_kunit modprobe -a kunit pgem && insmod $PGEM_DRIVER/tests/pgem_kunit.ko"
	for module in pgem_locker pgem_pinner; do
		echo "install $module insmod $PGEM_DRIVER/../modules/$module.ko"
	done
} > /etc/modprobe.d/pgem.conf
# udev looks at each device that comes or goes. The unit tests alone make 3000 such events,
# and with KASAN they keep both processors busy long after. The kernel makes the nodes.
case $(uname -r) in
*-pgem-*) udevadm control --exit ;;
esac

modprobe pgem || { echo "guest: cannot load pgem" >&2; touch "$PGEM_RUN/up"; exit 125; }
touch "$PGEM_RUN/up"

cd /pgem || exit 125
[ -n "$cmd" ] || exec bash -i
bash -c "$cmd"
