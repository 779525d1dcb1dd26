// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Enters a Linux bzImage by the 32-bit boot protocol (Linux Documentation/arch/x86/boot.rst): the protected-mode part goes to the
 * address that it was made for, and the page of boot parameters tells the rest. The kernel decompresses itself.
 */
#include "firmware.h"

#define BOOT_PARAMS_BYTES 4096
#define HEADER_START	  0x1f1
#define HEADER_END_AT	  0x201 /* a byte: how far the header goes beyond 0x202 */
#define VERSION_AT	  0x206
#define LOADER_AT	  0x210
#define INITRD_AT	  0x218
#define INITRD_SIZE_AT	  0x21c
#define COMMAND_LINE_AT	  0x228
#define RSDP_AT		  0x070 /* since protocol 2.14 */
#define MAP_COUNT_AT	  0x1e8
#define VIDEO_MODE_AT	  0x1fa
#define MAP_AT		  0x2d0
#define MAP_LIMIT	  128
#define RSDP_PROTOCOL	  0x20e
#define LOADER_UNDEFINED  0xff
#define VIDEO_NORMAL	  0xffff

struct map_entry {
	u64 address;
	u64 size;
	u32 type;
} __attribute__((packed));

_Static_assert(MEMORY_RANGES <= MAP_LIMIT, "boot parameters: memory map");

static u8 params[BOOT_PARAMS_BYTES] __handoff __attribute__((aligned(16)));

static void put32(u32 at, u32 value)
{
	memcpy(params + at, &value, sizeof(value));
}

/* The header of the setup part is the only thing that a loader copies; everything else is zero unless it is filled in. */
static u32 copy_header(void)
{
	static u8 setup[0x300];
	u32 size = fw_cfg_u32(FW_CFG_SETUP_SIZE), end;

	fw_cfg_read(FW_CFG_SETUP_DATA, setup, size < sizeof(setup) ? size : sizeof(setup));
	end = 0x202 + setup[HEADER_END_AT];
	if (end > sizeof(setup) || end > size)
		fail("the setup header of the Linux image ends at 0x%x, beyond its setup part",
		     end);
	memcpy(params + HEADER_START, setup + HEADER_START, end - HEADER_START);
	return setup[VERSION_AT] | setup[VERSION_AT + 1] << 8;
}

static void describe_memory(void)
{
	struct map_entry *map = (struct map_entry *)(params + MAP_AT);

	for (u32 i = 0; i < memory_ranges; i++)
		map[i] = (struct map_entry){ memory_map[i].address, memory_map[i].size,
					     memory_map[i].type };
	params[MAP_COUNT_AT] = memory_ranges;
}

void linux_start(u32 rsdp)
{
	u32 address = fw_cfg_u32(FW_CFG_KERNEL_ADDR);
	u32 size = fw_cfg_u32(FW_CFG_KERNEL_SIZE);
	u32 version = copy_header();
	u32 initrd, initrd_size;

	if (!memory_is_free(address, size))
		fail("the Linux kernel (0x%x, %u bytes) does not fit in RAM; give the machine more memory",
		     address, size);
	fw_cfg_read(FW_CFG_KERNEL_DATA, (void *)address, size);
	initrd_size = load_initrd(&initrd);
	params[LOADER_AT] = LOADER_UNDEFINED;
	put32(INITRD_AT, initrd_size ? initrd : 0);
	put32(INITRD_SIZE_AT, initrd_size);
	put32(COMMAND_LINE_AT, load_command_line());
	params[VIDEO_MODE_AT] = VIDEO_NORMAL & 0xff;
	params[VIDEO_MODE_AT + 1] = VIDEO_NORMAL >> 8;
	if (version >= RSDP_PROTOCOL)
		put32(RSDP_AT, rsdp);
	describe_memory();

	print("firmware: Linux kernel at 0x%x, protocol %u.%u, initrd %u bytes\n", address,
	      version >> 8, version & 0xff, initrd_size);
	linux_enter((u32)params, address);
}
