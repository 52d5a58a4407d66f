// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Objects by process
 *
 * An object is counted for the process that made it, also where another one has it by
 * now: the kernel charges its pages to who touches them, which nobody can look up.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "info_group.h"

struct info_amount info_amount_of_bo(const struct info_bo *bo)
{
	return (struct info_amount){
		.size = bo->size,
		.resident = bo->resident,
		.mapped = bo->mapped,
		.purgeable = strcmp(bo->advice, "dontneed") ? 0 : bo->resident,
	};
}

void info_amount_add(struct info_amount *sum, const struct info_amount *amount)
{
	sum->size += amount->size;
	sum->resident += amount->resident;
	sum->mapped += amount->mapped;
	sum->shared += amount->shared;
	sum->purgeable += amount->purgeable;
	sum->active += amount->active;
}

int info_groups_add(struct info_groups *groups, const struct info_group *group)
{
	struct info_group *list;
	char *name;

	name = strdup(group->name);
	if (!name)
		return -ENOMEM;

	list = realloc(groups->list, (groups->count + 1) * sizeof(*list));
	if (!list) {
		free(name);
		return -ENOMEM;
	}

	groups->list = list;
	list[groups->count] = *group;
	list[groups->count++].name = name;
	info_amount_add(&groups->amount, &group->amount);
	return 0;
}

/* More comes first, and of equals the older one: so that nothing jumps about. */
static int info_group_order(uint64_t a_bytes, uint64_t b_bytes, uint64_t a, uint64_t b)
{
	if (a_bytes != b_bytes)
		return a_bytes < b_bytes ? 1 : -1;
	return a < b ? -1 : a > b;
}

static int info_group_compare_bos(const void *left, const void *right)
{
	const struct info_bo *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return info_group_order(a->resident, b->resident, a->id, b->id);
}

static int info_group_compare(const void *left, const void *right)
{
	const struct info_group *a = left, *b = right;

	return info_group_order(a->amount.resident, b->amount.resident, a->pid, b->pid);
}

void info_groups_sort(struct info_groups *groups)
{
	if (groups->count)
		qsort(groups->list, groups->count, sizeof(*groups->list), info_group_compare);
}

/* Takes the objects from the first on that have its process. */
static struct info_group info_group_take(const struct info_bo *bos, size_t count)
{
	struct info_group group = { .pid = bos->pid, .name = bos->comm, .bos = bos };

	while (group.count < count && bos[group.count].pid == group.pid) {
		struct info_amount amount = info_amount_of_bo(&bos[group.count++]);

		info_amount_add(&group.amount, &amount);
	}
	return group;
}

int info_groups_make(struct info_groups *groups, struct info_bos *bos)
{
	size_t done = 0;

	*groups = (struct info_groups){ 0 };
	if (bos->count)
		qsort(bos->list, bos->count, sizeof(*bos->list), info_group_compare_bos);

	while (done < bos->count) {
		struct info_group group = info_group_take(bos->list + done, bos->count - done);

		if (info_groups_add(groups, &group)) {
			info_groups_free(groups);
			return -ENOMEM;
		}
		done += group.count;
	}

	info_groups_sort(groups);
	return 0;
}

void info_groups_free(struct info_groups *groups)
{
	size_t i;

	for (i = 0; i < groups->count; i++)
		free(groups->list[i].name);
	free(groups->list);
	*groups = (struct info_groups){ 0 };
}
