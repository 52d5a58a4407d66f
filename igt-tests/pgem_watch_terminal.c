// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_watch: in a terminal
 *
 * The terminal is a pseudo terminal, of which the test has the other end: it types the
 * keys, and sees what is written and how the terminal is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_spawn.h"
#include "pgem_watch.h"

#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

#define LIMIT_MS 30000

struct terminal {
	int fd;			/* the test's end */
	int other;		/* kept open, so that settings can be asked for */
	struct termios before;
	pid_t pid;
	char out[1 << 16];
	size_t len;
};

static void start(struct terminal *terminal, unsigned short rows, unsigned short columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };
	char path[PATH_MAX], *args[] = { path, "--watch", "0.1", NULL };

	pgem_spawn_path(WATCH_PROGRAM, path);
	*terminal = (struct terminal){ .len = 0 };
	igt_assert_eq(openpty(&terminal->fd, &terminal->other, NULL, NULL, &size), 0);
	igt_assert_eq(tcgetattr(terminal->other, &terminal->before), 0);
	terminal->pid = fork();
	igt_assert(terminal->pid >= 0);
	if (terminal->pid)
		return;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(terminal->fd);
	if (!login_tty(terminal->other))
		execv(path, args);
	_exit(126);
}

/* Takes what is there, or comes within some time; false if nothing will any more. */
static bool take(struct terminal *terminal)
{
	struct pollfd pfd = { .fd = terminal->fd, .events = POLLIN };
	ssize_t len;

	if (poll(&pfd, 1, 100) <= 0)
		return true;
	igt_assert(terminal->len < sizeof(terminal->out) - 1);
	len = read(terminal->fd, terminal->out + terminal->len,
		   sizeof(terminal->out) - 1 - terminal->len);
	if (len <= 0)
		return false;
	terminal->len += len;
	terminal->out[terminal->len] = '\0';
	return true;
}

/* Waits for a text after those that have been waited for, and forgets what it has. */
static void wait_for(struct terminal *terminal, const char *text)
{
	uint64_t limit = pgem_now_ms() + LIMIT_MS;

	while (!strstr(terminal->out, text)) {
		igt_assert_f(pgem_now_ms() < limit, "\"%s\" does not come, but %s\n", text,
			     terminal->out);
		igt_assert(take(terminal));
	}
	terminal->len = 0;
	terminal->out[0] = '\0';
}

static void type(const struct terminal *terminal, const char *keys)
{
	igt_assert_eq(write(terminal->fd, keys, strlen(keys)), strlen(keys));
}

static void expect_settings(const struct terminal *terminal, bool is_raw)
{
	const tcflag_t keys = ICANON | ECHO;
	struct termios now;

	igt_assert_eq(tcgetattr(terminal->other, &now), 0);
	igt_assert_eq_u32(now.c_lflag & keys, is_raw ? 0 : terminal->before.c_lflag & keys);
	if (is_raw)
		return;
	igt_assert_eq_u32(now.c_lflag, terminal->before.c_lflag);
	igt_assert_eq_u32(now.c_iflag, terminal->before.c_iflag);
	igt_assert_eq_u32(now.c_oflag, terminal->before.c_oflag);
	igt_assert(!memcmp(now.c_cc, terminal->before.c_cc, sizeof(now.c_cc)));
}

/* Returns the status that it ended, or stopped, with. */
static int wait_status(struct terminal *terminal, int options)
{
	uint64_t limit = pgem_now_ms() + LIMIT_MS;
	int status;

	while (!waitpid(terminal->pid, &status, WNOHANG | options)) {
		take(terminal);
		if (pgem_now_ms() > limit) {
			kill(terminal->pid, SIGKILL);
			igt_assert_f(false, "it goes on\n");
		}
	}
	return status;
}

static void expect_end(struct terminal *terminal)
{
	igt_assert_eq(wait_status(terminal, 0), 0);
	while (terminal->len < strlen(LEAVE) ||
	       strcmp(terminal->out + terminal->len - strlen(LEAVE), LEAVE)) {
		size_t before = terminal->len;

		take(terminal);
		igt_assert_f(terminal->len > before, "it ends with %s\n", terminal->out);
	}
	expect_settings(terminal, false);
	close(terminal->fd);
	close(terminal->other);
}

static void ends_by(const char *keys)
{
	struct terminal terminal;

	start(&terminal, 24, 80);
	wait_for(&terminal, ENTER);
	wait_for(&terminal, "0 objects of 0 processes");
	expect_settings(&terminal, true);
	type(&terminal, keys);
	expect_end(&terminal);
}

static void quit(int fd)
{
	(void)fd;
	ends_by("q");
}

static void end_of_file(int fd)
{
	(void)fd;
	ends_by("\004");
}

static void interrupt(int fd)
{
	(void)fd;
	ends_by("\003");
}

static void other_keys(int fd)
{
	struct terminal terminal;

	(void)fd;
	start(&terminal, 24, 80);
	wait_for(&terminal, "0 objects of 0 processes");
	type(&terminal, "abc\n\033[A");
	wait_for(&terminal, "0 objects of 0 processes");
	wait_for(&terminal, "0 objects of 0 processes");
	type(&terminal, "q");
	expect_end(&terminal);
}

/* Both ends are closed here, so that for the program the terminal is gone. */
static void hangup(int fd)
{
	struct terminal terminal;
	uint64_t limit;
	int status;

	(void)fd;
	start(&terminal, 24, 80);
	wait_for(&terminal, "0 objects of 0 processes");
	close(terminal.other);
	close(terminal.fd);
	limit = pgem_now_ms() + LIMIT_MS;
	while (!waitpid(terminal.pid, &status, WNOHANG)) {
		igt_assert(pgem_now_ms() < limit);
		usleep(10000);
	}
	igt_assert_f(WIFEXITED(status), "status %#x\n", status);
}

/* Ctrl-Z, and fg */
static void stop(int fd)
{
	struct terminal terminal;

	(void)fd;
	start(&terminal, 24, 80);
	wait_for(&terminal, "0 objects of 0 processes");
	type(&terminal, "\032");
	igt_assert(WIFSTOPPED(wait_status(&terminal, WUNTRACED)));
	wait_for(&terminal, LEAVE);
	expect_settings(&terminal, false);
	igt_assert_eq(kill(terminal.pid, SIGCONT), 0);
	wait_for(&terminal, ENTER);
	wait_for(&terminal, "0 objects of 0 processes");
	expect_settings(&terminal, true);
	type(&terminal, "q");
	expect_end(&terminal);
}

/* Frames that follow each other begin at the top, and each has what is new. */
static void refresh(int fd)
{
	struct terminal terminal;
	struct pgem_buf buf;

	start(&terminal, 24, 80);
	wait_for(&terminal, "0 objects of 0 processes");
	pgem_buf_init(&buf, fd, 48);
	wait_for(&terminal, "\033[H");
	wait_for(&terminal, "    192 KiB    0 bytes          -    0 bytes  ............  ");
	pgem_fill(buf.map, 0, 12);
	wait_for(&terminal, "    192 KiB     48 KiB          -     48 KiB  ###.........  ");
	pgem_buf_fini(&buf);
	wait_for(&terminal, "0 objects of 0 processes\033[K\r\n\033[J");
	type(&terminal, "q");
	expect_end(&terminal);
}

/* Of 7 lines 4 are shown: the head, the device, the titles, "all"; and how many are not. */
static void size(int fd)
{
	struct winsize larger = { .ws_row = 40, .ws_col = 100 };
	struct terminal terminal;
	struct pgem_buf buf;
	uint32_t more[5];

	pgem_buf_init(&buf, fd, 48);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		more[i] = pgem_create(fd, PG);
	start(&terminal, 6, 65);
	wait_for(&terminal, "       SIZE   RESIDENT  PURGEABLE  ");
	wait_for(&terminal, "  all\033[K\r\n(7 more)\033[K\r\n\033[J");
	igt_assert_eq(ioctl(terminal.fd, TIOCSWINSZ, &larger), 0);
	wait_for(&terminal, "       SIZE   RESIDENT  PURGEABLE     MAPPED  ");
	wait_for(&terminal, "    212 KiB    0 bytes    0 bytes    0 bytes  "
		 "................................  all\033[K\r\n");
	type(&terminal, "q");
	expect_end(&terminal);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		pgem_close(fd, more[i]);
	pgem_buf_fini(&buf);
}

static const struct pgem_test tests[] = {
	{ "terminal-quit", quit, "The key q ends it, and the terminal is as before." },
	{ "terminal-end-of-file", end_of_file, "So does Ctrl-D." },
	{ "terminal-interrupt", interrupt, "So does Ctrl-C." },
	{ "terminal-other-keys", other_keys, "Other keys do nothing." },
	{ "terminal-hangup", hangup, "It ends with its terminal." },
	{ "terminal-stop", stop, "While it is stopped the terminal is as before." },
	{ "terminal-refresh", refresh, "Frames replace each other." },
	{ "terminal-size", size, "A frame fits, also when the size changes." },
};

void pgem_watch_terminal_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
