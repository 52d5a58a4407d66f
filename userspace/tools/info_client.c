// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Clients from fdinfo
 *
 * The kernel tells in /proc/PID/fdinfo/FD how much memory an open device file has. An
 * open file that several descriptors or processes share, which its client id tells,
 * counts once, for the first process that is found.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "info_client.h"
#include "tool.h"

/* What is being read: a device's nodes, and the clients that were counted. */
struct info_scan {
	dev_t nodes[2];
	uint64_t *clients;
	size_t client_count;
	struct info_groups *groups;
	size_t refused;
};

/* "drm-total-memory:	8 KiB": in the largest unit that the number is whole in. */
static uint64_t info_client_bytes(const char *text)
{
	static const char *const units[] = { "", "KiB", "MiB", "GiB" };
	char unit[8] = "";
	uint64_t bytes = 0;
	size_t i;

	if (sscanf(text, "%" SCNu64 " %7s", &bytes, unit) < 1)
		return 0;
	for (i = 0; i < TOOL_ARRAY_SIZE(units); i++)
		if (!strcmp(unit, units[i]))
			return bytes << (10 * i);
	return 0;
}

static void info_client_parse(const char *line, uint64_t *id, struct info_amount *amount)
{
	const struct {
		const char *key;
		uint64_t *bytes;
	} known[] = {
		{ "drm-total-memory:", &amount->size },
		{ "drm-resident-memory:", &amount->resident },
		{ "drm-shared-memory:", &amount->shared },
		{ "drm-purgeable-memory:", &amount->purgeable },
		{ "drm-active-memory:", &amount->active },
	};
	size_t i;

	sscanf(line, "drm-client-id: %" SCNu64, id);
	for (i = 0; i < TOOL_ARRAY_SIZE(known); i++) {
		size_t len = strlen(known[i].key);

		if (!strncmp(line, known[i].key, len))
			*known[i].bytes = info_client_bytes(line + len);
	}
}

/* Client ids begin at 1: 0 is for a file that is gone, or no client. */
static uint64_t info_client_read(const char *pid, const char *fd, struct info_amount *amount)
{
	char path[600], line[256];
	uint64_t id = 0;
	FILE *file;

	*amount = (struct info_amount){ 0 };
	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	file = fopen(path, "re");
	if (!file)
		return 0;

	while (fgets(line, sizeof(line), file))
		info_client_parse(line, &id, amount);
	fclose(file);
	return id;
}

/* Returns whether it is new, or a negative errno value. */
static int info_scan_note(struct info_scan *scan, uint64_t client)
{
	uint64_t *clients;
	size_t i;

	for (i = 0; i < scan->client_count; i++)
		if (scan->clients[i] == client)
			return 0;

	clients = realloc(scan->clients, (scan->client_count + 1) * sizeof(*clients));
	if (!clients)
		return -ENOMEM;

	clients[scan->client_count++] = client;
	scan->clients = clients;
	return 1;
}

static bool info_scan_is_node(const struct info_scan *scan, const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISCHR(st.st_mode) &&
	       (st.st_rdev == scan->nodes[0] || st.st_rdev == scan->nodes[1]);
}

/* Returns how many files of the process are clients that were not counted before. */
static int info_scan_files(struct info_scan *scan, DIR *dir, const char *pid,
			   struct info_amount *sum)
{
	struct dirent *entry;
	int count = 0;

	while ((entry = readdir(dir))) {
		struct info_amount amount;
		char path[600];
		uint64_t client;
		int ret;

		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
		if (!info_scan_is_node(scan, path))
			continue;
		client = info_client_read(pid, entry->d_name, &amount);
		if (!client)
			continue;
		ret = info_scan_note(scan, client);
		if (ret < 0)
			return ret;
		if (ret)
			info_amount_add(sum, &amount);
		count += ret;
	}
	return count;
}

static void info_scan_name(const char *pid, char *name, size_t size)
{
	char path[600];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (!file || !fgets(name, size, file))
		snprintf(name, size, "?");
	name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
}

static int info_scan_process(struct info_scan *scan, const char *pid)
{
	char path[300], name[64];
	struct info_group group = { .pid = strtoull(pid, NULL, 10), .name = name };
	DIR *dir;
	int ret;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir) {
		scan->refused += errno == EACCES || errno == EPERM;
		return 0;
	}

	ret = info_scan_files(scan, dir, pid, &group.amount);
	closedir(dir);
	if (ret <= 0)
		return ret;

	info_scan_name(pid, name, sizeof(name));
	return info_groups_add(scan->groups, &group);
}

static int info_scan_all(struct info_scan *scan)
{
	struct dirent *entry;
	int ret = 0;
	DIR *proc;

	proc = opendir("/proc");
	if (!proc)
		return -errno;

	while (!ret && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			ret = info_scan_process(scan, entry->d_name);
	closedir(proc);
	return ret;
}

int info_clients_read(const struct info_device *device, struct info_groups *groups,
		      size_t *refused)
{
	struct info_scan scan = { .groups = groups };
	struct stat st;
	int ret;
	size_t i;

	*groups = (struct info_groups){ 0 };
	for (i = 0; i < 2; i++)
		if (device->nodes[i].path && !stat(device->nodes[i].path, &st))
			scan.nodes[i] = st.st_rdev;

	ret = info_scan_all(&scan);
	free(scan.clients);
	if (ret) {
		info_groups_free(groups);
		return ret;
	}

	info_groups_sort(groups);
	*refused = scan.refused;
	return 0;
}
