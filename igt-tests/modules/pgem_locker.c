// SPDX-License-Identifier: GPL-2.0-only
// Copyright (C) 2026 The pgem founders

/**
 * DOC: Keeps the lock of a folio
 *
 * Migration and others lock a folio for a moment, and allocate meanwhile. Tests cannot hit
 * that moment. This module makes it last: ioctl _IO('P', 2) of /dev/pgem_locker locks the
 * folio of the page that its argument is the address of, until the file is closed.
 */

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>

#define PGEM_LOCKER_LOCK	_IO('P', 2)

static long pgem_locker_ioctl(struct file *file, unsigned int request, unsigned long address)
{
	struct page *page;
	int ret;

	if (request != PGEM_LOCKER_LOCK)
		return -ENOTTY;
	/* One a file, and one caller at a time: it is for tests. */
	if (file->private_data)
		return -EBUSY;

	ret = get_user_pages_fast(address & PAGE_MASK, 1, FOLL_WRITE, &page);
	if (ret != 1)
		return ret < 0 ? ret : -EFAULT;

	folio_lock(page_folio(page));
	file->private_data = page;

	return 0;
}

static int pgem_locker_open(struct inode *inode, struct file *file)
{
	/* The misc device's core has set it. */
	file->private_data = NULL;

	return 0;
}

static int pgem_locker_release(struct inode *inode, struct file *file)
{
	struct page *page = file->private_data;

	if (page) {
		folio_unlock(page_folio(page));
		put_page(page);
	}

	return 0;
}

static const struct file_operations pgem_locker_fops = {
	.owner = THIS_MODULE,
	.open = pgem_locker_open,
	.release = pgem_locker_release,
	.unlocked_ioctl = pgem_locker_ioctl,
};

static struct miscdevice pgem_locker_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &pgem_locker_fops,
};

module_misc_device(pgem_locker_device);

MODULE_AUTHOR("The pgem founders");
MODULE_DESCRIPTION("Keeper of folio locks, for tests of pgem");
MODULE_LICENSE("GPL");
