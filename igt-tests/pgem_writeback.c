// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_writeback
 *
 * vkms reads a framebuffer and writes what is on its screen into another one, both by
 * the kernel's mapping: the way of a picture from one object of pgem into the next.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "pgem_group.h"
#include "pgem_kms.h"
#include "pgem_lib.h"
#include "pgem_peer.h"

IGT_TEST_DESCRIPTION("Check objects that a display writes.");

static uint32_t prop_id(const struct pgem_kms *kms, uint32_t id, uint32_t type, const char *name)
{
	drmModeObjectProperties *props = drmModeObjectGetProperties(kms->device, id, type);
	uint32_t found = 0;

	igt_assert(props);
	for (uint32_t i = 0; i < props->count_props && !found; i++) {
		drmModePropertyRes *prop = drmModeGetProperty(kms->device, props->props[i]);

		igt_assert(prop);
		if (!strcmp(prop->name, name))
			found = prop->prop_id;
		drmModeFreeProperty(prop);
	}
	drmModeFreeObjectProperties(props);
	igt_assert_f(found, "no property %s\n", name);
	return found;
}

struct setting {
	uint32_t id, type;
	const char *name;
	uint64_t value;
};

/* Shows one framebuffer and has the screen written into the other. */
static void show_and_write(const struct pgem_kms *kms, const struct pgem_kms_fb *from,
			   const struct pgem_kms_fb *to)
{
	const uint32_t on_plane = DRM_MODE_OBJECT_PLANE, on_crtc = DRM_MODE_OBJECT_CRTC;
	const uint32_t on_connector = DRM_MODE_OBJECT_CONNECTOR;
	drmModeAtomicReq *req = drmModeAtomicAlloc();
	struct pollfd fence = { .fd = -1, .events = POLLIN };
	uint32_t mode;

	igt_assert(req);
	igt_assert_eq(drmModeCreatePropertyBlob(kms->device, &kms->mode, sizeof(kms->mode), &mode),
		      0);
	const struct setting settings[] = {
		{ kms->crtc, on_crtc, "MODE_ID", mode },
		{ kms->crtc, on_crtc, "ACTIVE", 1 },
		{ kms->connector, on_connector, "CRTC_ID", kms->crtc },
		{ kms->plane, on_plane, "CRTC_ID", kms->crtc },
		{ kms->plane, on_plane, "FB_ID", from->id },
		{ kms->plane, on_plane, "SRC_W", PGEM_KMS_WIDTH << 16 },
		{ kms->plane, on_plane, "SRC_H", PGEM_KMS_HEIGHT << 16 },
		{ kms->plane, on_plane, "CRTC_W", PGEM_KMS_WIDTH },
		{ kms->plane, on_plane, "CRTC_H", PGEM_KMS_HEIGHT },
		{ kms->writeback, on_connector, "CRTC_ID", kms->crtc },
		{ kms->writeback, on_connector, "WRITEBACK_FB_ID", to->id },
		{ kms->writeback, on_connector, "WRITEBACK_OUT_FENCE_PTR", (uintptr_t)&fence.fd },
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		igt_assert_lt(0, drmModeAtomicAddProperty(req, s->id,
							  prop_id(kms, s->id, s->type, s->name),
							  s->value));
	}
	igt_assert_eq(drmModeAtomicCommit(kms->device, req, DRM_MODE_ATOMIC_ALLOW_MODESET, NULL),
		      0);
	drmModeAtomicFree(req);
	drmModeDestroyPropertyBlob(kms->device, mode);
	igt_assert_eq(poll(&fence, 1, 30000), 1);
	close(fence.fd);
}

/* But for the bytes that are no colour. */
static bool same_picture(const uint8_t *map, const uint8_t *other)
{
	for (size_t i = 0; i < PGEM_KMS_SIZE; i += 4)
		if (memcmp(map + i, other + i, 3))
			return false;
	return true;
}

struct copier {
	struct pgem_kms kms;
	struct pgem_kms_fb from, to;
};

static void copier_init(struct copier *copier, int fd)
{
	pgem_kms_init(&copier->kms, pgem_peer("vkms"));
	igt_assert(copier->kms.writeback);
	pgem_kms_fb_init(&copier->from, fd, &copier->kms);
	pgem_kms_fb_init(&copier->to, fd, &copier->kms);
}

static void copier_fini(struct copier *copier)
{
	pgem_kms_fb_drop(&copier->from);
	pgem_kms_fb_drop(&copier->to);
	igt_assert_eq(pgem_objects(), 0);
}

static void release(struct copier *copier)
{
	pgem_kms_fb_release(&copier->from, &copier->kms);
	pgem_kms_fb_release(&copier->to, &copier->kms);
	pgem_kms_fini(&copier->kms);
}

/* P19, the way there: what is written has no page before. */
static void written(int fd)
{
	struct copier copier;

	copier_init(&copier, fd);
	for (int i = 0; i < 3; i++) {
		pgem_kms_draw(copier.from.map, i);
		igt_assert(!same_picture(copier.from.map, copier.to.map));
		show_and_write(&copier.kms, &copier.from, &copier.to);
		igt_assert(same_picture(copier.from.map, copier.to.map));
	}
	release(&copier);
	igt_assert(same_picture(copier.from.map, copier.to.map));
	copier_fini(&copier);
}

static void write_and_reclaim(int fd)
{
	struct copier copier;

	copier_init(&copier, fd);
	pgem_kms_draw(copier.from.map, 7);
	show_and_write(&copier.kms, &copier.from, &copier.to);
	release(&copier);
	pgem_group_reclaim();
	igt_assert_lt_u64(pgem_resident(fd, copier.to.handle), PGEM_KMS_SIZE / 2);
	igt_assert(same_picture(copier.from.map, copier.to.map));
	copier_fini(&copier);
}

/* P19: no page table knows that the kernel has written. */
static void reclaim(int fd)
{
	pgem_peer_load(pgem_peer("vkms"));
	pgem_group_with_swap(fd, write_and_reclaim);
	igt_assert_eq(pgem_objects(), 0);
}

static const struct pgem_test tests[] = {
	{ "written", written, "What is drawn into one object comes out in the other." },
	{ "reclaim", reclaim, "What was written goes to swap and comes back." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
