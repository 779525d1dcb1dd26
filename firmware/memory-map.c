// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which physical addresses are RAM. Sources, best first: the fw_cfg file etc/e820, the fw_cfg item RAM_SIZE, CMOS. Whatever the
 * source says, the ROM then takes out what it keeps for the kernel to read (handoff area, EBDA), the hole below 1 MiB, and
 * itself. The result is sorted and does not overlap, as PVH and multiboot kernels expect.
 */
#include "firmware.h"

struct e820_entry {
	u64 address;
	u64 size;
	u32 type;
} __attribute__((packed));

struct memory_range memory_map[MEMORY_RANGES];
u32 memory_ranges;

static void add(u64 address, u64 size, u32 type)
{
	if (!size)
		return;
	if (memory_ranges == MEMORY_RANGES)
		fail("the memory map has more than %u ranges", MEMORY_RANGES);
	memory_map[memory_ranges++] = (struct memory_range){ address, size, type };
}

/* Adds RAM without [HANDOFF_START, HIGH_RAM_START). */
static void add_ram(u64 address, u64 size)
{
	u64 end = address + size;

	if (address < HANDOFF_START)
		add(address, (end < HANDOFF_START ? end : HANDOFF_START) - address, MEMORY_RAM);
	if (end > HIGH_RAM_START) {
		u64 start = address > HIGH_RAM_START ? address : HIGH_RAM_START;

		add(start, end - start, MEMORY_RAM);
	}
}

static u8 cmos(u8 index)
{
	outb(0x70, index);
	return inb(0x71);
}

static void add_ram_from_size(void)
{
	u64 size = 0;

	fw_cfg_read(FW_CFG_RAM_SIZE, &size, sizeof(size));
	if (!size) {
		/* CMOS 0x34, 0x35: RAM above 16 MiB in units of 64 KiB. CMOS 0x30, 0x31: KiB above 1 MiB, at most 63 MiB. */
		u32 above16m = cmos(0x34) | cmos(0x35) << 8;
		u32 above1m = cmos(0x30) | cmos(0x31) << 8;

		size = above16m ? ((u64)above16m << 16) + (16 << 20)
				: ((u64)above1m << 10) + (1 << 20);
	}
	add_ram(0, size);
}

static void sort(void)
{
	for (u32 i = 1; i < memory_ranges; i++) {
		struct memory_range range = memory_map[i];
		u32 place = i;

		for (; place && memory_map[place - 1].address > range.address; place--)
			memory_map[place] = memory_map[place - 1];
		memory_map[place] = range;
	}
}

void memory_map_init(void)
{
	static struct e820_entry entries[MEMORY_RANGES];
	u32 size = 0;
	u16 key = fw_cfg_find("etc/e820", &size);

	if (key) {
		if (size > sizeof(entries))
			size = sizeof(entries);
		fw_cfg_read(key, entries, size);
		for (u32 i = 0; i < size / sizeof(entries[0]); i++) {
			if (entries[i].type == MEMORY_RAM)
				add_ram(entries[i].address, entries[i].size);
			else if (entries[i].address >= HIGH_RAM_START &&
				 entries[i].address + entries[i].size <= ROM_START)
				add(entries[i].address, entries[i].size, entries[i].type);
		}
	} else {
		add_ram_from_size();
	}
	if (!memory_ranges)
		fail("no RAM found: fw_cfg has neither etc/e820 nor a RAM size, and CMOS says none");
	add(HANDOFF_START, ACPI_START - HANDOFF_START, MEMORY_RESERVED);
	add(ACPI_START, ACPI_END - ACPI_START, MEMORY_ACPI_DATA);
	add(NVS_START, NVS_END - NVS_START, MEMORY_ACPI_NVS);
	add(NVS_END, LOW_RAM_END - NVS_END, MEMORY_RESERVED);
	add(0xe0000, HIGH_RAM_START - 0xe0000, MEMORY_RESERVED);
	add(ROM_START, 0x100000000ull - ROM_START, MEMORY_RESERVED);
	sort();
}

int memory_is_free(u32 address, u32 size)
{
	u64 end = (u64)address + size;

	if (address < HANDOFF_START && end > WORK_START)
		return 0;
	for (u32 i = 0; i < memory_ranges; i++) {
		struct memory_range *range = &memory_map[i];

		if (range->type == MEMORY_RAM && address >= range->address &&
		    end <= range->address + range->size)
			return 1;
	}
	return 0;
}

u32 memory_mebibytes(void)
{
	u64 bytes = 0;

	for (u32 i = 0; i < memory_ranges; i++) {
		if (memory_map[i].type == MEMORY_RAM)
			bytes += memory_map[i].size;
	}
	return (u32)((bytes + (1 << 20) - 1) >> 20);
}
