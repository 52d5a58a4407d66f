/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#ifndef _PGEM_COMPAT_DMABUF_H_
#define _PGEM_COMPAT_DMABUF_H_

/*
 * Not in 6.12: an attachment that maps nothing by itself. There the core keeps a mapping
 * with each attachment where one of exporter and importer can move its memory and the
 * other cannot. So attach as an importer that can to an exporter that can, and to any
 * other one without operations. The core wants the operation; there is nothing for it to
 * do, as such an attachment never has a mapping.
 */
#include <linux/dma-buf.h>

#ifdef PGEM_HAVE_DMA_BUF_CACHED_MAPPING
static inline void pgem_compat_move_notify(struct dma_buf_attachment *attach)
{
}

static inline struct dma_buf_attachment *pgem_compat_dma_buf_attach(struct dma_buf *dmabuf,
								    struct device *dev)
{
	static const struct dma_buf_attach_ops ops = {
		.move_notify = pgem_compat_move_notify,
	};

	return dma_buf_dynamic_attach(dmabuf, dev, dma_buf_is_dynamic(dmabuf) ? &ops : NULL,
				      NULL);
}

#define dma_buf_attach	pgem_compat_dma_buf_attach
#endif

#endif /* _PGEM_COMPAT_DMABUF_H_ */
