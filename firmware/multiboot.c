// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Enters a multiboot (version 1) kernel. The machine has flattened it and laid out its modules and command lines (README.md);
 * this file copies both pieces into place and adds what only the firmware knows: the memory map.
 */
#include "firmware.h"

#define MULTIBOOT_BOOT_MAGIC 0x2badb002
#define INFO_MEMORY	     (1u << 0)
#define INFO_MEMORY_MAP	     (1u << 6)

struct multiboot_info {
	/*  0 */ u32 flags;
	/*  4 */ u32 memory_lower;
	/*  8 */ u32 memory_upper;
	/* 12 */ u32 boot_device;
	/* 16 */ u32 command_line;
	/* 20 */ u32 module_count;
	/* 24 */ u32 modules;
	/* 28 */ u32 symbols[4];
	/* 44 */ u32 map_length;
	/* 48 */ u32 map_address;
	/* 52 */ u32 drives[2];
	/* 60 */ u32 config_table;
	/* 64 */ u32 loader_name;
	/* 68 */ u32 rest[5];
};

_Static_assert(sizeof(struct multiboot_info) == 88, "multiboot information block");

struct map_entry {
	u32 size; /* of what follows this field */
	u64 address;
	u64 length;
	u32 type;
} __attribute__((packed));

static void describe_memory(struct multiboot_info *info)
{
	struct map_entry *entry = (struct map_entry *)info->map_address;

	if (!memory_is_free((u32)entry, memory_ranges * sizeof(*entry)))
		fail("no room for the memory map at 0x%x", (u32)entry);
	for (u32 i = 0; i < memory_ranges; i++) {
		struct memory_range *range = &memory_map[i];

		entry[i] = (struct map_entry){ sizeof(*entry) - 4, range->address, range->size,
					       range->type };
		if (range->type != MEMORY_RAM)
			continue;
		if (range->address == 0)
			info->memory_lower = (u32)(range->size >> 10);
		if (range->address == HIGH_RAM_START)
			info->memory_upper = (u32)(range->size >> 10);
	}
	info->map_length = memory_ranges * sizeof(*entry);
	info->flags |= INFO_MEMORY | INFO_MEMORY_MAP;
}

void multiboot_start(void)
{
	u32 address = fw_cfg_u32(FW_CFG_KERNEL_ADDR);
	u32 size = fw_cfg_u32(FW_CFG_KERNEL_SIZE);
	u32 entry = fw_cfg_u32(FW_CFG_KERNEL_ENTRY);
	u32 info_address = fw_cfg_u32(FW_CFG_INITRD_ADDR);
	u32 info_size = fw_cfg_u32(FW_CFG_INITRD_SIZE);
	struct multiboot_info *info = (struct multiboot_info *)info_address;

	if (!memory_is_free(address, size))
		fail("the kernel and its modules (0x%x, %u bytes) do not fit in RAM; give the machine more memory",
		     address, size);
	if (info_size < sizeof(*info) || !memory_is_free(info_address, info_size))
		fail("the multiboot information block (0x%x, %u bytes) is not usable", info_address,
		     info_size);
	fw_cfg_read(FW_CFG_KERNEL_DATA, (void *)address, size);
	fw_cfg_read(FW_CFG_INITRD_DATA, info, info_size);
	if (!info->map_address)
		info->map_address = (info_address + info_size + 15) & ~15u;
	describe_memory(info);

	print("firmware: multiboot kernel at 0x%x, entry 0x%x, %u modules\n", address, entry,
	      info->module_count);
	kernel_enter(MULTIBOOT_BOOT_MAGIC, info_address, entry);
}
