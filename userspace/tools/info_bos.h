/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_BOS_H
#define INFO_BOS_H

#include <stddef.h>
#include <stdint.h>

/**
 * enum info_dmabuf - what dma-buf an object has
 */
enum info_dmabuf {
	/** @INFO_DMABUF_NONE: none */
	INFO_DMABUF_NONE = 0,
	/** @INFO_DMABUF_EXPORTED: one that was made from it */
	INFO_DMABUF_EXPORTED = 1,
	/** @INFO_DMABUF_IMPORTED: one of another driver's, that it was made from */
	INFO_DMABUF_IMPORTED = 2,
};

/**
 * struct info_bo - an object of a device, as debugfs shows it
 */
struct info_bo {
	/** @id: number that tells the device's objects apart */
	uint64_t id;

	/** @size: bytes */
	uint64_t size;

	/** @resident: bytes that occupy memory */
	uint64_t resident;

	/** @mapped: bytes that some process has mapped */
	uint64_t mapped;

	/** @offset: mmap offset, bytes; 0 for an object without */
	uint64_t offset;

	/** @handles: handles to it, of all open files */
	uint64_t handles;

	/** @dmabuf: one of &enum info_dmabuf */
	uint64_t dmabuf;

	/** @pins: devices and kernel mappings that keep all pages */
	uint64_t pins;

	/** @advice: needed, dontneed or purged */
	char advice[16];

	/** @label: name that a client gave it, with blanks as octal numbers; "-": none */
	char label[256];

	/** @pid: process that created it */
	uint64_t pid;

	/** @comm: that process's name, with odd characters as octal numbers; owned */
	char *comm;
};

/**
 * struct info_bos - all objects of a device
 */
struct info_bos {
	/** @list: the objects, oldest first; owned */
	struct info_bo *list;

	/** @count: how many */
	size_t count;
};

/**
 * info_bos_read() - read the objects of a device
 * @minor: minor number of the device's card node
 * @bos: out: the objects, for info_bos_free()
 *
 * Return: 0, or a negative errno value: -EACCES if only root may read them, -ENOENT
 * if debugfs is not mounted.
 */
int info_bos_read(unsigned int minor, struct info_bos *bos);

/**
 * info_bos_free() - free what info_bos_read() gave
 * @bos: the objects
 */
void info_bos_free(struct info_bos *bos);

#endif /* INFO_BOS_H */
