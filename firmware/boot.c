// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The story of a boot, in the order in which it happens: console, fw_cfg, memory map, devices, CPUs, ACPI tables, then whichever
 * kernel the machine was given. Called once by reset.S on the BSP; does not return.
 */
#include "firmware.h"

#define ELF_CLASS32 1
#define ELF_CLASS64 2
#define ELF_I386    3
#define ELF_X86_64  62

struct gdt_pointer {
	u16 limit;
	u32 base;
} __attribute__((packed));

extern const u8 rom_gdt[], linux_gdt[];
void enter_kernel(const void *gdt_pointer, u32 eax, u32 ebx, u32 entry) __attribute__((noreturn));
void enter_linux(const void *gdt_pointer, u32 params, u32 entry) __attribute__((noreturn));

static u8 kernel_gdt[32] __handoff __attribute__((aligned(8)));
static struct gdt_pointer kernel_gdt_pointer __handoff;

static const struct gdt_pointer *copy_gdt(const u8 *gdt)
{
	memcpy(kernel_gdt, gdt, sizeof(kernel_gdt));
	kernel_gdt_pointer.limit = sizeof(kernel_gdt) - 1;
	kernel_gdt_pointer.base = (u32)kernel_gdt;
	return &kernel_gdt_pointer;
}

void kernel_enter(u32 eax, u32 ebx, u32 entry)
{
	enter_kernel(copy_gdt(rom_gdt), eax, ebx, entry);
}

void linux_enter(u32 params, u32 entry)
{
	enter_linux(copy_gdt(linux_gdt), params, entry);
}

/* BIOS data area: serial ports, segment of the EBDA, KiB of low RAM. All else zero. */
static void write_bios_data(void)
{
	volatile u16 *area = (volatile u16 *)0x400;

	memset((void *)0x400, 0, 0x100);
	asm volatile("" : "+r"(area));
	area[0] = 0x3f8;
	area[1] = 0x2f8;
	area[7] = EBDA_START >> 4;
	*(volatile u16 *)((u32)area + 0x13) = HANDOFF_START >> 10;
}

static void check_elf(const u8 *header)
{
	u16 machine = header[18] | header[19] << 8;

	if (header[4] != ELF_CLASS32 && header[4] != ELF_CLASS64)
		fail("the kernel's ELF class is %u, not 32 or 64-bit", header[4]);
	if (machine != ELF_I386 && machine != ELF_X86_64)
		fail("the kernel is for ELF machine %u, not for x86", machine);
}

void boot(void)
{
	static u8 setup[0x206];
	u32 rsdp, setup_size;

	console_init();
	fw_cfg_init();
	memory_map_init();
	write_bios_data();
	platform_init();
	platform_count_cpus();
	rsdp = acpi_build();
	print("Transplant firmware 1.0: %u CPU%s, %u MiB of RAM\n", cpu_count,
	      cpu_count == 1 ? "" : "s", memory_mebibytes());

	setup_size = fw_cfg_u32(FW_CFG_SETUP_SIZE);
	if (setup_size) {
		fw_cfg_read(FW_CFG_SETUP_DATA, setup,
			    setup_size < sizeof(setup) ? setup_size : sizeof(setup));
		if (!memcmp(setup, "\177ELF", 4)) {
			check_elf(setup);
			pvh_start(rsdp);
		}
		if (!memcmp(setup + 0x202, "HdrS", 4))
			linux_start(rsdp);
		fail("the kernel is neither a PVH ELF file, nor a Linux image, nor a multiboot image");
	}
	if (!fw_cfg_u32(FW_CFG_KERNEL_SIZE))
		fail("no kernel given: name one with --kernel (QEMU: -kernel)");
	multiboot_start();
}
