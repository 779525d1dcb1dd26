// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ACPI tables (ACPI 6.4, chapter 5): the kernel learns from them how many CPUs there are, where the interrupt controllers are,
 * that the timer arrives at input 2, and how to power off. The memory map calls the tables ACPI data, which a kernel may take
 * back, and the FACS, which it shares with firmware, ACPI NVS. The RSDP is in both places where a kernel without a pointer to it
 * looks (5.2.5.1): in the EBDA, and in the ROM below 1 MiB, so the two tables that it names lie at fixed addresses.
 */
#include "firmware.h"

struct header {
	char signature[4];
	u32 length;
	u8 revision;
	u8 checksum;
	char oem[6];
	char oem_table[8];
	u32 oem_revision;
	char creator[4];
	u32 creator_revision;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
	u8 extended_checksum;
	u8 reserved[3];
} __attribute__((packed));

struct generic_address {
	u8 space;
	u8 width;
	u8 offset;
	u8 access;
	u64 address;
} __attribute__((packed));

#define SPACE_IO 1

struct fadt {
	/*   0 */ struct header header;
	/*  36 */ u32 firmware_control;
	/*  40 */ u32 dsdt;
	/*  44 */ u8 reserved0;
	/*  45 */ u8 preferred_profile;
	/*  46 */ u16 sci_interrupt;
	/*  48 */ u32 smi_command;
	/*  52 */ u8 acpi_enable, acpi_disable, s4_request, pstate_control;
	/*  56 */ u32 pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer,
		gpe0, gpe1;
	/*  88 */ u8 pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
	/*  92 */ u8 gpe0_length, gpe1_length, gpe1_base, cst_control;
	/*  96 */ u16 c2_latency, c3_latency, flush_size, flush_stride;
	/* 104 */ u8 duty_offset, duty_width, day_alarm, month_alarm, century;
	/* 109 */ u16 boot_architecture;
	/* 111 */ u8 reserved1;
	/* 112 */ u32 flags;
	/* 116 */ struct generic_address reset_register;
	/* 128 */ u8 reset_value;
	/* 129 */ u8 reserved2[3];
	/* 132 */ u64 x_firmware_control;
	/* 140 */ u64 x_dsdt;
	/* 148 */ struct generic_address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control;
	/* 196 */ struct generic_address x_pm2_control, x_pm_timer, x_gpe0, x_gpe1;
	/* 244 */
} __attribute__((packed));

_Static_assert(sizeof(struct fadt) == 244, "FADT revision 3");

#define FADT_WBINVD	    (1u << 0)
#define FADT_PROC_C1	    (1u << 2)
#define FADT_RESET_REGISTER (1u << 10)
#define BOOT_LEGACY_DEVICES (1u << 0)

struct facs {
	char signature[4];
	u32 length;
	u32 rest[14];
};

struct madt {
	struct header header;
	u32 local_apic;
	u32 flags;
} __attribute__((packed));

#define MADT_PCAT_COMPATIBLE 1

/*
 * Name (\_S5, Package (4) { 0, 0, 0, 0 }): sleep type 0 in PM1 control is power off, as in QEMU's PIIX4. AML: NameOp 0x08,
 * name, PackageOp 0x12, package length 6, four elements, ZeroOp each (20.2.5).
 */
static const u8 dsdt_code[] = {
	0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00
};

#define RSDT_ADDRESS ACPI_START
#define XSDT_ADDRESS (ACPI_START + 0x80)
#define OTHER_TABLES 0x100

static u8 tables[ACPI_END - ACPI_START]
	__attribute__((section(".acpi,\"aw\",@nobits#"), aligned(64)));
static struct facs facs __attribute__((section(".nvs,\"aw\",@nobits#"), aligned(64)));
static u32 used;

#define SUM(word) \
	(((word)&0xff) + ((word) >> 8 & 0xff) + ((word) >> 16 & 0xff) + ((word) >> 24 & 0xff))
#define SUM_RSDP                                                                                 \
	('R' + 'S' + 'D' + ' ' + 'P' + 'T' + 'R' + ' ' + 'T' + 'R' + 'N' + 'S' + 'P' + 'L' + 2 + \
	 SUM(RSDT_ADDRESS))

static const struct rsdp rsdp __attribute__((aligned(16))) = {
	.signature = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' },
	.checksum = (u8)-SUM_RSDP,
	.oem = { 'T', 'R', 'N', 'S', 'P', 'L' },
	.revision = 2,
	.rsdt = RSDT_ADDRESS,
	.length = sizeof(struct rsdp),
	.xsdt = XSDT_ADDRESS,
	.extended_checksum = (u8)(0x100 - (sizeof(struct rsdp) + SUM(XSDT_ADDRESS))),
};

static void *take(u32 size, u32 alignment)
{
	void *place;

	used = (used + alignment - 1) & ~(alignment - 1);
	if (used + size > sizeof(tables))
		fail("the ACPI tables of %u CPUs do not fit", cpu_count);
	place = tables + used;
	used += size;
	return place;
}

static u8 checksum(const void *table, u32 size)
{
	const u8 *byte = table;
	u8 sum = 0;

	while (size--)
		sum += *byte++;
	return -sum;
}

static void start(struct header *header, const char *signature, u8 revision)
{
	memcpy(header->signature, signature, 4);
	header->revision = revision;
	memcpy(header->oem, "TRNSPL", 6);
	memcpy(header->oem_table, "TRANSPLT", 8);
	header->oem_revision = 1;
	memcpy(header->creator, "TRNS", 4);
	header->creator_revision = 1;
}

static void finish(struct header *header, u32 length)
{
	header->length = length;
	header->checksum = 0;
	header->checksum = checksum(header, length);
}

static struct header *build_dsdt(void)
{
	struct header *dsdt = take(sizeof(*dsdt) + sizeof(dsdt_code), 16);

	start(dsdt, "DSDT", 2);
	memcpy(dsdt + 1, dsdt_code, sizeof(dsdt_code));
	finish(dsdt, sizeof(*dsdt) + sizeof(dsdt_code));
	return dsdt;
}

static struct generic_address io(u16 port, u8 width)
{
	return (struct generic_address){ SPACE_IO, width, 0, 0, port };
}

static struct header *build_fadt(void)
{
	struct fadt *fadt = take(sizeof(*fadt), 16);

	memset(&facs, 0, sizeof(facs));
	memcpy(facs.signature, "FACS", 4);
	facs.length = sizeof(facs);

	start(&fadt->header, "FACP", 3);
	fadt->firmware_control = (u32)&facs;
	fadt->dsdt = (u32)build_dsdt();
	fadt->x_dsdt = fadt->dsdt;
	fadt->sci_interrupt = 9;
	fadt->pm1a_event = 0x600;
	fadt->pm1_event_length = 4;
	fadt->x_pm1a_event = io(0x600, 32);
	fadt->pm1a_control = 0x604;
	fadt->pm1_control_length = 2;
	fadt->x_pm1a_control = io(0x604, 16);
	if (has_piix4) {
		fadt->pm_timer = 0x608;
		fadt->pm_timer_length = 4;
		fadt->x_pm_timer = io(0x608, 32);
	}
	fadt->c2_latency = 0xfff; /* above 100: not supported */
	fadt->c3_latency = 0xfff; /* above 1000: not supported */
	fadt->century = 0x32;
	fadt->boot_architecture = BOOT_LEGACY_DEVICES;
	fadt->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_RESET_REGISTER;
	fadt->reset_register = io(0xcf9, 8);
	fadt->reset_value = 0x06;
	finish(&fadt->header, sizeof(*fadt));
	return &fadt->header;
}

static void append(const u8 *entry)
{
	memcpy(take(entry[1], 1), entry, entry[1]);
}

static struct header *build_madt(void)
{
	struct madt *madt = take(sizeof(*madt), 16);
	u32 begin = used - sizeof(*madt);

	start(&madt->header, "APIC", 3);
	madt->local_apic = 0xfee00000;
	madt->flags = MADT_PCAT_COMPATIBLE;
	for (u32 i = 0; i < cpu_count; i++)
		append((u8[]){ 0, 8, i, cpu_identifiers[i], 1, 0, 0, 0 });
	/* I/O APIC 0 at 0xfec00000, inputs from 0 */
	append((u8[]){ 1, 12, 0, 0, 0x00, 0x00, 0xc0, 0xfe, 0, 0, 0, 0 });
	/* ISA interrupt 0 (8254) arrives at input 2 */
	append((u8[]){ 2, 10, 0, 0, 2, 0, 0, 0, 0x00, 0x00 });
	/* ISA interrupt 9 (SCI): active high, level */
	append((u8[]){ 2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0x00 });
	/* NMI at LINT1 of all processors */
	append((u8[]){ 4, 6, 0xff, 0x00, 0x00, 1 });
	finish(&madt->header, used - begin);
	return &madt->header;
}

static void build_root(u32 address, const char *signature, u32 width, struct header *const *entries,
		       u32 count)
{
	struct header *root = (struct header *)address;

	start(root, signature, 1);
	for (u32 i = 0; i < count; i++) {
		u64 entry = (u32)entries[i];

		memcpy((u8 *)(root + 1) + width * i, &entry, width);
	}
	finish(root, sizeof(*root) + width * count);
}

u32 acpi_build(void)
{
	struct header *entries[2];

	memset(tables, 0, sizeof(tables));
	used = OTHER_TABLES;
	entries[0] = build_fadt();
	entries[1] = build_madt();
	build_root(RSDT_ADDRESS, "RSDT", 4, entries, 2);
	build_root(XSDT_ADDRESS, "XSDT", 8, entries, 2);

	memset((void *)EBDA_START, 0, LOW_RAM_END - EBDA_START);
	memcpy((void *)EBDA_START, &rsdp, sizeof(rsdp));
	return EBDA_START;
}
