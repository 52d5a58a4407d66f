// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: An exporter that pins
 *
 * Exporters of device memory (amdgpu, xe) have a pin operation in their dma-bufs. Linux
 * 6.12 maps such a dma-buf at once for an importer that attaches without operations of
 * its own. No driver that a virtual machine can load has a pin operation, so this module
 * stands for them.
 *
 * An ioctl of /dev/pgem_pinner makes a dma-buf: the request is _IO('P', O_RDWR) or
 * _IO('P', 0), the argument is the size in bytes. The memory is ordinary and lies above
 * 4 GiB where the machine has that. The module's parameters say what importers have asked
 * for. The module sets no operations in a mapping of user space, as remap_pfn_range()
 * needs none.
 */

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

/* What MODULE_IMPORT_NS() is from Linux 6.13 on; before, that took no string. */
MODULE_INFO(import_ns, "DMA_BUF");

static int pgem_pinner_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(param->arg));
}

static const struct kernel_param_ops pgem_pinner_param_ops = {
	.get = pgem_pinner_get,
};

static atomic_t pins;
module_param_cb(pins, &pgem_pinner_param_ops, &pins, 0444);
MODULE_PARM_DESC(pins, "Buffers pinned so far");

static atomic_t maps;
module_param_cb(maps, &pgem_pinner_param_ops, &maps, 0444);
MODULE_PARM_DESC(maps, "Mappings for a device made so far");

static atomic_t mask_bits;
module_param_cb(mask_bits, &pgem_pinner_param_ops, &mask_bits, 0444);
MODULE_PARM_DESC(mask_bits, "Bits in the DMA mask of the device that attached last");

static atomic_t high;
module_param_cb(high, &pgem_pinner_param_ops, &high, 0444);
MODULE_PARM_DESC(high, "Whether the buffer made last lies above 4 GiB");

static int pgem_pinner_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	atomic_set(&mask_bits, fls64(dma_get_mask(attach->dev)));

	return 0;
}

static int pgem_pinner_pin(struct dma_buf_attachment *attach)
{
	atomic_inc(&pins);

	return 0;
}

static void pgem_pinner_unpin(struct dma_buf_attachment *attach)
{
}

/* Attributes as amdgpu has them: nothing is synchronised, save by the unmapping. */
static struct sg_table *pgem_pinner_map(struct dma_buf_attachment *attach,
					enum dma_data_direction dir)
{
	struct dma_buf *dmabuf = attach->dmabuf;
	struct sg_table *sgt;
	int ret;

	sgt = kzalloc_obj(*sgt);
	if (!sgt)
		return ERR_PTR(-ENOMEM);

	ret = sg_alloc_table(sgt, 1, GFP_KERNEL);
	if (ret)
		goto err_free;

	sg_set_page(sgt->sgl, virt_to_page(dmabuf->priv), dmabuf->size, 0);
	ret = dma_map_sgtable(attach->dev, sgt, dir, DMA_ATTR_SKIP_CPU_SYNC);
	if (ret)
		goto err_free_table;

	atomic_inc(&maps);

	return sgt;

err_free_table:
	sg_free_table(sgt);
err_free:
	kfree(sgt);
	return ERR_PTR(ret);
}

static void pgem_pinner_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
			      enum dma_data_direction dir)
{
	dma_unmap_sgtable(attach->dev, sgt, dir, 0);
	sg_free_table(sgt);
	kfree(sgt);
}

static void pgem_pinner_release(struct dma_buf *dmabuf)
{
	free_pages_exact(dmabuf->priv, dmabuf->size);
}

/* The dma-buf core has checked the range. */
static int pgem_pinner_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	unsigned long first = PHYS_PFN(virt_to_phys(dmabuf->priv));

	return remap_pfn_range(vma, vma->vm_start, first + vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static const struct dma_buf_ops pgem_pinner_dma_buf_ops = {
	.attach = pgem_pinner_attach,
	.pin = pgem_pinner_pin,
	.unpin = pgem_pinner_unpin,
	.map_dma_buf = pgem_pinner_map,
	.unmap_dma_buf = pgem_pinner_unmap,
	.release = pgem_pinner_release,
	.mmap = pgem_pinner_mmap,
};

static long pgem_pinner_ioctl(struct file *file, unsigned int cmd, unsigned long size)
{
	struct dma_buf_export_info info = {
		.exp_name = KBUILD_MODNAME,
		.owner = THIS_MODULE,
		.ops = &pgem_pinner_dma_buf_ops,
		.size = PAGE_ALIGN(size),
		.flags = _IOC_NR(cmd),
	};
	struct dma_buf *dmabuf;
	int fd;

	if (cmd != _IO('P', O_RDWR) && cmd != _IO('P', 0))
		return -ENOTTY;
	if (!size || size > SZ_1M)
		return -EINVAL;

	info.priv = alloc_pages_exact(info.size, GFP_KERNEL | __GFP_ZERO);
	if (!info.priv)
		return -ENOMEM;

	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		free_pages_exact(info.priv, info.size);
		return PTR_ERR(dmabuf);
	}

	atomic_set(&high, virt_to_phys(info.priv) >= SZ_4G);
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);

	return fd;
}

static const struct file_operations pgem_pinner_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = pgem_pinner_ioctl,
};

static struct miscdevice pgem_pinner_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &pgem_pinner_fops,
};

module_misc_device(pgem_pinner_device);

MODULE_AUTHOR("The pgem founders");
MODULE_DESCRIPTION("Exporter of dma-bufs that pins, for tests of pgem");
MODULE_LICENSE("GPL");
