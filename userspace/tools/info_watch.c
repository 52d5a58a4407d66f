// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-info --watch
 *
 * Reads, draws, waits. Signals are read from a file descriptor, so that waiting ends with
 * one and nothing is interrupted elsewhere: whatever ends the program, the terminal is
 * given back first.
 *
 * A device may come and go between two frames; that is shown, and no reason to end.
 */

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "info_device.h"
#include "info_frame.h"
#include "info_screen.h"
#include "info_watch.h"
#include "tool.h"

/* What the longest head takes; narrower terminals go without. */
#define WATCH_HEAD_COLUMNS 50

/* Ctrl-D, where keys come one by one. */
#define WATCH_KEY_EOF 4

struct watch {
	struct info_screen screen;
	unsigned int every_ms;
	int signals;
	bool utf8;
	bool is_done;
};

static void watch_draw_head(const struct watch *watch, FILE *out)
{
	char text[64];
	time_t now = time(NULL);
	struct tm tm;

	strftime(text, sizeof(text), "%T", localtime_r(&now, &tm));
	fprintf(out, "%s  %s", text, watch->utf8 ? "█ mapped ▒ resident · not" :
						   "# mapped = resident . not");
	if (watch->screen.has_keys)
		fprintf(out, "  (q: quit)");
	fputs("\n", out);
}

/* Returns 0 or a negative errno value. */
static int watch_draw(const struct watch *watch, FILE *out)
{
	const struct info_frame frame = {
		.out = out,
		.columns = info_screen_columns(&watch->screen),
		.utf8 = watch->utf8,
	};
	struct info_devices devices;
	int ret;

	ret = info_devices_read(&devices);
	if (ret)
		return ret;

	if (frame.columns >= WATCH_HEAD_COLUMNS)
		watch_draw_head(watch, out);
	ret = info_frame_draw(&frame, &devices);
	info_devices_free(&devices);
	return ret;
}

/*
 * A frame is written at once, so that a terminal does not show half of one. Returns 0 or
 * a negative errno value.
 */
static int watch_show(const struct watch *watch)
{
	char *text = NULL;
	size_t size;
	FILE *out;
	int ret;

	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;

	ret = watch_draw(watch, out);
	if (fclose(out) && !ret)
		ret = -ENOMEM;
	if (!ret)
		ret = info_screen_show(&watch->screen, text);
	free(text);
	return ret;
}

static void watch_key(struct watch *watch)
{
	char key;

	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q' || key == WATCH_KEY_EOF)
		watch->is_done = true;
}

static void watch_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->signals, &info, sizeof(info)) != sizeof(info))
		return;

	switch (info.ssi_signo) {
	case SIGWINCH:
		break;
	case SIGTSTP:
		info_screen_leave(&watch->screen);
		raise(SIGSTOP);
		info_screen_enter(&watch->screen);
		break;
	default:
		watch->is_done = true;
	}
}

static int64_t watch_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Waits for the next frame's time. What happens before calls for a frame, or for an end. */
static void watch_wait(struct watch *watch, int64_t until_ms)
{
	struct pollfd fds[] = {
		{ .fd = watch->signals, .events = POLLIN },
		{ .fd = watch->screen.has_keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	int64_t left = until_ms - watch_now_ms();

	if (poll(fds, TOOL_ARRAY_SIZE(fds), left > 0 ? left : 0) <= 0)
		return;
	if (fds[0].revents)
		watch_signal(watch);
	if (fds[1].revents)
		watch_key(watch);
}

static int watch_run(struct watch *watch, unsigned long count)
{
	unsigned long shown = 0;
	int ret = 0;

	while (!watch->is_done) {
		int64_t start = watch_now_ms();

		ret = watch_show(watch);
		if (ret || ++shown == count)
			break;
		if (!watch->screen.is_terminal)
			fputc('\n', stdout);
		watch_wait(watch, start + watch->every_ms);
	}
	return ret;
}

/* Returns a file descriptor, or a negative errno value. */
static int watch_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	sigset_t set;
	size_t i;
	int fd;

	sigemptyset(&set);
	for (i = 0; i < TOOL_ARRAY_SIZE(numbers); i++)
		sigaddset(&set, numbers[i]);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return fd;
}

/* Without a device at the start there is nothing to wait for. */
static enum tool_exit watch_find(void)
{
	struct info_devices devices;
	size_t count, refused;
	int ret;

	ret = info_devices_read(&devices);
	if (ret) {
		tool_error("devices could not be listed: %s", strerror(-ret));
		return TOOL_FAILURE;
	}

	count = devices.count;
	refused = devices.refused;
	info_devices_free(&devices);
	if (count)
		return TOOL_OK;

	tool_open_error(NULL, refused ? -EACCES : -ENODEV);
	return TOOL_FAILURE;
}

enum tool_exit info_watch(unsigned int every_ms, unsigned long count)
{
	struct watch watch = { .every_ms = every_ms };
	int ret;

	if (watch_find())
		return TOOL_FAILURE;

	setlocale(LC_CTYPE, "");
	watch.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	watch.signals = watch_signals();
	if (watch.signals < 0) {
		tool_error("signals: %s", strerror(-watch.signals));
		return TOOL_FAILURE;
	}

	info_screen_init(&watch.screen);
	info_screen_enter(&watch.screen);
	ret = watch_run(&watch, count);
	info_screen_leave(&watch.screen);
	close(watch.signals);
	if (!ret)
		return tool_flush();

	/* Now that it can be seen. */
	tool_error("no frame could be shown: %s", strerror(-ret));
	return TOOL_FAILURE;
}
