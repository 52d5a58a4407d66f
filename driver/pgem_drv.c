// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Driver
 *
 * The module, its one platform device, and the tables that tell DRM what the
 * driver can do. Start reading here; what the driver is about is in pgem_mmap.c.
 *
 * It is a platform device with a driver of its own kind, rather than a device
 * without a driver, so that it can be unbound and bound again through sysfs:
 * hot-unplug is then something that anyone can try.
 */

#include <linux/device/driver.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/pgem_drm.h>

#include "pgem_bo.h"
#include "pgem_debugfs.h"
#include "pgem_device.h"
#include "pgem_fence.h"
#include "pgem_mmap.h"
#include "pgem_prime.h"
#include "pgem_purge.h"
#include "pgem_stats.h"

#define PGEM_NAME	"pgem"
#define PGEM_DESC	"Virtual GEM driver that maps one page at a time"

static const struct file_operations pgem_fops = {
	.owner = THIS_MODULE,
	/* DRM_GEM_FOPS, but for mmap */
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.get_unmapped_area = drm_gem_get_unmapped_area,
	.mmap = pgem_mmap_file,
	.show_fdinfo = drm_show_fdinfo,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

/* All for the render node: nothing here concerns a display or other clients. */
static const struct drm_ioctl_desc pgem_ioctls[] = {
	DRM_IOCTL_DEF_DRV(PGEM_GET_PARAM, pgem_ioctl_get_param, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(PGEM_FENCE_ATTACH, pgem_ioctl_fence_attach, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(PGEM_FENCE_SIGNAL, pgem_ioctl_fence_signal, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(PGEM_GEM_CREATE, pgem_ioctl_gem_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(PGEM_GEM_MMAP_OFFSET, pgem_ioctl_gem_mmap_offset, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(PGEM_GEM_INFO, pgem_ioctl_gem_info, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(PGEM_GEM_WAIT, pgem_ioctl_gem_wait, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(PGEM_GEM_MADVISE, pgem_ioctl_gem_madvise, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(PGEM_GEM_LABEL, pgem_ioctl_gem_label, DRM_RENDER_ALLOW),
};

/*
 * Versions:
 * 1.0: GET_PARAM, GEM_CREATE, GEM_MMAP_OFFSET, GEM_INFO
 * 1.1: FENCE_ATTACH, FENCE_SIGNAL, GEM_WAIT, dma-bufs of other drivers
 * 1.2: GEM_MADVISE, GEM_LABEL, fdinfo, objects of large folios
 */
static const struct drm_driver pgem_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ | DRIVER_SYNCOBJ_TIMELINE,
	.fops = &pgem_fops,
	.ioctls = pgem_ioctls,
	.num_ioctls = ARRAY_SIZE(pgem_ioctls),
	.open = pgem_fence_open,
	.postclose = pgem_fence_postclose,
	.dumb_create = pgem_dumb_create,
	.gem_prime_import = pgem_prime_import,
	.show_fdinfo = drm_show_memory_stats,
	.name = PGEM_NAME,
	.desc = PGEM_DESC,
	.major = 1,
	.minor = 2,
};

static int pgem_probe(struct platform_device *platform)
{
	struct pgem_device *pdev;
	int ret;

	/*
	 * Nothing does DMA here, but an exporter may map its memory for this device. With
	 * a platform device's 32 bits such a mapping would be of a copy in low memory.
	 */
	ret = dma_set_mask_and_coherent(&platform->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;

	pdev = devm_drm_dev_alloc(&platform->dev, &pgem_driver, struct pgem_device, drm);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);

	ret = pgem_device_init(pdev);
	if (ret)
		return ret;

	pgem_debugfs_init(&pdev->drm);
	platform_set_drvdata(platform, pdev);

	/* Last: from here on there are clients. */
	return drm_dev_register(&pdev->drm, 0);
}

static void pgem_remove(struct platform_device *platform)
{
	struct pgem_device *pdev = platform_get_drvdata(platform);

	/* The rest goes with the last reference, which a client may hold. */
	drm_dev_unplug(&pdev->drm);
	pgem_device_unmap(pdev);
}

static struct platform_driver pgem_platform_driver = {
	.probe = pgem_probe,
	.remove = pgem_remove,
	.driver = {
		.name = PGEM_NAME,
		/* pgem_init() looks whether it went well, so it has to be over by then. */
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};

static struct platform_device *pgem_platform_device;

static int __init pgem_init(void)
{
	int ret;

	ret = pgem_bo_cache_init();
	if (ret)
		return ret;

	ret = platform_driver_register(&pgem_platform_driver);
	if (ret)
		goto err_fini_cache;

	pgem_platform_device = platform_device_register_simple(PGEM_NAME, PLATFORM_DEVID_NONE,
							       NULL, 0);
	if (IS_ERR(pgem_platform_device)) {
		ret = PTR_ERR(pgem_platform_device);
		goto err_unregister_driver;
	}

	/* Registering succeeds also where probing failed: say so now. */
	if (!device_is_bound(&pgem_platform_device->dev)) {
		ret = -ENODEV;
		goto err_unregister_device;
	}

	return 0;

err_unregister_device:
	platform_device_unregister(pgem_platform_device);
err_unregister_driver:
	platform_driver_unregister(&pgem_platform_driver);
err_fini_cache:
	pgem_bo_cache_fini();
	return ret;
}

static void __exit pgem_exit(void)
{
	platform_device_unregister(pgem_platform_device);
	platform_driver_unregister(&pgem_platform_driver);
	pgem_bo_cache_fini();
}

module_init(pgem_init);
module_exit(pgem_exit);

MODULE_AUTHOR("The pgem founders");
MODULE_DESCRIPTION(PGEM_DESC);
MODULE_LICENSE("GPL");
MODULE_ALIAS("platform:" PGEM_NAME);
