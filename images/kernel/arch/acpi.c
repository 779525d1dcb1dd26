// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is taken from the ACPI tables: the CPUs, the I/O APIC's overrides of ISA
 * lines (MADT, ACPI 6.4 5.2.12) and the port that powers off (FADT). Without
 * tables: CPU count from fw_cfg, identity routing.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/apic.h>
#include <asm/io.h>
#include <asm/pgtable.h>

struct acpi_header {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem_id[6], oem_table_id[8];
	u32 oem_revision, creator_id, creator_revision;
} __packed;

struct acpi_rsdp {
	char signature[8];
	u8 checksum;
	char oem_id[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
} __packed;

struct acpi_override isa_overrides[16];
u32 acpi_pm1a_cnt = 0x604;
unsigned int nr_cpus = 1;
u32 cpu_apic_ids[NR_CPUS];

static bool checksum_ok(const void *table, u32 length)
{
	const u8 *p = table;
	u8 sum = 0;

	while (length--)
		sum += *p++;
	return !sum;
}

/* Tables lie in RAM, which the direct map covers. */
static void *at_phys(u64 phys, u32 length)
{
	unsigned long first = PAGE_OFFSET + phys;

	/* not every frame the firmware keeps for itself is in the direct map */
	if (!phys || phys + length >= 1ULL << 46 || !lookup_kernel_pte(first, NULL) ||
	    !lookup_kernel_pte(first + length - 1, NULL))
		return NULL;
	return __va(phys);
}

static struct acpi_rsdp *find_rsdp(void)
{
	struct acpi_rsdp *rsdp = at_phys(boot_info.rsdp, sizeof(*rsdp));

	if (rsdp && !memcmp(rsdp->signature, "RSD PTR ", 8))
		return rsdp;
	for (unsigned long phys = 0xe0000; phys < 0x100000; phys += 16) {
		rsdp = __va(phys);
		if (!memcmp(rsdp->signature, "RSD PTR ", 8) && checksum_ok(rsdp, 20))
			return rsdp;
	}
	return NULL;
}

static void read_madt(const struct acpi_header *madt)
{
	const u8 *p = (const u8 *)madt + 44, *end = (const u8 *)madt + madt->length;
	u32 boot_id = apic_id();
	unsigned int count = 1;

	cpu_apic_ids[0] = boot_id;
	for (; p + 2 <= end && p[1] >= 2; p += p[1]) {
		if (p[0] == 0 && (*(u32 *)(p + 4) & 1) && p[3] != boot_id && count < NR_CPUS) {
			cpu_apic_ids[count++] = p[3];
		} else if (p[0] == 2 && p[3] < 16) {
			u16 flags = *(u16 *)(p + 8);

			isa_overrides[p[3]].valid = true;
			isa_overrides[p[3]].gsi = *(u32 *)(p + 4);
			isa_overrides[p[3]].low = (flags & 3) == 3;
			isa_overrides[p[3]].level = (flags >> 2 & 3) == 3;
		}
	}
	nr_cpus = count;
}

static void read_table(u64 phys, bool *madt_seen)
{
	struct acpi_header *table = at_phys(phys, sizeof(*table));

	if (!table || !at_phys(phys, table->length) || !checksum_ok(table, table->length))
		return;
	if (!memcmp(table->signature, "APIC", 4)) {
		read_madt(table);
		*madt_seen = true;
	} else if (!memcmp(table->signature, "FACP", 4) && table->length >= 68) {
		u32 port = *(u32 *)((u8 *)table + 64);

		if (port)
			acpi_pm1a_cnt = port;
	}
}

bool acpi_init(void)
{
	struct acpi_rsdp *rsdp = find_rsdp();
	struct acpi_header *root;
	bool madt_seen = false, wide;
	u32 entries;

	if (!rsdp)
		return false;
	wide = rsdp->revision >= 2 && rsdp->xsdt;
	root = at_phys(wide ? rsdp->xsdt : rsdp->rsdt, sizeof(*root));
	if (!root || !checksum_ok(root, root->length))
		return false;
	entries = (root->length - sizeof(*root)) / (wide ? 8 : 4);
	for (u32 i = 0; i < entries; i++) {
		const u8 *entry = (const u8 *)(root + 1) + i * (wide ? 8 : 4);
		u64 phys = wide ? *(u64 *)entry : *(u32 *)entry;

		read_table(phys, &madt_seen);
	}
	return madt_seen;
}

/* ---- fw_cfg, as QEMU has it (docs/specs/fw_cfg) ---- */

#define FW_CFG_SELECTOR 0x510
#define FW_CFG_DATA	0x511
#define FW_CFG_NB_CPUS	5

static bool fw_cfg_present(void)
{
	outw(0, FW_CFG_SELECTOR);
	return inb(FW_CFG_DATA) == 'Q' && inb(FW_CFG_DATA) == 'E' && inb(FW_CFG_DATA) == 'M' &&
	       inb(FW_CFG_DATA) == 'U';
}

static u32 fw_cfg_read32(u16 key)
{
	u32 value = 0;

	outw(key, FW_CFG_SELECTOR);
	for (int i = 0; i < 4; i++)
		value |= (u32)inb(FW_CFG_DATA) << (8 * i);
	return value;
}

void smp_count_cpus(void)
{
	if (!acpi_init()) {
		nr_cpus = fw_cfg_present() ? fw_cfg_read32(FW_CFG_NB_CPUS) & 0xffff : 1;
		nr_cpus = clamp(nr_cpus, 1U, (unsigned int)NR_CPUS);
		for (unsigned int i = 0; i < nr_cpus; i++)
			cpu_apic_ids[i] = i;
		pr_info("ACPI: no MADT, %u CPUs by fw_cfg\n", nr_cpus);
	}
	cpu_data[0].apic_id = cpu_apic_ids[0];
}
