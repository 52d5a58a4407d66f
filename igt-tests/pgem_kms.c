// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Displays
 *
 * Finds a display's way from a plane to a connector, and makes framebuffers out of
 * objects of pgem: dma-bufs that the display's driver imports.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <drm_fourcc.h>
#include <xf86drm.h>

#include "igt.h"
#include "pgem_kms.h"
#include "pgem_lib.h"
#include "pgem_peer.h"

static void use_connector(struct pgem_kms *kms, drmModeConnector *connector)
{
	if (connector->connector_type == DRM_MODE_CONNECTOR_WRITEBACK) {
		kms->writeback = connector->connector_id;
		return;
	}
	kms->connector = connector->connector_id;
	for (int i = 0; i < connector->count_modes; i++)
		if (connector->modes[i].hdisplay == PGEM_KMS_WIDTH &&
		    connector->modes[i].vdisplay == PGEM_KMS_HEIGHT)
			kms->mode = connector->modes[i];
}

void pgem_kms_init(struct pgem_kms *kms, const struct pgem_peer *peer)
{
	drmModePlaneRes *planes;
	drmModeRes *res;

	*kms = (struct pgem_kms){ .device = pgem_peer_open(peer) };
	drmSetClientCap(kms->device, DRM_CLIENT_CAP_ATOMIC, 1);
	drmSetClientCap(kms->device, DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1);
	res = drmModeGetResources(kms->device);
	igt_assert(res && res->count_crtcs);
	kms->crtc = res->crtcs[0];
	for (int i = 0; i < res->count_connectors; i++) {
		drmModeConnector *connector = drmModeGetConnector(kms->device, res->connectors[i]);

		igt_assert(connector);
		use_connector(kms, connector);
		drmModeFreeConnector(connector);
	}
	drmModeFreeResources(res);
	igt_assert(kms->connector && kms->mode.hdisplay);

	/* The first that a driver makes is the primary one. */
	planes = drmModeGetPlaneResources(kms->device);
	igt_assert(planes && planes->count_planes);
	kms->plane = planes->planes[0];
	drmModeFreePlaneResources(planes);
}

void pgem_kms_fini(struct pgem_kms *kms)
{
	close(kms->device);
}

void pgem_kms_fb_init(struct pgem_kms_fb *fb, int fd, const struct pgem_kms *kms)
{
	const uint32_t pitches[4] = { PGEM_KMS_WIDTH * 4 }, offsets[4] = { 0 };
	uint32_t handles[4] = { 0 };
	int dmabuf;

	fb->fd = fd;
	fb->handle = pgem_create(fd, PGEM_KMS_SIZE);
	fb->map = pgem_map(fd, fb->handle, PGEM_KMS_SIZE);
	dmabuf = pgem_export(fd, fb->handle);
	fb->theirs = pgem_import(kms->device, dmabuf);
	close(dmabuf);
	handles[0] = fb->theirs;
	igt_assert_eq(drmModeAddFB2(kms->device, PGEM_KMS_WIDTH, PGEM_KMS_HEIGHT,
				    DRM_FORMAT_XRGB8888, handles, pitches, offsets, &fb->id, 0), 0);
}

void pgem_kms_fb_drop(struct pgem_kms_fb *fb)
{
	pgem_unmap(fb->map, PGEM_KMS_SIZE);
	pgem_close(fb->fd, fb->handle);
}

void pgem_kms_fb_release(struct pgem_kms_fb *fb, const struct pgem_kms *kms)
{
	igt_assert_eq(drmModeRmFB(kms->device, fb->id), 0);
	pgem_close(kms->device, fb->theirs);
}

void pgem_kms_draw(uint8_t *map, unsigned int seed)
{
	for (size_t i = 0; i < PGEM_KMS_SIZE; i += 4) {
		uint32_t pixel = rand_r(&seed) & 0xffffff;

		memcpy(map + i, &pixel, sizeof(pixel));
	}
}
