// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Lesson 5: zero-copy between two drivers
 *
 * A dma-buf need not come from the driver that takes it. Here udmabuf makes one of
 * ordinary memory (a memfd), and pgem makes an object of that: one more handle, and no
 * more memory. What is drawn through pgem's mapping is in the memfd at once, since both
 * are the same pages.
 *
 * pgem does not know what kind of memory it is. Its mmap() asks the driver that does:
 * whether an import can be mapped is for that driver to say.
 */

/* For memfd_create(). */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pgem.h>

#define MEMORY_SIZE (1u << 20)

static int fail(const char *what, int err)
{
	fprintf(stderr, "5-zero-copy: %s: %s\n", what, strerror(-err));
	return 1;
}

/* Memory that cannot shrink, which udmabuf insists on. */
static int create_memory(void)
{
	int memory = memfd_create("lesson", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (memory < 0)
		return -errno;
	if (ftruncate(memory, MEMORY_SIZE) || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK)) {
		int ret = -errno;

		close(memory);
		return ret;
	}
	return memory;
}

static int create_dmabuf(int memory)
{
	struct udmabuf_create args = {
		.memfd = memory,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = MEMORY_SIZE,
	};
	int udmabuf, dmabuf;

	udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (udmabuf < 0)
		return -errno;

	dmabuf = ioctl(udmabuf, UDMABUF_CREATE, &args);
	if (dmabuf < 0)
		dmabuf = -errno;
	close(udmabuf);
	return dmabuf;
}

static int draw_and_look(struct pgem_bo *bo, int memory)
{
	static const char text[] = "drawn through pgem";
	uint64_t resident;
	char seen[64];
	uint32_t flags;
	int ret;

	/* What the driver says of it: memory of another, none of pgem's own. */
	ret = pgem_bo_flags(bo, &flags);
	if (!ret)
		ret = pgem_bo_resident(bo, &resident);
	if (ret)
		return fail("GEM_INFO", ret);
	printf("object:            %" PRIu64 " bytes, %s, %" PRIu64 " bytes of pgem's\n", bo->size,
	       flags & DRM_PGEM_GEM_IMPORTED ? "imported" : "not imported", resident);

	ret = pgem_bo_map(bo);
	if (ret)
		return fail("pgem_bo_map", ret);
	memcpy((char *)bo->map + MEMORY_SIZE / 2, text, sizeof(text));

	if (pread(memory, seen, sizeof(seen), MEMORY_SIZE / 2) < 0)
		return fail("pread", -errno);
	seen[sizeof(seen) - 1] = '\0';
	printf("read from memfd:   %s\n", seen);

	/* And the other way. */
	if (pwrite(memory, "written to memfd", 17, 0) < 0)
		return fail("pwrite", -errno);
	printf("read through pgem: %s\n", (char *)bo->map);

	return strcmp(seen, text) || strcmp(bo->map, "written to memfd") ?
		fail("contents", -EBADMSG) : 0;
}

static int import_and_draw(int fd, int memory)
{
	int dmabuf, ret, failed;
	struct pgem_bo bo;

	dmabuf = create_dmabuf(memory);
	if (dmabuf < 0)
		return fail("/dev/udmabuf (are you root? modprobe udmabuf?)", dmabuf);

	ret = pgem_bo_import(fd, dmabuf, &bo);
	/* The object has a reference of its own. */
	close(dmabuf);
	if (ret)
		return fail("pgem_bo_import", ret);

	failed = draw_and_look(&bo, memory);
	pgem_bo_close(&bo);
	return failed;
}

int main(int argc, char **argv)
{
	int fd, memory, failed;

	fd = pgem_open(argc > 1 ? argv[1] : NULL);
	if (fd < 0)
		return fail("no pgem device (try 1-open)", fd);

	memory = create_memory();
	failed = memory < 0 ? fail("memfd_create", memory) : import_and_draw(fd, memory);

	if (memory >= 0)
		close(memory);
	close(fd);
	return failed;
}
