// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_share: what pgem-share refuses
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_share.h"

static void no_producer(int fd)
{
	(void)fd;
	pgem_share_fails("consume " SOCKET, 1, SOCKET ": no producer waits there");
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	igt_assert(listener >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	igt_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	igt_assert_eq(listen(listener, 1), 0);
	return listener;
}

static void no_listener(int fd)
{
	(void)fd;
	close(listen_at(SOCKET));
	pgem_share_fails("consume " SOCKET, 1, SOCKET ": no producer waits there");
	pgem_share_by_socket(fd);
}

static void socket_in_use(int fd)
{
	int listener = listen_at(SOCKET);

	(void)fd;
	pgem_share_fails("produce " SOCKET, 1, SOCKET ": in use");
	close(listener);
	unlink(SOCKET);
	igt_assert_eq(mkdir(SOCKET, 0700), 0);
	pgem_share_fails("produce " SOCKET, 1, SOCKET ": in use");
	igt_assert_eq(rmdir(SOCKET), 0);
}

static void other_language(int fd)
{
	int listener = listen_at(SOCKET), channel;
	struct pgem_process consumer;

	(void)fd;
	pgem_spawn(&consumer, SHARE " consume " SOCKET);
	channel = accept(listener, NULL, NULL);
	igt_assert(channel >= 0);
	igt_assert_eq(send(channel, "hello, consumer", 15, MSG_NOSIGNAL), 15);
	igt_assert_eq(pgem_spawn_wait(&consumer, LIMIT), 1);
	expect_in(consumer.err, "does not speak this pgem-share's language");
	close(channel);
	close(listener);
	unlink(SOCKET);
}

static void other_driver(int fd)
{
	(void)fd;
	pgem_share_fails("--node /dev/null", 1, "/dev/null: not a pgem device");
}

static void too_large(int fd)
{
	(void)fd;
	pgem_share_fails("--size 1099511627776", 1, "a frame is above the driver's limit");
}

static void bad_usage(int fd)
{
	static const struct {
		const char *options;
		const char *message;
	} wrong[] = {
		{ "--frames x", "x: not a number of frames" },
		{ "--frames -1", "-1: not a number of frames" },
		{ "--buffers 0", "0: not a number of buffers" },
		{ "--buffers 65", "65: not a number of buffers" },
		{ "--size 0", "0: not a size" },
		{ "--size 10x", "10x: not a size" },
		{ "--size 0x10", "0x10: not a size" },
		{ "--size 64x64k", "64x64k: not a size" },
		{ "--break leg", "leg: not a thing to do wrong" },
		{ "--break corrupt=16384" SMALL, "a frame has 16384 bytes" },
		{ "--cheese", "Try: pgem-share --help" },
		{ "watch", "watch: not a role" },
		{ "produce", "takes one argument" },
		{ "consume a b", "takes one argument" },
		{ "consume a --frames 3", "the producer's to say" },
		{ "consume a --break skip-fence", "the other role's" },
		{ "produce a --break skip-release", "the other role's" },
	};

	(void)fd;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		pgem_share_fails(wrong[i].options, 2, wrong[i].message);
}

static void prints_help(int fd)
{
	struct pgem_process share;

	(void)fd;
	pgem_spawn(&share, SHARE " --help");
	igt_assert_eq(pgem_spawn_wait(&share, LIMIT), 0);
	expect_start(share.out, "usage: pgem-share ");
	igt_assert_eq(share.err[0], '\0');
}

static const struct pgem_test tests[] = {
	{ "no-producer", no_producer, "A consumer without a socket says what to do." },
	{ "no-listener", no_listener, "A socket left behind is replaced." },
	{ "socket-in-use", socket_in_use, "Another's socket or file is left alone." },
	{ "other-language", other_language, "A peer that is no pgem-share is refused." },
	{ "other-driver", other_driver, "A node of another driver is refused." },
	{ "too-large", too_large, "A frame beyond the driver's limit is refused." },
	{ "bad-usage", bad_usage, "A command line that makes no sense is refused." },
	{ "help", prints_help, "There is help." },
};

void pgem_share_refused_subtests(void)
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_NONE);
}
