/* SPDX-License-Identifier: MIT */
/* Copyright (C) 2026 The pgem founders */
#ifndef INFO_GROUP_H
#define INFO_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "info_bos.h"

/**
 * struct info_amount - memory of an object, a process or a device, in bytes
 */
struct info_amount {
	/** @size: of the objects */
	uint64_t size;

	/** @resident: occupies memory */
	uint64_t resident;

	/** @mapped: of that, mapped by some process; debugfs alone tells */
	uint64_t mapped;

	/** @shared: size of what others have, too; fdinfo alone tells */
	uint64_t shared;

	/** @purgeable: resident, and nobody needs it */
	uint64_t purgeable;

	/** @active: resident, and busy with a fence; fdinfo alone tells */
	uint64_t active;
};

/**
 * struct info_group - a process and what it has made
 */
struct info_group {
	/** @pid: the process, which may have ended */
	uint64_t pid;

	/** @name: its name, owned */
	char *name;

	/** @amount: of all its objects */
	struct info_amount amount;

	/** @bos: its objects, most resident first; borrowed, NULL where fdinfo tells */
	const struct info_bo *bos;

	/** @count: how many objects */
	size_t count;
};

/**
 * struct info_groups - all processes that have objects of a device
 */
struct info_groups {
	/** @list: the processes, most resident first; owned */
	struct info_group *list;

	/** @count: how many */
	size_t count;

	/** @amount: of all of them */
	struct info_amount amount;
};

/**
 * info_amount_of_bo() - tell what an object takes
 * @bo: the object
 *
 * Return: its memory; all that is resident is purgeable if its advice says so.
 */
struct info_amount info_amount_of_bo(const struct info_bo *bo);

/**
 * info_amount_add() - add up
 * @sum: what is added to
 * @amount: what is added
 */
void info_amount_add(struct info_amount *sum, const struct info_amount *amount);

/**
 * info_groups_add() - add a process
 * @groups: the processes
 * @group: the new one; its name is copied, its amount joins the sum
 *
 * Return: 0 or -ENOMEM.
 */
int info_groups_add(struct info_groups *groups, const struct info_group *group);

/**
 * info_groups_sort() - put the processes with most resident memory first
 * @groups: the processes
 */
void info_groups_sort(struct info_groups *groups);

/**
 * info_groups_make() - sort a device's objects by the processes that made them
 * @groups: out: the processes, for info_groups_free()
 * @bos: the objects; get another order, have to live as long as @groups
 *
 * Return: 0 or -ENOMEM.
 */
int info_groups_make(struct info_groups *groups, struct info_bos *bos);

/**
 * info_groups_free() - free what info_groups_make() or info_groups_add() made
 * @groups: the processes
 */
void info_groups_free(struct info_groups *groups);

#endif /* INFO_GROUP_H */
