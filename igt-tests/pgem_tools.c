// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_tools
 *
 * What pgem-info says of objects. See pgem_share.c for pgem-share.
 */
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_advice.h"
#include "pgem_lib.h"
#include "pgem_spawn.h"

IGT_TEST_DESCRIPTION("Check what pgem-info shows.");

/* Runs pgem-info, which has to say @text once and end well. */
static void expect_info(const char *options, const char *text)
{
	struct pgem_process info;
	const char *found;

	pgem_spawn(&info, "tools/pgem-info %s", options);
	igt_assert_eq(pgem_spawn_wait(&info, 30), 0);
	found = strstr(info.out, text);
	igt_assert_f(found, "it does not say \"%s\"\n", text);
	igt_assert_f(!strstr(found + 1, text), "it says \"%s\" twice\n", text);
	igt_assert_eq(info.err[0], '\0');
}

static void device(int fd)
{
	(void)fd;
	expect_info("--json", "\"driver\": \"pgem\"");
	expect_info("--json", "\"objects\": []");
}

static void own_object(int fd)
{
	uint32_t handle = pgem_create(fd, 3 * PG);

	expect_info("--json", "\"size\": 12288");
	expect_info("--json", "\"imported\": 0");
	expect_info("--json", "\"dmabuf\": 0");
	pgem_close(fd, handle);
}

static void exported_object(int fd)
{
	uint32_t handle = pgem_create(fd, 3 * PG);
	int dmabuf = pgem_export(fd, handle);

	expect_info("--json", "\"dmabuf\": 1");
	expect_info("--json", "\"imported\": 0");
	expect_info("", " exported ");
	close(dmabuf);
	pgem_close(fd, handle);
}

static void mapped_object(int fd)
{
	struct pgem_buf buf;

	pgem_buf_init(&buf, fd, 3);
	pgem_fill(buf.map, 0, 2);
	expect_info("--json", "\"resident\": 8192");
	expect_info("--json", "\"mapped\": 8192");
	pgem_buf_fini(&buf);
}

static void advised_object(int fd)
{
	uint32_t handle = pgem_create(fd, 3 * PG);

	expect_info("--json", "\"advice\": \"needed\"");
	pgem_dontneed(fd, handle);
	expect_info("--json", "\"advice\": \"dontneed\"");
	expect_info("", " dontneed ");
	pgem_close(fd, handle);
}

static void labelled_object(int fd)
{
	uint32_t handle = pgem_create(fd, 3 * PG);

	expect_info("--json", "\"label\": null");
	pgem_label(fd, handle, "two words");
	expect_info("--json", "\"label\": \"two\\\\040words\"");
	expect_info("", "(two\\040words)\n");
	pgem_close(fd, handle);
}

static int create_udmabuf(size_t size)
{
	int memory = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct udmabuf_create arg = { .memfd = memory, .size = size };
	int udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), dmabuf;

	igt_assert(memory >= 0 && udmabuf >= 0);
	igt_assert_eq(ftruncate(memory, size), 0);
	igt_assert_eq(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	dmabuf = ioctl(udmabuf, UDMABUF_CREATE, &arg);
	igt_assert(dmabuf >= 0);
	close(udmabuf);
	close(memory);
	return dmabuf;
}

static void imported_object(int fd)
{
	int dmabuf = create_udmabuf(3 * PG);
	uint32_t handle = pgem_import(fd, dmabuf);

	close(dmabuf);
	expect_info("--json", "\"imported\": 1");
	expect_info("--json", "\"resident\": 0");
	expect_info("", " imported ");
	pgem_close(fd, handle);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "info-device", device, "pgem-info finds the device, and no object where there is none." },
	{ "info-own", own_object, "An object of the device is neither exported nor imported." },
	{ "info-exported", exported_object, "One with a dma-buf is exported." },
	{ "info-mapped", mapped_object, "It tells how much is mapped." },
	{ "info-advice", advised_object, "It tells what nobody needs." },
	{ "info-label", labelled_object, "It shows an object's label." },
	{ "info-imported", imported_object, "One made from another driver's is imported." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
