/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) 2026 The pgem founders */
#if !defined(_PGEM_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _PGEM_TRACE_H_

#include <linux/device.h>
#include <linux/mm_types.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

#include <drm/drm_device.h>

#include "pgem_bo.h"

#undef TRACE_SYSTEM
#define TRACE_SYSTEM pgem

/*
 * perf and trace-cmd decode records by the event's format, in which enumerators have no
 * meaning: this puts their values there. All that VM_FAULT_RESULT_TRACE knows.
 */
TRACE_DEFINE_ENUM(VM_FAULT_OOM);
TRACE_DEFINE_ENUM(VM_FAULT_SIGBUS);
TRACE_DEFINE_ENUM(VM_FAULT_MAJOR);
TRACE_DEFINE_ENUM(VM_FAULT_HWPOISON);
TRACE_DEFINE_ENUM(VM_FAULT_HWPOISON_LARGE);
TRACE_DEFINE_ENUM(VM_FAULT_SIGSEGV);
TRACE_DEFINE_ENUM(VM_FAULT_NOPAGE);
TRACE_DEFINE_ENUM(VM_FAULT_LOCKED);
TRACE_DEFINE_ENUM(VM_FAULT_RETRY);
TRACE_DEFINE_ENUM(VM_FAULT_FALLBACK);
TRACE_DEFINE_ENUM(VM_FAULT_DONE_COW);
TRACE_DEFINE_ENUM(VM_FAULT_NEEDDSYNC);
TRACE_DEFINE_ENUM(VM_FAULT_COMPLETED);

/* dev is the name of the device below /sys/devices, as minors are given anew. */
DECLARE_EVENT_CLASS(pgem_bo,
		    TP_PROTO(struct pgem_bo *bo),
		    TP_ARGS(bo),
		    TP_STRUCT__entry(__string(dev, dev_name(bo->base.dev->dev))
				     __field(u64, id)
				     __field(u64, size)
				     __field(u64, resident)
				     __field(u32, flags)),
		    TP_fast_assign(__assign_str(dev);
				   __entry->id = bo->id;
				   __entry->size = bo->base.size;
				   __entry->resident = pgem_bo_resident(bo);
				   __entry->flags = bo->flags;),
		    TP_printk("dev=%s bo=%llu size=%llu resident=%llu flags=0x%x",
			      __get_str(dev), __entry->id, __entry->size,
			      __entry->resident, __entry->flags)
);

DEFINE_EVENT(pgem_bo, pgem_bo_create,
	     TP_PROTO(struct pgem_bo *bo),
	     TP_ARGS(bo)
);

DEFINE_EVENT(pgem_bo, pgem_bo_free,
	     TP_PROTO(struct pgem_bo *bo),
	     TP_ARGS(bo)
);

DEFINE_EVENT(pgem_bo, pgem_bo_purge,
	     TP_PROTO(struct pgem_bo *bo),
	     TP_ARGS(bo)
);

/* page is counted from the object's first; ret is a vm_fault_t. */
TRACE_EVENT(pgem_fault,
	    TP_PROTO(struct pgem_bo *bo, pgoff_t index, struct vm_fault *vmf, vm_fault_t ret),
	    TP_ARGS(bo, index, vmf, ret),
	    TP_STRUCT__entry(__string(dev, dev_name(bo->base.dev->dev))
			     __field(u64, id)
			     __field(unsigned long, index)
			     __field(unsigned long, address)
			     __field(bool, write)
			     __field(unsigned int, ret)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->id = bo->id;
			   __entry->index = index;
			   __entry->address = vmf->address;
			   __entry->write = vmf->flags & FAULT_FLAG_WRITE;
			   __entry->ret = (__force unsigned int)ret;),
	    TP_printk("dev=%s bo=%llu page=%lu address=0x%lx %s ret=%s",
		      __get_str(dev), __entry->id, __entry->index, __entry->address,
		      __entry->write ? "write" : "read",
		      __print_flags(__entry->ret, "|", VM_FAULT_RESULT_TRACE))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE pgem_trace
#include <trace/define_trace.h>
