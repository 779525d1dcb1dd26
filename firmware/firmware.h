/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the boot ROM offer each other, and the few instructions they all need. Everything runs once, on the BSP,
 * in 32-bit protected mode without paging and with interrupts off; there is nothing to lock and nothing to free.
 */
#ifndef FIRMWARE_H
#define FIRMWARE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* Survives the ROM: the kernel reads it after entry, and the memory map calls it reserved. */
#define __handoff __attribute__((section(".handoff,\"aw\",@nobits#")))

#define HANDOFF_START  0x98000
#define ACPI_START     0x9c000 /* tables */
#define ACPI_END       0x9e000
#define NVS_START      0x9e000 /* FACS */
#define NVS_END	       0x9f000
#define EBDA_START     0x9fc00
#define LOW_RAM_END    0xa0000
#define HIGH_RAM_START 0x100000
#define ROM_START      0xfffe0000u
#define WORK_START     0x80000 /* .bss and stack */
#define AP_PAGE	       0x8000
#define CPU_LIMIT      256

static inline void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outw(u16 port, u16 value)
{
	asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(u16 port, u32 value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline u32 inl(u16 port)
{
	u32 value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void cpuid(u32 leaf, u32 *a, u32 *b, u32 *c, u32 *d)
{
	asm volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "a"(leaf), "c"(0));
}

/* memory.c */
void *memcpy(void *to, const void *from, u32 size);
void *memset(void *to, int byte, u32 size);
int memcmp(const void *a, const void *b, u32 size);

/* console.c */
void console_init(void);
void print(const char *format, ...); /* %s %u %x %c, all of 32 bits */
void fail(const char *format, ...) __attribute__((noreturn));

/* fw_cfg.c: items by key; reads beyond the end yield zeros, as the device does. */
enum fw_cfg_key {
	FW_CFG_SIGNATURE = 0x00,
	FW_CFG_ID = 0x01,
	FW_CFG_RAM_SIZE = 0x03,
	FW_CFG_NB_CPUS = 0x05,
	FW_CFG_KERNEL_ADDR = 0x07,
	FW_CFG_KERNEL_SIZE = 0x08,
	FW_CFG_INITRD_ADDR = 0x0a,
	FW_CFG_INITRD_SIZE = 0x0b,
	FW_CFG_KERNEL_ENTRY = 0x10,
	FW_CFG_KERNEL_DATA = 0x11,
	FW_CFG_INITRD_DATA = 0x12,
	FW_CFG_CMDLINE_SIZE = 0x14,
	FW_CFG_CMDLINE_DATA = 0x15,
	FW_CFG_SETUP_SIZE = 0x17,
	FW_CFG_SETUP_DATA = 0x18,
	FW_CFG_FILE_DIR = 0x19,
};

void fw_cfg_init(void);
void fw_cfg_read(u16 key, void *to, u32 size);
u32 fw_cfg_u32(u16 key);
/* Returns the key of a named file and its size, or 0. */
u16 fw_cfg_find(const char *name, u32 *size);

/* memory-map.c */
enum memory_type { MEMORY_RAM = 1, MEMORY_RESERVED = 2, MEMORY_ACPI_DATA = 3, MEMORY_ACPI_NVS = 4 };

struct memory_range {
	u64 address;
	u64 size;
	u32 type;
};

#define MEMORY_RANGES 64
extern struct memory_range memory_map[MEMORY_RANGES];
extern u32 memory_ranges;

void memory_map_init(void);
/* Is [address, address + size) wholly RAM that the ROM does not use itself? */
int memory_is_free(u32 address, u32 size);
u32 memory_mebibytes(void);

/* platform.c */
extern u8 cpu_identifiers[CPU_LIMIT];
extern u32 cpu_count;
extern int has_piix4;
void platform_init(void);
void platform_count_cpus(void);

/* acpi.c: returns the physical address of the RSDP. */
u32 acpi_build(void);

/* payload.c: what a PVH and a Linux kernel get alike */
u32 load_command_line(void);   /* its address */
u32 load_initrd(u32 *address); /* its size, 0 for none */

/* boot.c, pvh.c, multiboot.c, linux.c; reset.S calls boot() */
void boot(void);
void pvh_start(u32 rsdp) __attribute__((noreturn));
void multiboot_start(void) __attribute__((noreturn));
void linux_start(u32 rsdp) __attribute__((noreturn));
void kernel_enter(u32 eax, u32 ebx, u32 entry) __attribute__((noreturn));
void linux_enter(u32 params, u32 entry) __attribute__((noreturn));

#endif
