// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: A frame of pgem-info --watch
 *
 * A line for the device, one for each process, and below it one for each of its objects:
 * sizes, a bar, a name. A bar stands for the size of what its line is about. Where there
 * is little room, the last sizes are left out, and what is left is cut.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "info_bar.h"
#include "info_client.h"
#include "info_frame.h"
#include "info_group.h"
#include "tool.h"

/* Columns of the terminal, but for the number of the table's that always stay. */
#define FRAME_COLUMN 11
#define FRAME_COLUMNS_MIN 2
#define FRAME_NAME_MIN 20
#define FRAME_BAR_MIN 8
#define FRAME_BAR_MAX 40

/* A size that is shown: its title, and where it is in an amount. */
struct frame_column {
	const char *title;
	size_t offset;
};

/* The first ones are shown in a narrow terminal, too. */
static const struct frame_column frame_from_debugfs[] = {
	{ "SIZE", offsetof(struct info_amount, size) },
	{ "RESIDENT", offsetof(struct info_amount, resident) },
	{ "PURGEABLE", offsetof(struct info_amount, purgeable) },
	{ "MAPPED", offsetof(struct info_amount, mapped) },
	{ 0 },
};

static const struct frame_column frame_from_fdinfo[] = {
	{ "SIZE", offsetof(struct info_amount, size) },
	{ "RESIDENT", offsetof(struct info_amount, resident) },
	{ "PURGEABLE", offsetof(struct info_amount, purgeable) },
	{ "SHARED", offsetof(struct info_amount, shared) },
	{ "ACTIVE", offsetof(struct info_amount, active) },
	{ 0 },
};

/* A table that is being drawn: which sizes, and how long its bars are. */
struct frame_table {
	const struct info_frame *frame;
	const struct frame_column *columns;
	unsigned int count;
	unsigned int bar;
};

/* ASCII only, so that a byte is a column; names are what people and processes like. */
__attribute__((format(printf, 2, 3)))
static void frame_line(const struct info_frame *frame, const char *format, ...)
{
	char *line, *next;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&line, format, args);
	va_end(args);
	if (len < 0)
		return;

	if ((unsigned int)len > frame->columns)
		line[frame->columns] = '\0';
	for (next = line; *next; next++)
		if (*next < ' ' || *next > '~')
			*next = '?';
	fprintf(frame->out, "%s\n", line);
	free(line);
}

static unsigned int frame_table_used(const struct frame_table *table)
{
	return table->count * FRAME_COLUMN + 2 + table->bar + 2 + FRAME_NAME_MIN;
}

static struct frame_table frame_table_make(const struct info_frame *frame,
					   const struct frame_column *columns)
{
	struct frame_table table = { .frame = frame, .columns = columns, .bar = FRAME_BAR_MIN };

	while (columns[table.count].title)
		table.count++;
	while (table.count > FRAME_COLUMNS_MIN && frame_table_used(&table) > frame->columns)
		table.count--;
	while (table.bar < FRAME_BAR_MAX && frame_table_used(&table) < frame->columns)
		table.bar++;
	return table;
}

static void frame_table_title(const struct frame_table *table)
{
	char titles[128] = "";
	unsigned int i;

	for (i = 0; i < table->count; i++)
		snprintf(titles + i * FRAME_COLUMN, sizeof(titles) - i * FRAME_COLUMN, "%*s",
			 FRAME_COLUMN, table->columns[i].title);
	frame_line(table->frame, "%s  %-*s  PROCESS, OBJECT", titles, table->bar, "");
}

/* What stands in a column: of an object that has been purged, nothing will come back. */
static const char *frame_table_cell(const struct frame_column *column, const char *advice,
				    const struct info_amount *amount, char size[TOOL_SIZE_MAX])
{
	bool is_advice = column->offset == offsetof(struct info_amount, purgeable);

	if (is_advice && advice && !strcmp(advice, "purged"))
		return "purged";
	if (is_advice && advice && strcmp(advice, "dontneed"))
		return "-";
	return tool_size(*(const uint64_t *)((const char *)amount + column->offset), size);
}

/* A bar has more bytes than columns, so that a row is cut piece by piece. */
static void frame_table_row(const struct frame_table *table, const struct info_amount *amount,
			    const char *advice, const char *name)
{
	char bar[INFO_BAR_SIZE(FRAME_BAR_MAX)], size[TOOL_SIZE_MAX];
	struct info_frame rest = *table->frame;
	unsigned int i;

	for (i = 0; i < table->count && rest.columns >= FRAME_COLUMN; i++) {
		fprintf(rest.out, "%*s", FRAME_COLUMN,
			frame_table_cell(&table->columns[i], advice, amount, size));
		rest.columns -= FRAME_COLUMN;
	}
	if (i < table->count || rest.columns < table->bar + 2) {
		fputc('\n', rest.out);
		return;
	}

	info_bar(bar, table->bar, rest.utf8, amount->size, amount->resident, amount->mapped);
	fprintf(rest.out, "  %s", bar);
	rest.columns -= table->bar + 2;
	frame_line(&rest, "  %s", name);
}

static void frame_table_bo(const struct frame_table *table, const struct info_bo *bo)
{
	struct info_amount amount = info_amount_of_bo(bo);
	char name[sizeof(bo->label) + 48];

	snprintf(name, sizeof(name), "  #%" PRIu64 "%s%s%s", bo->id,
		 bo->dmabuf == INFO_DMABUF_IMPORTED ? " imported" : "",
		 strcmp(bo->label, "-") ? " " : "", strcmp(bo->label, "-") ? bo->label : "");
	frame_table_row(table, &amount, bo->advice, name);
}

static void frame_table_group(const struct frame_table *table, const struct info_group *group)
{
	char name[128];
	size_t i;

	snprintf(name, sizeof(name), "%" PRIu64 " %s", group->pid, group->name);
	frame_table_row(table, &group->amount, NULL, name);
	for (i = 0; group->bos && i < group->count; i++)
		frame_table_bo(table, &group->bos[i]);
}

static void frame_groups(const struct info_frame *frame, const struct frame_column *columns,
			 const struct info_groups *groups)
{
	struct frame_table table = frame_table_make(frame, columns);
	size_t i;

	if (!groups->count)
		return;

	frame_table_title(&table);
	frame_table_row(&table, &groups->amount, NULL, "all");
	for (i = 0; i < groups->count; i++)
		frame_table_group(&table, &groups->list[i]);
}

static const char *frame_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static const char *frame_node(const struct info_device *device)
{
	const char *path = device->nodes[1].path ? device->nodes[1].path : device->nodes[0].path;

	return path && strrchr(path, '/') ? strrchr(path, '/') + 1 : "?";
}

static int frame_objects(const struct info_frame *frame, struct info_device *device)
{
	struct info_groups groups;
	int ret;

	ret = info_groups_make(&groups, &device->bos);
	if (ret)
		return ret;

	frame_line(frame, "%s %s: %zu object%s of %zu process%s", device->version->name,
		   frame_node(device), device->bos.count, frame_plural(device->bos.count),
		   groups.count, groups.count == 1 ? "" : "es");
	frame_groups(frame, frame_from_debugfs, &groups);
	info_groups_free(&groups);
	return 0;
}

static int frame_clients(const struct info_frame *frame, const struct info_device *device)
{
	struct info_groups groups;
	size_t refused;
	int ret;

	ret = info_clients_read(device, &groups, &refused);
	if (ret)
		return ret;

	frame_line(frame, "%s %s: %zu process%s; objects: %s", device->version->name,
		   frame_node(device), groups.count, groups.count == 1 ? "" : "es",
		   device->bos_err == -EACCES ? "for root only" : "debugfs not mounted?");
	if (refused)
		frame_line(frame, "not seen: %zu process%s of others", refused,
			   refused == 1 ? "" : "es");
	frame_groups(frame, frame_from_fdinfo, &groups);
	info_groups_free(&groups);
	return 0;
}

int info_frame_draw(const struct info_frame *frame, struct info_devices *devices)
{
	int ret = 0;
	size_t i;

	if (!devices->count)
		frame_line(frame, "no pgem device%s",
			   devices->refused ? " that may be opened" : "");

	for (i = 0; i < devices->count && !ret; i++) {
		struct info_device *device = &devices->list[i];

		ret = device->bos_err ? frame_clients(frame, device) :
					frame_objects(frame, device);
	}
	return ret;
}
