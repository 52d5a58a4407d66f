// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_display
 *
 * cirrus, a display whose driver copies what it shows out of the kernel's mapping of a
 * framebuffer, for which it asks pgem, into the card's memory. There the bytes are
 * looked at, by the card's PCI resource; vm.sh sets iomem=relaxed to allow that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_kms.h"
#include "pgem_lib.h"
#include "pgem_peer.h"

IGT_TEST_DESCRIPTION("Check objects that a display shows.");

#define PAGES (PGEM_KMS_SIZE / PG)

struct screen {
	struct pgem_kms kms;
	const uint8_t *memory;	/* of the card, from the first pixel on */
};

static void screen_init(struct screen *screen)
{
	struct stat st;
	char path[64];
	uint8_t *map;
	int fd;

	pgem_kms_init(&screen->kms, pgem_peer("cirrus"));
	igt_assert_eq(fstat(screen->kms.device, &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/resource0", major(st.st_rdev),
		 minor(st.st_rdev));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert_f(fd >= 0, "cannot open %s\n", path);
	igt_assert_eq(__pgem_map(fd, 0, PGEM_KMS_SIZE, PROT_READ, MAP_SHARED, &map), 0);
	close(fd);
	screen->memory = map;
}

static void screen_fini(struct screen *screen)
{
	pgem_unmap((void *)screen->memory, PGEM_KMS_SIZE);
	pgem_kms_fini(&screen->kms);
}

static int __show(struct screen *screen, uint32_t id)
{
	struct pgem_kms *kms = &screen->kms;

	return drmModeSetCrtc(kms->device, kms->crtc, id, 0, 0, &kms->connector, 1, &kms->mode);
}

static void show(struct screen *screen, const struct pgem_kms_fb *fb)
{
	igt_assert_eq(__show(screen, fb->id), 0);
}

static bool shows(const struct screen *screen, const uint8_t *picture)
{
	return !memcmp(screen->memory, picture, PGEM_KMS_SIZE);
}

static void shown(int fd)
{
	struct screen screen;
	struct pgem_kms_fb fb;

	screen_init(&screen);
	pgem_kms_fb_init(&fb, fd, &screen.kms);
	pgem_kms_draw(fb.map, 1);
	igt_assert(!shows(&screen, fb.map));
	show(&screen, &fb);
	igt_assert(shows(&screen, fb.map));
	pgem_kms_fb_release(&fb, &screen.kms);
	pgem_kms_fb_drop(&fb);
	screen_fini(&screen);
	igt_assert_eq(pgem_objects(), 0);
}

/* The display has all pages, and from then on sees what comes into them. */
static void untouched(int fd)
{
	struct screen screen;
	struct pgem_kms_fb fb;

	screen_init(&screen);
	pgem_kms_fb_init(&fb, fd, &screen.kms);
	show(&screen, &fb);
	igt_assert(pgem_is_zero(screen.memory, PGEM_KMS_SIZE));
	igt_assert_eq_u64(pgem_resident(fd, fb.handle), PAGES * PG);
	igt_assert_eq(pgem_mapped(fb.map, PAGES), 0);
	pgem_kms_draw(fb.map, 2);
	igt_assert(pgem_is_zero(screen.memory, PGEM_KMS_SIZE));
	igt_assert_eq(drmModeDirtyFB(screen.kms.device, fb.id, NULL, 0), 0);
	igt_assert(shows(&screen, fb.map));
	pgem_kms_fb_release(&fb, &screen.kms);
	pgem_kms_fb_drop(&fb);
	screen_fini(&screen);
	igt_assert_eq(pgem_objects(), 0);
}

static void flip(int fd)
{
	struct pgem_kms_fb fbs[2];
	struct screen screen;

	screen_init(&screen);
	for (size_t i = 0; i < ARRAY_SIZE(fbs); i++) {
		pgem_kms_fb_init(&fbs[i], fd, &screen.kms);
		pgem_kms_draw(fbs[i].map, i);
	}
	for (int i = 0; i < 20; i++) {
		const struct pgem_kms_fb *fb = &fbs[i % ARRAY_SIZE(fbs)];

		memset(fb->map + i * PG, i, PG / 4);
		show(&screen, fb);
		igt_assert(shows(&screen, fb->map));
	}
	for (size_t i = 0; i < ARRAY_SIZE(fbs); i++) {
		pgem_kms_fb_release(&fbs[i], &screen.kms);
		pgem_kms_fb_drop(&fbs[i]);
	}
	screen_fini(&screen);
	igt_assert_eq(pgem_objects(), 0);
}

/* The display's reference is the last one; what it shows stays where it was. */
static void outlives(int fd)
{
	uint8_t *picture = malloc(PGEM_KMS_SIZE);
	struct screen screen;
	struct pgem_kms_fb fb;

	igt_assert(picture);
	screen_init(&screen);
	pgem_kms_fb_init(&fb, fd, &screen.kms);
	pgem_kms_draw(fb.map, 3);
	memcpy(picture, fb.map, PGEM_KMS_SIZE);
	show(&screen, &fb);
	pgem_kms_fb_drop(&fb);
	igt_assert_eq(pgem_objects(), 1);
	igt_assert_eq(__show(&screen, fb.id), 0);
	igt_assert_eq(drmModeDirtyFB(screen.kms.device, fb.id, NULL, 0), 0);
	igt_assert(shows(&screen, picture));
	pgem_kms_fb_release(&fb, &screen.kms);
	igt_assert_eq(pgem_objects(), 0);
	screen_fini(&screen);
	free(picture);
}

/* P15, P25: what is on the screen of a device that is gone can be shown on. */
static void unbind(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), refs = pgem_refcount() - 1;
	uint8_t *picture = malloc(PGEM_KMS_SIZE);
	struct screen screen;
	struct pgem_kms_fb fb;

	(void)fd;
	igt_assert(picture);
	screen_init(&screen);
	pgem_kms_fb_init(&fb, own, &screen.kms);
	pgem_kms_draw(fb.map, 4);
	memcpy(picture, fb.map, PGEM_KMS_SIZE);
	show(&screen, &fb);
	pgem_unmap(fb.map, PGEM_KMS_SIZE);
	pgem_unbind();
	pgem_bind();
	close(own);
	igt_assert_lt(refs, pgem_refcount());
	igt_assert(shows(&screen, picture));
	/* A new mapping of it would need its pages: it has them. */
	igt_assert_eq(drmModeDirtyFB(screen.kms.device, fb.id, NULL, 0), 0);
	igt_assert(shows(&screen, picture));
	pgem_kms_fb_release(&fb, &screen.kms);
	igt_assert_eq(pgem_refcount(), refs);
	screen_fini(&screen);
	free(picture);
}

/*
 * The same where the screen has asked for nothing yet. The dma-buf core warns in the log
 * if a mapping for the kernel is refused, and nothing in one needs the device.
 */
static void gone(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), refs = pgem_refcount() - 1;
	uint8_t *picture = malloc(PGEM_KMS_SIZE);
	struct screen screen;
	struct pgem_kms_fb fb;

	(void)fd;
	igt_assert(picture);
	screen_init(&screen);
	pgem_kms_fb_init(&fb, own, &screen.kms);
	pgem_kms_draw(fb.map, 5);
	memcpy(picture, fb.map, PGEM_KMS_SIZE);
	pgem_unmap(fb.map, PGEM_KMS_SIZE);
	pgem_unbind();
	pgem_bind();
	close(own);
	show(&screen, &fb);
	igt_assert(shows(&screen, picture));
	pgem_kms_fb_release(&fb, &screen.kms);
	igt_assert_eq(pgem_refcount(), refs);
	screen_fini(&screen);
	free(picture);
}

static const struct pgem_test tests[] = {
	{ "shown", shown, "What is drawn into an object gets to the screen." },
	{ "untouched", untouched, "An object without pages shows black, then what is drawn." },
	{ "flip", flip, "Two objects are shown in turn." },
	{ "outlives", outlives, "The screen keeps an object that everybody else has left." },
	{ "unbind", unbind, "It keeps one whose device goes, too." },
	{ "gone", gone, "It can show one whose device is gone." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
