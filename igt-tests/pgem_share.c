// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_share
 *
 * pgem-share as its users run it: two processes, a ring of buffers, a fence for each
 * drawing and each reading. That it finds no wrong byte means something as it finds
 * those that are put there, and the want of a fence. P10: a process that is killed or
 * stopped in the middle holds up no other. What is refused is in pgem_share_refused.c.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_share.h"

IGT_TEST_DESCRIPTION("Check that frames arrive as they were drawn, or a message does.");

/* Seconds for a process to see that the other is dead. */
#define DEAD_LIMIT	10

/* In the flags of /proc/net/unix: somebody listens. */
#define SO_ACCEPTCON_FLAG	0x10000

void pgem_share_run(const char *options, const char *summary)
{
	struct pgem_process share;

	pgem_spawn(&share, SHARE " %s", options);
	igt_assert_eq(pgem_spawn_wait(&share, LIMIT), 0);
	expect_start(share.out, summary);
	expect_start(strchr(share.out, ':'), ": 0 wrong bytes, ");
	igt_assert_eq(share.err[0], '\0');
	pgem_spawn_clean();
}

void pgem_share_fails(const char *options, int code, const char *message)
{
	struct pgem_process share;

	pgem_spawn(&share, SHARE " %s", options);
	igt_assert_eq(pgem_spawn_wait(&share, LIMIT), code);
	expect_in(share.err, message);
	igt_assert_eq(share.out[0], '\0');
	pgem_spawn_clean();
}

static bool slow_kernel(void)
{
	struct utsname name;

	igt_assert_eq(uname(&name), 0);
	return strstr(name.release, "-pgem-");
}

/* What the project's own kernels check takes ten times as long. */
static void ten_thousand(int fd)
{
	(void)fd;
	if (slow_kernel())
		pgem_share_run("--frames 2000" SMALL, "2000 frames of 16 KiB through 3 buffers");
	else
		pgem_share_run("--frames 10000" SMALL, "10000 frames of 16 KiB through 3 buffers");
}

static void one_buffer(int fd)
{
	(void)fd;
	pgem_share_run("--frames 300 --buffers 1" SMALL, "300 frames of 16 KiB through 1 buffer:");
}

static void two_buffers(int fd)
{
	(void)fd;
	pgem_share_run("--frames 300 --buffers 2" SMALL, "300 frames of 16 KiB through 2 buffers:");
}

static void largest_ring(int fd)
{
	(void)fd;
	pgem_share_run("--frames 300 --buffers 64" SMALL,
		       "300 frames of 16 KiB through 64 buffers:");
}

static void fewer_frames_than_buffers(int fd)
{
	(void)fd;
	pgem_share_run("--frames 2 --buffers 8" SMALL, "2 frames of 16 KiB through 8 buffers:");
}

static void one_byte(int fd)
{
	(void)fd;
	pgem_share_run("--frames 50 --size 1", "50 frames of 1 bytes through 3 buffers:");
}

static void big_frames(int fd)
{
	(void)fd;
	pgem_share_run("--frames 8 --size 1024x1024", "8 frames of 4 MiB through 3 buffers:");
}

/* A socket that is there need not have anybody who listens. */
static bool is_listening(void)
{
	char line[256], path[128];
	bool found = false;
	unsigned int flags;
	FILE *file;

	file = fopen("/proc/net/unix", "re");
	igt_assert(file);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*s %*s %*s %x %*s %*s %*s %127s", &flags, path) == 2 &&
			!strcmp(path, SOCKET) && flags & SO_ACCEPTCON_FLAG;
	fclose(file);
	return found;
}

static void connect_two(struct pgem_process *producer, struct pgem_process *consumer,
			const char *options)
{
	pgem_spawn(producer, SHARE " produce " SOCKET SMALL " %s", options);
	while (pgem_spawn_runs(producer) && !is_listening())
		usleep(1000);
	pgem_spawn(consumer, SHARE " consume " SOCKET);
}

/* Nothing in common but the socket: no fork, no file that both have inherited. */
void pgem_share_by_socket(int fd)
{
	struct pgem_process producer, consumer;

	(void)fd;
	connect_two(&producer, &consumer, "--frames 500");
	igt_assert_eq(pgem_spawn_wait(&consumer, LIMIT), 0);
	igt_assert_eq(pgem_spawn_wait(&producer, LIMIT), 0);
	expect_start(consumer.out, "500 frames of 16 KiB through 3 buffers: 0 wrong bytes, ");
	expect_start(producer.out, "500 frames of 16 KiB through 3 buffers: drawn and released, ");
	igt_assert_eq(consumer.err[0], '\0');
	igt_assert_eq(producer.err[0], '\0');
	igt_assert(access(SOCKET, F_OK));
	pgem_spawn_clean();
}

/*
 * Starts both without an end, and lets frames go by, big ones: so that what comes then
 * comes while one is drawn or read.
 */
static void connect_endless(struct pgem_process *producer, struct pgem_process *consumer)
{
	connect_two(producer, consumer, "--frames 0 --size 1024x1024");
	/* It vanishes when the consumer is there. */
	while (pgem_spawn_runs(producer) && !access(SOCKET, F_OK))
		usleep(1000);
	usleep(slow_kernel() ? 3000000 : 600000);
	igt_assert(pgem_spawn_runs(producer));
	igt_assert(pgem_spawn_runs(consumer));
}

static void expect_message(struct pgem_process *survivor, unsigned int seconds, const char *text)
{
	unsigned int frame = 0;

	igt_assert_eq(pgem_spawn_wait(survivor, seconds), 1);
	expect_in(survivor->err, text);
	igt_assert_eq(sscanf(survivor->err, "pgem-share: frame %u:", &frame), 1);
	igt_assert(frame > 0);
	igt_assert_eq(survivor->out[0], '\0');
}

/* Three times, to meet it in different states. */
static void consumer_killed(int fd)
{
	struct pgem_process producer, consumer;

	(void)fd;
	for (int i = 0; i < 3; i++) {
		connect_endless(&producer, &consumer);
		pgem_spawn_signal(&consumer, SIGKILL);
		expect_message(&producer, DEAD_LIMIT, "the consumer ");
		igt_assert_eq(pgem_spawn_wait(&consumer, LIMIT), 128 + SIGKILL);
		pgem_spawn_clean();
	}
}

static void producer_killed(int fd)
{
	struct pgem_process producer, consumer;

	(void)fd;
	for (int i = 0; i < 3; i++) {
		connect_endless(&producer, &consumer);
		pgem_spawn_signal(&producer, SIGKILL);
		expect_message(&consumer, DEAD_LIMIT, "the producer ");
		igt_assert_eq(pgem_spawn_wait(&producer, LIMIT), 128 + SIGKILL);
		pgem_spawn_clean();
	}
}

/* Its fence is open, the consumer waits for it: the end of the file is the fence's. */
static void killed_while_drawing(int fd)
{
	struct pgem_process producer, consumer;

	(void)fd;
	connect_two(&producer, &consumer, "--break skip-signal");
	usleep(slow_kernel() ? 3000000 : 600000);
	pgem_spawn_signal(&producer, SIGKILL);
	expect_message(&consumer, DEAD_LIMIT,
		       "frame 10: the producer has closed the device before it was done drawing "
		       "(ECANCELED)");
	igt_assert_eq(pgem_spawn_wait(&producer, LIMIT), 128 + SIGKILL);
	pgem_spawn_clean();
}

/* A consumer that finds a wrong byte ends without signalling. */
static void ended_while_reading(int fd)
{
	(void)fd;
	pgem_share_fails("--frames 4 --break corrupt" SMALL, 1,
			 "frame 3: the consumer has closed the device before it was done "
			 "reading (ECANCELED)");
}

/* Its fence, if it has sent one, ends after 10 s; the wait for a message after 12. */
static void consumer_stopped(int fd)
{
	struct pgem_process producer, consumer;

	(void)fd;
	connect_endless(&producer, &consumer);
	pgem_spawn_signal(&consumer, SIGSTOP);
	expect_message(&producer, 30, "the consumer");
	pgem_spawn_signal(&consumer, SIGKILL);
	igt_assert_eq(pgem_spawn_wait(&consumer, LIMIT), 128 + SIGKILL);
	pgem_spawn_clean();
}

/* Ends with both summaries. */
static void interrupted(int fd)
{
	struct pgem_process producer, consumer;

	(void)fd;
	connect_endless(&producer, &consumer);
	pgem_spawn_signal(&producer, SIGINT);
	igt_assert_eq(pgem_spawn_wait(&producer, DEAD_LIMIT), 0);
	igt_assert_eq(pgem_spawn_wait(&consumer, DEAD_LIMIT), 0);
	expect_in(consumer.out, " frames of 4 MiB through 3 buffers: 0 wrong bytes, ");
	expect_in(producer.out, " frames of 4 MiB through 3 buffers: drawn and released, ");
	pgem_spawn_clean();
}

/* A touch of the mapping, or the next ioctl, whatever comes first. */
static void device_unbound(int fd)
{
	struct pgem_process producer, consumer;

	(void)fd;
	connect_endless(&producer, &consumer);
	pgem_unbind();
	igt_assert_eq(pgem_spawn_wait(&producer, 30), 1);
	igt_assert_eq(pgem_spawn_wait(&consumer, 30), 1);
	igt_assert_neq(producer.err[0], '\0');
	igt_assert_neq(consumer.err[0], '\0');
	igt_assert_f(strstr(producer.err, "No such device") || strstr(producer.err, "SIGBUS") ||
		     strstr(consumer.err, "No such device") || strstr(consumer.err, "SIGBUS"),
		     "neither says that the device is gone\n");
	pgem_bind();
	pgem_share_run("--frames 10" SMALL, "10 frames");
}

/* Both ends of a page, of a word and of the frame, whose last word is cut. */
static void wrong_bit(int fd)
{
	static const unsigned int bytes[] = { 0, 1, 7, 8, 4095, 4096, 16383, 16384, 16386 };

	(void)fd;
	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
		char options[64], message[96];

		snprintf(options, sizeof(options), "--frames 4 --size 16387 --break corrupt=%u",
			 bytes[i]);
		snprintf(message, sizeof(message),
			 "frame 3: 1 of 16387 bytes are wrong, the first is byte %u, ", bytes[i]);
		pgem_share_fails(options, 1, message);
	}
}

/* What is there is what the ring's buffer had three frames before. */
static void missing_fence(int fd)
{
	(void)fd;
	pgem_share_fails("--break skip-fence" SMALL, 1, "; frame 7 is there");
}

static void missing_release_fence(int fd)
{
	(void)fd;
	pgem_share_fails("--break skip-release" SMALL, 1, "; frame 13 is there");
}

/* Takes the 10 seconds that a fence has. */
static void missing_signal(int fd)
{
	(void)fd;
	pgem_share_fails("--break skip-signal" SMALL, 1,
			 "frame 10: the producer was not done drawing within 10 seconds (ETIME)");
}

static const struct pgem_test tests[] = {
	{ "frames-10000", ten_thousand, "Ten thousand frames arrive without a wrong byte." },
	{ "one-buffer", one_buffer, "With one buffer the two take turns." },
	{ "two-buffers", two_buffers, "A ring of two works." },
	{ "largest-ring", largest_ring, "A ring of 64 works." },
	{ "few-frames", fewer_frames_than_buffers, "Not every buffer has to be used." },
	{ "one-byte", one_byte, "The smallest frame is one byte." },
	{ "big-frames", big_frames, "Frames of many pages arrive." },
	{ "by-socket", pgem_share_by_socket, "Two programs need but a socket's path." },
	{ "consumer-killed", consumer_killed, "The producer ends, and says why; nothing leaks." },
	{ "producer-killed", producer_killed, "The consumer ends, and says why; nothing leaks." },
	{ "drawing-killed", killed_while_drawing, "A fence of a dead producer is in error." },
	{ "reading-ended", ended_while_reading, "A fence of a gone consumer is in error." },
	{ "consumer-stopped", consumer_stopped, "A stopped consumer does not hang the producer." },
	{ "interrupted", interrupted, "Ctrl-C at the producer ends both in order." },
	{ "device-unbound", device_unbound, "Both end with a message when the device goes." },
	{ "corrupt", wrong_bit, "One wrong bit is found, wherever it is." },
	{ "missing-fence", missing_fence, "Without the producer's fence an old frame is found." },
	{ "missing-release", missing_release_fence, "Without the consumer's, a newer one." },
	{ "missing-signal", missing_signal, "A fence that nobody signals ends with an error." },
};

int igt_main()
{
	igt_fixture()
		unlink(SOCKET);

	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_NONE);
	pgem_share_refused_subtests();
}
