// SPDX-License-Identifier: MIT
// Copyright (C) 2026 The pgem founders

/**
 * DOC: pgem_syncobj
 *
 * Fences of pgem in DRM's syncobjs, binary and timeline: what upstream's syncobj_wait,
 * syncobj_timeline and syncobj_eventfd test with fences of SW_SYNC, where there is that.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <xf86drm.h>

#include "igt.h"
#include "pgem_lib.h"
#include "pgem_sync.h"

IGT_TEST_DESCRIPTION("Check fences of clients in syncobjs.");

#define WRITE		DRM_PGEM_FENCE_WRITE
#define ALL		DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL
#define FOR_SUBMIT	DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT
#define AVAILABLE	DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE

/* A fence, and a sync_file of it. Its object is not needed any more. */
static uint32_t make_fence(int fd, int *sync_file)
{
	uint32_t handle = pgem_create(fd, PG), fence = pgem_fence_attach(fd, handle, WRITE);

	*sync_file = pgem_fence_sync_file(fd, handle, DMA_BUF_SYNC_RW);
	pgem_close(fd, handle);
	return fence;
}

static uint32_t make_syncobj(int fd)
{
	uint32_t syncobj;

	igt_assert_eq(drmSyncobjCreate(fd, 0, &syncobj), 0);
	return syncobj;
}

static void destroy(int fd, uint32_t syncobj)
{
	igt_assert_eq(drmSyncobjDestroy(fd, syncobj), 0);
}

/* Puts a new fence into a binary syncobj. */
static uint32_t submit(int fd, uint32_t syncobj)
{
	int sync_file;
	uint32_t fence = make_fence(fd, &sync_file);

	igt_assert_eq(drmSyncobjImportSyncFile(fd, syncobj, sync_file), 0);
	close(sync_file);
	return fence;
}

/* The same for a point of a timeline */
static uint32_t submit_point(int fd, uint32_t timeline, uint64_t point)
{
	uint32_t binary = make_syncobj(fd), fence = submit(fd, binary);

	igt_assert_eq(drmSyncobjTransfer(fd, timeline, point, binary, 0, 0), 0);
	destroy(fd, binary);
	return fence;
}

/* drmSyncobjWait() gives a negative errno. */
static int wait_for(int fd, uint32_t *syncobjs, unsigned int count, int ms, uint32_t flags,
		    uint32_t *first)
{
	return drmSyncobjWait(fd, syncobjs, count, pgem_until(ms), flags, first);
}

static int wait_point(int fd, uint32_t timeline, uint64_t point, int ms, uint32_t flags)
{
	return drmSyncobjTimelineWait(fd, &timeline, &point, 1, pgem_until(ms), flags, NULL);
}

/* A child that signals after a while */
static void signal_later(int fd, uint32_t fence)
{
	igt_fork(child, 1) {
		usleep(300000);
		pgem_fence_signal(fd, fence);
	}
}

static void empty(int fd)
{
	uint32_t syncobj = make_syncobj(fd);
	int sync_file;

	igt_assert_eq(wait_for(fd, &syncobj, 1, 0, 0, NULL), -EINVAL);
	igt_assert(drmSyncobjExportSyncFile(fd, syncobj, &sync_file));
	destroy(fd, syncobj);
}

static void wait(int fd)
{
	uint32_t syncobj = make_syncobj(fd), fence = submit(fd, syncobj);

	igt_assert_eq(wait_for(fd, &syncobj, 1, 0, 0, NULL), -ETIME);
	igt_assert_eq(wait_for(fd, &syncobj, 1, 50, 0, NULL), -ETIME);
	signal_later(fd, fence);
	igt_assert_eq(wait_for(fd, &syncobj, 1, 8000, 0, NULL), 0);
	igt_waitchildren();
	destroy(fd, syncobj);
}

static void wait_any(int fd)
{
	uint32_t syncobjs[3], fences[3], first = 77;

	for (int i = 0; i < 3; i++) {
		syncobjs[i] = make_syncobj(fd);
		fences[i] = submit(fd, syncobjs[i]);
	}
	igt_assert_eq(wait_for(fd, syncobjs, 3, 20, 0, &first), -ETIME);
	signal_later(fd, fences[1]);
	igt_assert_eq(wait_for(fd, syncobjs, 3, 8000, 0, &first), 0);
	igt_assert_eq_u32(first, 1);
	igt_assert_eq(wait_for(fd, syncobjs, 3, 20, ALL, &first), -ETIME);
	igt_waitchildren();
	pgem_fence_signal(fd, fences[2]);
	pgem_fence_signal(fd, fences[0]);
	for (int i = 0; i < 3; i++)
		destroy(fd, syncobjs[i]);
}

static void wait_all(int fd)
{
	uint32_t syncobjs[3], fences[3];

	for (int i = 0; i < 3; i++) {
		syncobjs[i] = make_syncobj(fd);
		fences[i] = submit(fd, syncobjs[i]);
	}
	pgem_fence_signal(fd, fences[2]);
	igt_assert_eq(wait_for(fd, syncobjs, 3, 20, ALL, NULL), -ETIME);
	pgem_fence_signal(fd, fences[0]);
	igt_assert_eq(wait_for(fd, syncobjs, 3, 20, ALL, NULL), -ETIME);
	signal_later(fd, fences[1]);
	igt_assert_eq(wait_for(fd, syncobjs, 3, 8000, ALL, NULL), 0);
	igt_waitchildren();
	for (int i = 0; i < 3; i++)
		destroy(fd, syncobjs[i]);
}

/* The waiter is there before the fence. */
static void wait_submit(int fd)
{
	uint32_t syncobj = make_syncobj(fd);

	igt_assert_eq(wait_for(fd, &syncobj, 1, 20, FOR_SUBMIT, NULL), -ETIME);
	igt_fork(child, 1) {
		usleep(200000);
		pgem_fence_signal(fd, submit(fd, syncobj));
	}
	igt_assert_eq(wait_for(fd, &syncobj, 1, 8000, FOR_SUBMIT, NULL), 0);
	igt_waitchildren();
	destroy(fd, syncobj);
}

static void reset(int fd)
{
	uint32_t syncobj = make_syncobj(fd), fence = submit(fd, syncobj);

	igt_assert_eq(drmSyncobjReset(fd, &syncobj, 1), 0);
	igt_assert_eq(wait_for(fd, &syncobj, 1, 0, 0, NULL), -EINVAL);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(wait_for(fd, &syncobj, 1, 0, 0, NULL), -EINVAL);
	destroy(fd, syncobj);
}

/* Signalled by somebody else, the syncobj has another fence; pgem's is as it was. */
static void replaced(int fd)
{
	uint32_t syncobj = make_syncobj(fd), fence;
	int sync_file;

	fence = make_fence(fd, &sync_file);
	igt_assert_eq(drmSyncobjImportSyncFile(fd, syncobj, sync_file), 0);
	igt_assert_eq(drmSyncobjSignal(fd, &syncobj, 1), 0);
	igt_assert_eq(wait_for(fd, &syncobj, 1, 0, 0, NULL), 0);
	igt_assert_eq(pgem_sync_status(sync_file), 0);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(pgem_sync_status(sync_file), 1);
	close(sync_file);
	destroy(fd, syncobj);
}

static void round_trip(int fd)
{
	uint32_t syncobj = make_syncobj(fd), fence = submit(fd, syncobj);
	uint32_t handle = pgem_create(fd, PG);
	int dmabuf = pgem_export(fd, handle), sync_file;

	igt_assert_eq(drmSyncobjExportSyncFile(fd, syncobj, &sync_file), 0);
	igt_assert_eq(pgem_sync_status(sync_file), 0);
	pgem_import_sync_file(dmabuf, DMA_BUF_SYNC_WRITE, sync_file);
	destroy(fd, syncobj);
	igt_assert(pgem_busy(fd, handle, 0));
	pgem_fence_signal(fd, fence);
	igt_assert(!pgem_busy(fd, handle, DRM_PGEM_WAIT_WRITE));
	igt_assert_eq(pgem_sync_status(sync_file), 1);
	close(sync_file);
	close(dmabuf);
	pgem_close(fd, handle);
}

static void other_file(int fd)
{
	uint32_t syncobj = make_syncobj(fd), fence = submit(fd, syncobj), there;
	int other = pgem_open(PGEM_RENDER, O_RDWR), file;

	igt_assert_eq(drmSyncobjHandleToFD(fd, syncobj, &file), 0);
	igt_assert_eq(drmSyncobjFDToHandle(other, file, &there), 0);
	close(file);
	igt_assert_eq(wait_for(other, &there, 1, 0, 0, NULL), -ETIME);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(wait_for(other, &there, 1, 0, 0, NULL), 0);
	close(other);
	destroy(fd, syncobj);
}

static void cancelled(int fd)
{
	int own = pgem_open(PGEM_RENDER, O_RDWR), sync_file;
	uint32_t syncobj = make_syncobj(fd);

	make_fence(own, &sync_file);
	igt_assert_eq(drmSyncobjImportSyncFile(fd, syncobj, sync_file), 0);
	close(sync_file);
	igt_assert_eq(wait_for(fd, &syncobj, 1, 0, 0, NULL), -ETIME);
	close(own);
	igt_assert_eq(wait_for(fd, &syncobj, 1, 0, 0, NULL), 0);
	igt_assert_eq(drmSyncobjExportSyncFile(fd, syncobj, &sync_file), 0);
	igt_assert_eq(pgem_sync_status(sync_file), -ECANCELED);
	close(sync_file);
	destroy(fd, syncobj);
}

static uint64_t reached(int fd, uint32_t timeline)
{
	uint64_t point = 77;

	igt_assert_eq(drmSyncobjQuery(fd, &timeline, &point, 1), 0);
	return point;
}

/* A point is reached when the ones before it are, too. */
static void timeline_order(int fd)
{
	uint32_t timeline = make_syncobj(fd), fences[3];

	for (int i = 0; i < 3; i++)
		fences[i] = submit_point(fd, timeline, 10 * i + 10);
	igt_assert_eq_u64(reached(fd, timeline), 0);
	pgem_fence_signal(fd, fences[1]);
	igt_assert_eq_u64(reached(fd, timeline), 0);
	igt_assert_eq(wait_point(fd, timeline, 20, 20, 0), -ETIME);
	pgem_fence_signal(fd, fences[0]);
	igt_assert_eq_u64(reached(fd, timeline), 20);
	igt_assert_eq(wait_point(fd, timeline, 20, 0, 0), 0);
	igt_assert_eq(wait_point(fd, timeline, 21, 20, 0), -ETIME);
	signal_later(fd, fences[2]);
	igt_assert_eq(wait_point(fd, timeline, 30, 8000, 0), 0);
	igt_waitchildren();
	igt_assert_eq_u64(reached(fd, timeline), 30);
	destroy(fd, timeline);
}

static void timeline_available(int fd)
{
	uint32_t timeline = make_syncobj(fd), fence;

	igt_assert_eq(wait_point(fd, timeline, 5, 20, FOR_SUBMIT | AVAILABLE), -ETIME);
	fence = submit_point(fd, timeline, 5);
	igt_assert_eq(wait_point(fd, timeline, 5, 0, FOR_SUBMIT | AVAILABLE), 0);
	igt_assert_eq(wait_point(fd, timeline, 5, 20, FOR_SUBMIT), -ETIME);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(wait_point(fd, timeline, 5, 0, 0), 0);
	destroy(fd, timeline);
}

static void timeline_to_binary(int fd)
{
	uint32_t timeline = make_syncobj(fd), binary = make_syncobj(fd);
	uint32_t fence = submit_point(fd, timeline, 3);

	igt_assert_eq(drmSyncobjTransfer(fd, binary, 0, timeline, 3, 0), 0);
	igt_assert_eq(wait_for(fd, &binary, 1, 0, 0, NULL), -ETIME);
	pgem_fence_signal(fd, fence);
	igt_assert_eq(wait_for(fd, &binary, 1, 1000, 0, NULL), 0);
	destroy(fd, binary);
	destroy(fd, timeline);
}

/* Whether the eventfd has been written since the last time */
static bool told(int event)
{
	uint64_t count = 0;

	if (!pgem_poll(event, POLLIN, 0))
		return false;
	igt_assert_eq(read(event, &count, sizeof(count)), sizeof(count));
	igt_assert_eq_u64(count, 1);
	return true;
}

static void event_binary(int fd)
{
	uint32_t syncobj = make_syncobj(fd), fence = submit(fd, syncobj);
	int event = eventfd(0, EFD_CLOEXEC);

	igt_assert_eq(drmSyncobjEventfd(fd, syncobj, 0, event, 0), 0);
	igt_assert(!told(event));
	signal_later(fd, fence);
	igt_assert(pgem_poll(event, POLLIN, 8000));
	igt_assert(told(event));
	igt_waitchildren();
	/* Signalled already: told at once. */
	igt_assert_eq(drmSyncobjEventfd(fd, syncobj, 0, event, 0), 0);
	igt_assert(told(event));
	close(event);
	destroy(fd, syncobj);
}

static void event_timeline(int fd)
{
	uint32_t timeline = make_syncobj(fd), fence;
	int done = eventfd(0, EFD_CLOEXEC), available = eventfd(0, EFD_CLOEXEC);

	igt_assert_eq(drmSyncobjEventfd(fd, timeline, 4, done, 0), 0);
	igt_assert_eq(drmSyncobjEventfd(fd, timeline, 4, available, AVAILABLE), 0);
	igt_assert(!told(available));
	fence = submit_point(fd, timeline, 4);
	igt_assert(told(available));
	igt_assert(!told(done));
	pgem_fence_signal(fd, fence);
	igt_assert(pgem_poll(done, POLLIN, 1000));
	igt_assert(told(done));
	igt_assert(!told(available));
	close(done);
	close(available);
	destroy(fd, timeline);
}

static const struct pgem_test tests[] = {
	{ "empty", empty, "A syncobj without a fence cannot be waited for." },
	{ "wait", wait, "A syncobj waits for the fence in it." },
	{ "wait-any", wait_any, "The first of several is told." },
	{ "wait-all", wait_all, "Several are waited for to the last one." },
	{ "wait-submit", wait_submit, "A wait begins before there is a fence." },
	{ "reset", reset, "A reset takes the fence out." },
	{ "replaced", replaced, "Signalling a syncobj does not signal the client's fence." },
	{ "round-trip", round_trip, "A fence goes from object to syncobj to another object." },
	{ "other-file", other_file, "A syncobj is passed to another file with its fence." },
	{ "cancelled", cancelled, "The error of a fence comes out of a syncobj." },
	{ "timeline-order", timeline_order, "A point waits for those before it." },
	{ "timeline-available", timeline_available, "A wait can be for a point to be there." },
	{ "timeline-to-binary", timeline_to_binary, "A point's fence goes to a binary syncobj." },
	{ "event-binary", event_binary, "An eventfd is told of the end of a fence." },
	{ "event-timeline", event_timeline, "An eventfd is told of a point, there and reached." },
};

int igt_main()
{
	pgem_run_tests(tests, ARRAY_SIZE(tests), PGEM_RENDER);
}
