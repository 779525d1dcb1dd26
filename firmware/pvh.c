// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Enters a kernel through its PVH note (Xen docs/misc/pvh.pandoc). The segments are in RAM already; this file describes the
 * machine in hvm_start_info version 1.
 */
#include "firmware.h"

#define PVH_MAGIC 0x336ec578

struct start_info {
	/*  0 */ u32 magic;
	/*  4 */ u32 version;
	/*  8 */ u32 flags;
	/* 12 */ u32 module_count;
	/* 16 */ u64 modules;
	/* 24 */ u64 command_line;
	/* 32 */ u64 rsdp;
	/* 40 */ u64 memory_map;
	/* 48 */ u32 memory_map_entries;
	/* 52 */ u32 reserved;
};

struct module {
	u64 address;
	u64 size;
	u64 command_line;
	u64 reserved;
};

struct memory_map_entry {
	u64 address;
	u64 size;
	u32 type;
	u32 reserved;
};

_Static_assert(sizeof(struct start_info) == 56, "hvm_start_info version 1");

static struct start_info start_info __handoff;
static struct module module __handoff;
static struct memory_map_entry map[MEMORY_RANGES] __handoff;

void pvh_start(u32 rsdp)
{
	u32 address = fw_cfg_u32(FW_CFG_KERNEL_ADDR);
	u32 size = fw_cfg_u32(FW_CFG_KERNEL_SIZE);
	u32 entry = fw_cfg_u32(FW_CFG_KERNEL_ENTRY);
	u32 initrd, initrd_size;

	if (!memory_is_free(address, size))
		fail("the kernel's segments (0x%x, %u bytes) lie outside RAM; give the machine more memory",
		     address, size);
	if (entry < address || entry >= address + size)
		fail("the PVH entry 0x%x is outside the kernel at 0x%x (%u bytes)", entry, address,
		     size);
	start_info.command_line = load_command_line();
	initrd_size = load_initrd(&initrd);
	if (initrd_size) {
		module.address = initrd;
		module.size = initrd_size;
		start_info.module_count = 1;
		start_info.modules = (u32)&module;
	}

	for (u32 i = 0; i < memory_ranges; i++)
		map[i] = (struct memory_map_entry){ memory_map[i].address, memory_map[i].size,
						    memory_map[i].type, 0 };
	start_info.magic = PVH_MAGIC;
	start_info.version = 1;
	start_info.rsdp = rsdp;
	start_info.memory_map = (u32)map;
	start_info.memory_map_entries = memory_ranges;

	print("firmware: PVH kernel at 0x%x, entry 0x%x, initrd %u bytes\n", address, entry,
	      initrd_size);
	kernel_enter(0, (u32)&start_info, entry);
}
