/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of the stub that runs between two kernels.
 *
 * Included by firmware/handover.S, by both kernels (images/kernel/liveupdate) and readable by the host. It promises where
 * the stub and its mailbox lie, what each register holds on entry and exit, and the offset of each field. It knows nothing
 * of what is handed over: that is behind the physical address of the handover root.
 *
 * This interface is a contract. Any change of an offset or of a register's meaning requires a new HANDOVER_MAGIC.
 *
 * Physical memory map of the low pages that outlive a kernel:
 *
 *   0x8000  AP trampoline (real mode) of the kernel that is running
 *   0x9000  the stub, copied from handover_stub_start..handover_stub_end
 *   0xa000  the handover root
 *   0xb000  the mailbox (this file)
 *
 * Constraints:
 *  1. Both kernels map the stub's page at the same virtual address, executable, and the mailbox's page at the same virtual
 *     address, writable: the direct map address of the physical page. The direct map is otherwise NX.
 *  2. The stub changes neither CR3 nor CR4, touches no stack and no memory but the mailbox. So RSP may be anything.
 *  3. It is entered with interrupts off, on the kernel's GS base or the user's alike: it uses no segment base. An NMI inside
 *     it still goes to the IDT that was loaded; the old kernel's IDT and its arena stay valid until every CPU has left.
 *  4. It is entered by a jump, not by a call, and leaves by a jump.
 *
 * Protocol. All CPUs run the same two entries in either direction; a rollback is a second use with the roles exchanged.
 *
 *   old kernel, before           every slot.entry = 0, aps_inside = 0, aps_expected = CPUs - 1, bsp_entry, root
 *   each AP                      jumps to HANDOVER_AP: marks its slot WAITING, adds itself to aps_inside, spins with PAUSE
 *   old kernel, BSP              may wait in C until aps_inside == aps_expected, and can still turn back: it releases each AP
 *                                to an entry of its own
 *   BSP                          jumps to HANDOVER_BSP: spins until aps_inside == aps_expected, that is until no AP executes
 *                                code of the old kernel; counts `switches`; executes CPUID (serializes, so that code
 *                                the loader wrote is fetched anew: SDM 3A 8.1.3); jumps to bsp_entry
 *   new kernel, BSP              when ready for AP n: slot[n].argument = A, then slot[n].entry = E (stores in this order; x86
 *                                keeps them so)
 *   AP n                         sees the entry, zeroes it, leaves aps_inside, marks its slot LEFT, CPUID, jumps to E
 *   rollback                     the new kernel leaves the APs that it has not released where they are, sends the others to
 *                                HANDOVER_AP again, sets bsp_entry (and root) to what the old kernel left in rollback_entry,
 *                                and its BSP jumps to HANDOVER_BSP. The old kernel then releases the APs.
 */
#ifndef TRANSPLANT_HANDOVER_H
#define TRANSPLANT_HANDOVER_H

#define HANDOVER_STUB_PHYS    0x9000
#define HANDOVER_ROOT_PHYS    0xa000
#define HANDOVER_MAILBOX_PHYS 0xb000

/* "HANDOVR1", little endian. */
#define HANDOVER_MAGIC 0x3152564f444e4148

/*
 * Entries, as offsets from the start of the stub.
 *
 *              RDI                          RSI         RSP
 *   AP, BSP    virtual address of mailbox   CPU index   any
 *
 * At the entry the stub jumps to (bsp_entry or slot.entry): interrupts off, DF clear, RSP as it was, CR0, CR3, CR4, EFER, GDT,
 * IDT, TR, GS base unchanged, and
 *
 *              RDI                          RSI         RDX                          other registers
 *   BSP        root (physical address)      CPU index   virtual address of mailbox   undefined
 *   AP         root (physical address)      CPU index   slot.argument                undefined
 */
#define HANDOVER_AP  0
#define HANDOVER_BSP 16

/* Offsets in the mailbox. */
#define HANDOVER_MB_MAGIC     0x00 /* u64 HANDOVER_MAGIC */
#define HANDOVER_MB_ROOT      0x08 /* u64 physical address of the handover root */
#define HANDOVER_MB_BSP_ENTRY 0x10 /* u64 virtual address where the BSP goes on */
#define HANDOVER_MB_ROLLBACK_ENTRY \
	0x18 /* u64 virtual address in the old kernel for the way back; not read by the stub */
#define HANDOVER_MB_APS_EXPECTED 0x20 /* u32 CPUs other than the BSP */
#define HANDOVER_MB_APS_INSIDE \
	0x24 /* u32 APs in the stub now; only the stub writes it after set-up */
#define HANDOVER_MB_SWITCHES \
	0x28 /* u64 times the BSP has passed: 1 after the upgrade, 2 after a rollback */
#define HANDOVER_MB_SLOTS 0x40 /* struct handover_slot[HANDOVER_CPUS] */

#define HANDOVER_SLOT_ENTRY    0x00 /* u64 0 = hold, else virtual address where the AP goes on */
#define HANDOVER_SLOT_ARGUMENT 0x08 /* u64 handed over in RDX */
#define HANDOVER_SLOT_STATE    0x10 /* u64 one of HANDOVER_SLOT_* below */
#define HANDOVER_SLOT_SIZE     0x40 /* one cache line a CPU: a spinning AP disturbs no other */
#define HANDOVER_SLOT_SHIFT    6

#define HANDOVER_CPUS 62 /* slots in the page */

/* slot.state */
#define HANDOVER_SLOT_OUTSIDE 0 /* never entered */
#define HANDOVER_SLOT_WAITING 1 /* spins in the stub */
#define HANDOVER_SLOT_LEFT    2 /* jumped to its entry */

#ifndef __ASSEMBLER__

struct handover_slot {
	/* 0x00 */ volatile unsigned long entry;
	/* 0x08 */ volatile unsigned long argument;
	/* 0x10 */ volatile unsigned long state;
	/* 0x18 */ unsigned long reserved[5];
};

struct handover_mailbox {
	/* 0x00 */ unsigned long magic;
	/* 0x08 */ unsigned long root;
	/* 0x10 */ unsigned long bsp_entry;
	/* 0x18 */ unsigned long rollback_entry;
	/* 0x20 */ volatile unsigned int aps_expected;
	/* 0x24 */ volatile unsigned int aps_inside;
	/* 0x28 */ volatile unsigned long switches;
	/* 0x30 */ unsigned long reserved[2];
	/* 0x40 */ struct handover_slot slots[HANDOVER_CPUS];
};

_Static_assert(sizeof(struct handover_slot) == HANDOVER_SLOT_SIZE, "handover slot size");
_Static_assert(sizeof(struct handover_mailbox) <= 4096, "handover mailbox fits its page");
_Static_assert(__builtin_offsetof(struct handover_mailbox, bsp_entry) == HANDOVER_MB_BSP_ENTRY,
	       "bsp_entry");
_Static_assert(__builtin_offsetof(struct handover_mailbox, aps_inside) == HANDOVER_MB_APS_INSIDE,
	       "aps_inside");
_Static_assert(__builtin_offsetof(struct handover_mailbox, switches) == HANDOVER_MB_SWITCHES,
	       "switches");
_Static_assert(__builtin_offsetof(struct handover_mailbox, slots) == HANDOVER_MB_SLOTS, "slots");

/* The stub's bytes, to be copied to HANDOVER_STUB_PHYS. */
extern const unsigned char handover_stub_start[];
extern const unsigned char handover_stub_end[];

#endif
#endif
