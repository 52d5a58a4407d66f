// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Lesson 1: find the device and ask what it can do
 *
 * A DRM device has up to two nodes below /dev/dri: the card node, which is also for
 * displays, and the render node, which is for everybody who only needs memory. Numbers
 * depend on the machine, so a program looks for the driver's name instead.
 *
 * This is what pgem_open() of libpgem does; the other lessons call it.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xf86drm.h>

#include <pgem_drm.h>

#define MAX_DEVICES 64

/* Prints the version of pgem's driver, or returns false for any other driver's. */
static bool print_version(int fd, const char *node)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool is_pgem;

	if (!version)
		return false;

	is_pgem = !strcmp(version->name, "pgem");
	if (is_pgem)
		printf("%s: %s %d.%d.%d, %s\n", node, version->name, version->version_major,
		       version->version_minor, version->version_patchlevel, version->desc);

	drmFreeVersion(version);
	return is_pgem;
}

static int open_if_pgem(drmDevicePtr device)
{
	const char *node;
	int fd;

	if (!(device->available_nodes & (1 << DRM_NODE_RENDER)))
		return -1;

	node = device->nodes[DRM_NODE_RENDER];
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "1-open: %s: %s\n", node, strerror(errno));
		return -1;
	}

	if (!print_version(fd, node)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_first(void)
{
	drmDevicePtr devices[MAX_DEVICES];
	int count, i, fd = -1;

	count = drmGetDevices2(0, devices, MAX_DEVICES);
	if (count < 0)
		return -1;
	/* The count includes devices for which there was no room. */
	if (count > MAX_DEVICES)
		count = MAX_DEVICES;

	for (i = 0; i < count && fd < 0; i++)
		fd = open_if_pgem(devices[i]);

	drmFreeDevices(devices, count);
	return fd;
}

/*
 * An ioctl of DRM: name the fields you set and leave the others zero, since the
 * driver refuses bits that it does not know. drmIoctl() repeats the call if a
 * signal interrupts it.
 */
static int print_param(int fd, const char *name, uint32_t param)
{
	struct drm_pgem_get_param args = { .param = param };

	if (drmIoctl(fd, DRM_IOCTL_PGEM_GET_PARAM, &args)) {
		fprintf(stderr, "1-open: GET_PARAM %s: %s\n", name, strerror(errno));
		return -1;
	}

	printf("%-14s %" PRIu64 "\n", name, (uint64_t)args.value);
	return 0;
}

int main(void)
{
	int fd, failed;

	fd = open_first();
	if (fd < 0) {
		fprintf(stderr, "1-open: no pgem device found: is the module loaded? "
			"try: modprobe pgem  (in a checkout: make vm)\n");
		return 1;
	}

	failed = print_param(fd, "page size", DRM_PGEM_PARAM_PAGE_SIZE) ||
		 print_param(fd, "largest object", DRM_PGEM_PARAM_MAX_BO_SIZE) ||
		 print_param(fd, "create flags", DRM_PGEM_PARAM_CREATE_FLAGS);

	close(fd);
	return failed;
}
