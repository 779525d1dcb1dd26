/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handover between two kernels: the root page, the preserved-frame bitmap and the record streams.
 *
 * This interface is a contract. Any change of a structure here requires a new HANDOVER_COMPATIBLE; any change of the
 * records of one component requires a new compatible string of that component (abi/records.h). Only physical addresses
 * cross, never a pointer. Everything is little endian and packed.
 *
 *   root page (physical HANDOVER_ROOT_PHYS, see firmware/handover.h)
 *     +- bitmap        one bit per 4 KiB frame: 1 = preserved, stays where it is
 *     +- component[]   "scion-task-v1" ... -> a stream of records
 *                        block -> block -> block, one page each, linked by physical address
 *
 * The old kernel writes all of it while frozen. The new kernel validates all of it (magic, strings, sizes, counts, CRCs,
 * no cycle, every frame inside RAM) before it changes anything, using memory of its own arena only. If it refuses, it
 * writes why into root.refusal and goes back through the stub; the old kernel goes on.
 */
#ifndef _ABI_HANDOVER_H
#define _ABI_HANDOVER_H

#include <linux/types.h>

#define HANDOVER_ROOT_MAGIC 0x544f4f524f484b54ULL /* "TKHOROOT", little endian */
#ifdef MUTANT_HANDOVER_ABI			  /* an image that must be refused */
#define HANDOVER_COMPATIBLE "scion-handover-v9"
#else
#define HANDOVER_COMPATIBLE "scion-handover-v2"
#endif
#define HANDOVER_NAME_LEN    32
#define HANDOVER_COMPONENTS  24
#define HANDOVER_REFUSAL_LEN 160

/* root.status */
enum handover_status {
	HANDOVER_STATUS_EMPTY = 0,   /* nothing is handed over */
	HANDOVER_STATUS_FROZEN = 1,  /* complete, CRC valid: the new kernel may retrieve */
	HANDOVER_STATUS_REFUSED = 2, /* the new kernel has refused, see refusal */
	HANDOVER_STATUS_ADOPTED = 3, /* the new kernel has retrieved everything: no way back */
};

struct handover_component_ser {
	/* 0x00 */ char compatible[HANDOVER_NAME_LEN];
	/* 0x20 */ __u64 first_block; /* physical address, 0 = no records */
	/* 0x28 */ __u64 bytes;	      /* of all records */
	/* 0x30 */ __u64 count;	      /* records */
} __attribute__((packed));

struct handover_root_ser {
	/* 0x000 */ __u64 magic;
	/* 0x008 */ char compatible[HANDOVER_NAME_LEN];
	/* 0x028 */ char from_release[HANDOVER_NAME_LEN];
	/* 0x048 */ char to_release[HANDOVER_NAME_LEN];
	/* 0x068 */ __u64 number;     /* upgrades since power-up, this one included */
	/* 0x070 */ __u64 from_arena; /* physical base of the arena of the old kernel */
	/* 0x078 */ __u64 to_arena;
	/* 0x080 */ __u64 ram_frames; /* frames that the bitmap covers */
	/* 0x088 */ __u64 bitmap;     /* physical address, contiguous */
	/* 0x090 */ __u64 bitmap_bytes;
	/* 0x098 */ __u64 preserved_frames; /* bits set */
	/* 0x0a0 */ __u64 kernel_pgd;	    /* PML4 of the kernel's own address space */
	/* 0x0a8 */ __u64 freeze_time;	    /* CLOCK_MONOTONIC at freeze, ns */
	/* 0x0b0 */ __u32 cpus;
	/* 0x0b4 */ __u32 components;
	/* 0x0b8 */ __u32
		crc32; /* of this structure with crc32, status and refusal zero, then the bitmap */
	/* 0x0bc */ __u32 status; /* enum handover_status */
	/* 0x0c0 */ char refusal[HANDOVER_REFUSAL_LEN];
	/* 0x160 */ struct handover_component_ser component[HANDOVER_COMPONENTS];
} __attribute__((packed));

#define HANDOVER_BLOCK_MAGIC 0x4b4c424f484b54ULL /* "TKHOBLK" */
#define HANDOVER_BLOCK_DATA  (4096 - 32)

struct handover_block_ser {
	/* 0x00 */ __u64 magic;
	/* 0x08 */ __u64 next;	/* physical address of the next block, 0 = last */
	/* 0x10 */ __u32 used;	/* bytes of data */
	/* 0x14 */ __u32 index; /* 0, 1, 2 ...: a cycle or a foreign block shows */
	/* 0x18 */ __u32 crc32; /* of data[0 .. used) */
	/* 0x1c */ __u32 reserved;
	/* 0x20 */ __u8 data[HANDOVER_BLOCK_DATA];
} __attribute__((packed));

_Static_assert(sizeof(struct handover_root_ser) <= 4096, "the handover root fits its page");
_Static_assert(sizeof(struct handover_block_ser) == 4096, "a handover block is a page");

/*
 * The note that makes an ELF image a possible successor: section .note.scion, owner "Scion", type NT_SCION_HANDOVER.
 * The checksum is filled in after the link; it covers the whole file, with the field itself taken as zero.
 */
#define NT_SCION_HANDOVER 1

struct handover_note {
	/* 0x00 */ char compatible[HANDOVER_NAME_LEN];
	/* 0x20 */ char release[HANDOVER_NAME_LEN];
	/* 0x40 */ __u64 entry; /* link address of the handover entry */
	/* 0x48 */ __u32 crc32;
	/* 0x4c */ __u32 reserved;
} __attribute__((packed));

#endif
