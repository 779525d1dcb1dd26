// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The virtio-mmio disk. virtio_blk_init() finds and resets a device;
 * virtio_blk_takeover() adopts one that the previous kernel set up, with the
 * rings where they are. The rings lie in general page frames, never in an
 * arena, and are referred to by physical address only.
 */
#ifndef _LINUX_VIRTIO_BLK_H
#define _LINUX_VIRTIO_BLK_H

#include <linux/types.h>

/* What an upgrade takes along. All requests must be complete: in_flight == 0. */
struct virtio_blk_state {
	u64 mmio_phys; /* 0: there is no disk */
	u32 irq;
	u32 queue_size;
	u64 capacity;	 /* sectors of 512 bytes */
	u64 ring_phys;	 /* one block of frames: descriptors, avail, used */
	u32 ring_order;	 /* 2^order frames */
	u64 header_phys; /* the frame of request headers and status bytes */
	u32 last_used;	 /* used entries taken so far, free-running 16 bits */
	u32 in_flight;
	bool read_only;
};

int virtio_blk_init(void);
int virtio_blk_takeover(const struct virtio_blk_state *);
void virtio_blk_get_state(struct virtio_blk_state *);
/* blocks new requests and waits for those in flight; and lets go again */
void virtio_blk_freeze(void);
void virtio_blk_thaw(void);
/* block/vda.c: makes /dev/vda */
int vda_register(void);
/* 0 or -errno; @buf may be any kernel memory of the direct map */
int virtio_blk_rw(u64 sector, void *buf, size_t bytes, bool write);

#endif
