// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the loader tells: memory map, command line, initrd, ACPI root pointer, by
 * the PVH structure hvm_start_info (xen/include/public/arch-x86/hvm/start_info.h
 * describes the ABI). Everything is copied; the loader's memory is then free.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>

#define HVM_START_MAGIC 0x336ec578
#define MEMMAP_RAM	1

struct hvm_start_info {
	/*  0 */ u32 magic, version, flags, nr_modules;
	/* 16 */ u64 modlist, cmdline, rsdp;
	/* 40 */ u64 memmap; /* version 1 */
	/* 48 */ u32 memmap_entries, reserved;
};

struct hvm_module {
	u64 paddr, size, cmdline, reserved;
};
struct hvm_memmap_entry {
	u64 addr, size;
	u32 type, reserved;
};

struct boot_info boot_info;

/* Called on the boot page tables, which map the first GiB. */
void boot_info_from_pvh(unsigned long start_info_phys)
{
	const struct hvm_start_info *info = __va(start_info_phys);
	const struct hvm_memmap_entry *entry;
	const struct hvm_module *module;

	if (info->magic != HVM_START_MAGIC)
		panic("PVH: no start structure at %lx", start_info_phys);
	if (info->version < 1 || !info->memmap_entries)
		panic("PVH: the loader gives no memory map");
	entry = __va(info->memmap);
	for (u32 i = 0; i < info->memmap_entries && i < ARRAY_SIZE(boot_info.ranges); i++) {
		boot_info.ranges[i].start = entry[i].addr;
		boot_info.ranges[i].size = entry[i].size;
		boot_info.ranges[i].usable = entry[i].type == MEMMAP_RAM;
		boot_info.nr_ranges++;
	}
	if (info->cmdline)
		strlcpy(boot_info.command_line, __va(info->cmdline),
			sizeof(boot_info.command_line));
	if (info->nr_modules) {
		module = __va(info->modlist);
		boot_info.initrd_phys = module->paddr;
		boot_info.initrd_size = module->size;
	}
	boot_info.rsdp = info->rsdp;
}
