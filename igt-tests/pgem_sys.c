// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: What the tests share: files of the kernel, the module, threads
 *
 * The module is loaded from the file that the environment variable PGEM_KO names,
 * or by modprobe where there is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_lib.h"

int __pgem_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

void pgem_write_file(const char *path, const char *text)
{
	int ret = __pgem_write_file(path, text);

	igt_assert_f(!ret, "writing %s to %s: %s\n", text, path, strerror(-ret));
}

/* Returns the length, or a negative errno. The text is cut to @size and ended by a zero. */
int pgem_read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && (got = read(fd, text + len, size - 1 - len)) > 0)
		len += got;
	text[len] = '\0';
	close(fd);
	return got < 0 ? -EIO : (int)len;
}

long pgem_read_number(const char *path)
{
	char text[64], *end;
	long number;

	igt_assert_f(pgem_read_file(path, text, sizeof(text)) > 0, "cannot read %s\n", path);
	number = strtol(text, &end, 0);
	igt_assert_f(end != text, "no number in %s\n", path);
	return number;
}

static struct {
	char path[64];
	char text[64];
} settings[8];

static size_t settings_count;

static void restore_handler(int sig)
{
	(void)sig;
	while (settings_count) {
		settings_count--;
		__pgem_write_file(settings[settings_count].path, settings[settings_count].text);
	}
}

/* Of "always [never]" the setting is what the brackets are around. */
static void keep_choice(char *text, size_t size)
{
	char choice[32];

	if (sscanf(text, "%*[^[][%31[^]]]", choice) == 1 || sscanf(text, "[%31[^]]]", choice) == 1)
		snprintf(text, size, "%s", choice);
}

void pgem_set(const char *path, const char *text)
{
	static bool installed;
	char *old = settings[settings_count].text;

	if (!installed)
		igt_install_exit_handler(restore_handler);
	installed = true;

	igt_assert(settings_count < ARRAY_SIZE(settings));
	snprintf(settings[settings_count].path, sizeof(settings[0].path), "%s", path);
	igt_assert(pgem_read_file(path, old, sizeof(settings[0].text)) > 0);
	keep_choice(old, sizeof(settings[0].text));
	settings_count++;
	pgem_write_file(path, text);
}

void pgem_restore(void)
{
	restore_handler(0);
}

static bool parse_line(const char *text, struct pgem_line *line)
{
	return sscanf(text, "%llu %llu %llu %llu %llx %u %u %u %15s %255s %d %63[^\n]", &line->id,
		      &line->size, &line->resident, &line->mapped, &line->offset, &line->handles,
		      &line->dmabuf, &line->pins, line->advice, line->label, &line->pid,
		      line->comm) == 12;
}

/* Returns how many lines there are; at most @max of them are stored. */
size_t pgem_lines(struct pgem_line *lines, size_t max)
{
	char path[64], text[512];
	struct pgem_line line;
	size_t count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%d/bos", pgem_minor());
	file = fopen(path, "r");
	igt_assert_f(file, "cannot open %s\n", path);
	igt_assert(fgets(text, sizeof(text), file));
	while (fgets(text, sizeof(text), file)) {
		igt_assert_f(parse_line(text, &line), "odd line: %s\n", text);
		if (count < max)
			lines[count] = line;
		count++;
	}
	fclose(file);
	return count;
}

bool pgem_find_line(uint64_t offset, struct pgem_line *line)
{
	static struct pgem_line lines[4096];
	size_t count = pgem_lines(lines, ARRAY_SIZE(lines));

	igt_assert(count <= ARRAY_SIZE(lines));
	for (size_t i = 0; i < count; i++) {
		if (lines[i].offset != offset)
			continue;
		*line = lines[i];
		return true;
	}
	return false;
}

int __pgem_load(const char *params)
{
	const char *path = getenv("PGEM_KO");
	int fd, ret;

	if (!path)
		return igt_kmod_load(PGEM_NAME, params);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

void pgem_load(const char *params)
{
	igt_assert_eq(__pgem_load(params), 0);
}

int __pgem_unload(void)
{
	return syscall(SYS_delete_module, PGEM_NAME, O_NONBLOCK) ? -errno : 0;
}

int pgem_refcount(void)
{
	return pgem_read_number(PGEM_MODULE_DIR "/refcnt");
}

int __pgem_bind(void)
{
	return __pgem_write_file(PGEM_DRIVER_DIR "/bind", PGEM_NAME);
}

void pgem_unbind(void)
{
	pgem_write_file(PGEM_DRIVER_DIR "/unbind", PGEM_NAME);
}

const char *pgem_ram_disk(void)
{
	if (access(PGEM_RAM_DISK, F_OK))
		igt_assert_eq(igt_kmod_load("brd", "rd_nr=1 rd_size=16384"), 0);
	igt_assert(!access(PGEM_RAM_DISK, R_OK | W_OK));
	return PGEM_RAM_DISK;
}

/* The project's own kernels have its name in theirs. */
void pgem_require_fast_kernel(void)
{
	struct utsname name;

	igt_assert_eq(uname(&name), 0);
	igt_require_f(!strstr(name.release, "-pgem-"), "too long for a slow kernel\n");
}

uint64_t pgem_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* Of the race that is on: when it may end, when it must, and how many it waits for */
static struct {
	uint64_t end, limit;
	int waiting;
} race;

/*
 * Sets how long threads race: for @ms, and on a slow machine until each of @count has
 * had a success, but a minute at most.
 */
void pgem_race_time(unsigned int ms, unsigned int count)
{
	race.end = pgem_now_ms() + ms;
	race.limit = pgem_now_ms() + 60000;
	race.waiting = count;
}

bool pgem_race_on(void)
{
	bool waiting = __atomic_load_n(&race.waiting, __ATOMIC_RELAXED) > 0;

	return pgem_now_ms() < (waiting ? race.limit : race.end);
}

/* Counts a success in @done, which is one thread's. */
void pgem_race_won(unsigned long *done)
{
	if (!(*done)++)
		__atomic_fetch_sub(&race.waiting, 1, __ATOMIC_RELAXED);
}

/* Runs @fn in @count threads, each with its element of @args, and waits for all. */
void pgem_race(unsigned int count, const char *(*fn)(void *), void *args, size_t arg_size)
{
	const char *failure = NULL;
	pthread_t threads[32];

	igt_assert(count <= ARRAY_SIZE(threads));
	for (unsigned int i = 0; i < count; i++)
		igt_assert_eq(pthread_create(&threads[i], NULL, (void *(*)(void *))fn,
					     (uint8_t *)args + i * arg_size), 0);
	for (unsigned int i = 0; i < count; i++) {
		void *result;

		igt_assert_eq(pthread_join(threads[i], &result), 0);
		if (result)
			failure = result;
	}
	igt_assert_f(!failure, "in a thread: %s\n", failure);
}

static const char *take_steps(void *arg)
{
	struct pgem_racer *racer = arg;
	const char *failure;

	while (pgem_race_on()) {
		failure = racer->step(racer);
		if (failure)
			return failure;
		pgem_race_won(&racer->done);
	}
	return NULL;
}

void pgem_race_steps(unsigned int ms, const char *(**steps)(struct pgem_racer *),
		     unsigned int count, int fd, struct pgem_buf *buf)
{
	struct pgem_racer racers[8];

	igt_assert(count <= ARRAY_SIZE(racers));
	for (unsigned int i = 0; i < count; i++)
		racers[i] = (struct pgem_racer){ steps[i], fd, buf, i, 0 };
	pgem_race_time(ms, count);
	pgem_race(count, take_steps, racers, sizeof(racers[0]));
}
