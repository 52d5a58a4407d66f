// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem-share's command line
 *
 * What a consumer of its own is not asked, as the producer tells it, is refused there:
 * an option without an effect would mislead.
 */

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "share_request.h"
#include "share_ring.h"

#define SHARE_SIDE_MAX 65536
#define SHARE_SIZE_MAX (UINT64_C(1) << 40)

/* Late enough that each buffer of a small ring has been used before. */
#define SHARE_BREAK_FRAME 10

static void share_request_help(void)
{
	printf("usage: pgem-share [OPTION]...\n"
	       "       pgem-share produce SOCKET [OPTION]...\n"
	       "       pgem-share consume SOCKET [OPTION]...\n"
	       "Send frames from one process to another through a ring of shared buffers, and\n"
	       "check every byte of them. Fences say when a frame is drawn and when it is read.\n"
	       "\n"
	       "Without a role: both, as two processes. With one: a producer that waits at SOCKET\n"
	       "for one consumer, or a consumer that connects there, in two terminals.\n"
	       "\n"
	       "  -f, --frames N     how many, 0: until Ctrl-C (default: 1000)\n"
	       "  -b, --buffers N    buffers in the ring, 1 to %u (default: 3)\n"
	       "  -s, --size SIZE    of a frame: WIDTHxHEIGHT pixels of 4 bytes, or bytes\n"
	       "                     (default: 640x480)\n"
	       "  -n, --node PATH    device node (default: the first pgem render node);\n"
	       "      --device PATH  the same\n"
	       "      --break WHAT   for tests: do one thing wrong in frame %d, or the last of fewer;\n"
	       "                     the program has to see it\n"
	       "                       corrupt[=BYTE]  flip a bit of a byte (default: the last)\n"
	       "                       skip-fence      the producer attaches no fence, draws late\n"
	       "                       skip-signal     the producer does not signal its fence\n"
	       "                       skip-release    the consumer attaches no fence, reads late\n"
	       "  -h, --help         show this help\n"
	       "\n"
	       "A consumer takes --node and --break skip-release alone: the rest it is told.\n"
	       "Exit code: 0 all frames were right, 1 failure, 2 wrong usage.\n",
	       SHARE_RING_MAX, SHARE_BREAK_FRAME);
}

/* Reads a number, and returns where it ends, or NULL for a bad one. */
static const char *share_request_number(const char *text, uint64_t min, uint64_t max,
					uint64_t *number)
{
	uint64_t value = 0;

	/* strtoull() takes blanks and signs, too. */
	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		value = value * 10 + (*text - '0');
		if (value > max)
			return NULL;
	}
	if (value < min)
		return NULL;

	*number = value;
	return text;
}

static bool share_request_count(const char *text, const char *what, uint64_t min, uint64_t max,
				uint64_t *count)
{
	const char *end = share_request_number(text, min, max, count);

	if (end && !*end)
		return true;
	tool_error("%s: not a number of %s: take %" PRIu64 " to %" PRIu64, text, what, min, max);
	return false;
}

static bool share_request_size(const char *text, struct share_request *request)
{
	uint64_t width, height;
	const char *end;

	end = share_request_number(text, 1, SHARE_SIZE_MAX, &request->size);
	if (end && !*end)
		return true;

	end = share_request_number(text, 1, SHARE_SIDE_MAX, &width);
	if (end && *end == 'x')
		end = share_request_number(end + 1, 1, SHARE_SIDE_MAX, &height);
	else
		end = NULL;
	if (!end || *end) {
		tool_error("%s: not a size: write WIDTHxHEIGHT, each 1 to %d, such as 640x480, "
			   "or bytes, at least 1", text, SHARE_SIDE_MAX);
		return false;
	}

	request->size = width * height * 4;
	return true;
}

static const struct {
	const char *name;
	enum share_break fault;
	enum share_role role;
} share_breaks[] = {
	{ "corrupt", SHARE_BREAK_CONTENT, SHARE_PRODUCE },
	{ "skip-fence", SHARE_BREAK_FENCE, SHARE_PRODUCE },
	{ "skip-signal", SHARE_BREAK_SIGNAL, SHARE_PRODUCE },
	{ "skip-release", SHARE_BREAK_RELEASE, SHARE_CONSUME },
};

static bool share_request_break(const char *text, struct share_request *request)
{
	static const char corrupt_byte[] = "corrupt=";
	const char *end;
	size_t i;

	if (!strncmp(text, corrupt_byte, strlen(corrupt_byte))) {
		request->fault = SHARE_BREAK_CONTENT;
		end = share_request_number(text + strlen(corrupt_byte), 0, SHARE_SIZE_MAX,
					   &request->fault_byte);
		if (end && !*end)
			return true;
	}
	for (i = 0; i < TOOL_ARRAY_SIZE(share_breaks); i++) {
		if (strcmp(text, share_breaks[i].name))
			continue;
		request->fault = share_breaks[i].fault;
		return true;
	}

	tool_error("%s: not a thing to do wrong: pgem-share --help shows them", text);
	return false;
}

/* Takes one option. Returns false, with the exit code, if the program is to end. */
static bool share_request_take(int option, struct share_request *request, enum tool_exit *code)
{
	uint64_t count;

	*code = TOOL_USAGE;
	switch (option) {
	case 'f':
		return share_request_count(optarg, "frames", 0, UINT32_MAX, &request->frames);
	case 'b':
		if (!share_request_count(optarg, "buffers", 1, SHARE_RING_MAX, &count))
			return false;
		request->buffers = count;
		return true;
	case 's':
		return share_request_size(optarg, request);
	case 'n':
		request->node = optarg;
		return true;
	case 'B':
		return share_request_break(optarg, request);
	case 'h':
		share_request_help();
		*code = tool_flush();
		return false;
	default:
		fputs("Try: pgem-share --help\n", stderr);
		return false;
	}
}

/* Takes the role and its socket. */
static bool share_request_role(int argc, char **argv, struct share_request *request)
{
	if (!argc)
		return true;

	if (!strcmp(argv[0], "produce")) {
		request->role = SHARE_PRODUCE;
	} else if (!strcmp(argv[0], "consume")) {
		request->role = SHARE_CONSUME;
	} else {
		tool_error("%s: not a role: produce or consume, or none for both", argv[0]);
		return false;
	}
	if (argc != 2) {
		tool_error("%s: takes one argument, the socket's path", argv[0]);
		return false;
	}

	request->socket = argv[1];
	return true;
}

/* That nothing was given that would have no effect. */
static bool share_request_fits(const struct share_request *request, bool producers_option)
{
	size_t i;

	if (request->role == SHARE_CONSUME && producers_option) {
		tool_error("consume: frames, buffers and size are the producer's to say");
		return false;
	}
	if (request->fault == SHARE_BREAK_CONTENT && request->fault_byte >= request->size) {
		tool_error("corrupt=%" PRIu64 ": a frame has %" PRIu64 " bytes, the first is 0",
			   request->fault_byte, request->size);
		return false;
	}
	for (i = 0; i < TOOL_ARRAY_SIZE(share_breaks); i++) {
		if (share_breaks[i].fault != request->fault || request->role == SHARE_BOTH ||
		    request->role == share_breaks[i].role)
			continue;
		tool_error("%s: is the other role's to do", share_breaks[i].name);
		return false;
	}
	return true;
}

bool share_request_parse(int argc, char **argv, struct share_request *request,
			 enum tool_exit *code)
{
	static const struct option options[] = {
		{ "frames", required_argument, NULL, 'f' },
		{ "buffers", required_argument, NULL, 'b' },
		{ "size", required_argument, NULL, 's' },
		{ "node", required_argument, NULL, 'n' },
		{ "device", required_argument, NULL, 'n' },
		{ "break", required_argument, NULL, 'B' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool producers_option = false;
	int option;

	*request = (struct share_request){ .frames = 1000, .buffers = 3, .size = 640 * 480 * 4 };
	request->fault_byte = UINT64_MAX;
	while ((option = getopt_long(argc, argv, "f:b:s:n:h", options, NULL)) != -1) {
		if (!share_request_take(option, request, code))
			return false;
		producers_option |= option == 'f' || option == 'b' || option == 's';
	}
	if (request->fault_byte == UINT64_MAX)
		request->fault_byte = request->size - 1;

	*code = TOOL_USAGE;
	return share_request_role(argc - optind, argv + optind, request) &&
	       share_request_fits(request, producers_option);
}

bool share_request_breaks(const struct share_request *request, enum share_break fault,
			  uint64_t frame)
{
	uint64_t number = SHARE_BREAK_FRAME;

	if (request->frames && request->frames <= number)
		number = request->frames - 1;
	return request->fault == fault && frame == number;
}
