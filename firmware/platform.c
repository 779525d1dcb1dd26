// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The devices that must be in a known state before a kernel runs: 8259 pair, 8254, the BSP's local APIC, PIIX4 power
 * management where QEMU has it; and the count of CPUs, taken by waking them. Leaves every other CPU waiting for a SIPI and
 * every interrupt source masked.
 */
#include "firmware.h"

#define PIC_MASTER   0x20
#define PIC_SLAVE    0xa0
#define PIT_CHANNEL0 0x40
#define PIT_MODE     0x43
#define PIT_HZ	     1193182

#define LAPIC_BASE	 0xfee00000u
#define LAPIC_ID	 0x020
#define LAPIC_SVR	 0x0f0
#define LAPIC_ICR_LOW	 0x300
#define LAPIC_ICR_HIGH	 0x310
#define LAPIC_LINT0	 0x350
#define LAPIC_LINT1	 0x360
#define SVR_ENABLE	 0x100
#define LVT_EXTINT	 0x700
#define LVT_NMI		 0x400
#define ICR_INIT	 0x500
#define ICR_STARTUP	 0x600
#define ICR_PENDING	 0x1000
#define ICR_ASSERT	 0x4000
#define ICR_ALL_BUT_SELF 0xc0000

#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PIIX4_PM    0x80000b00 /* bus 0, device 1, function 3 */
#define PIIX4_PM_ID 0x71138086
#define PM_BASE	    0x600

u8 cpu_identifiers[CPU_LIMIT];
u32 cpu_count;
int has_piix4;

extern const u8 ap_start[], ap_taken[], ap_ready[], ap_identifiers[], ap_end[];

static volatile u32 *lapic(u32 offset)
{
	return (volatile u32 *)(LAPIC_BASE + offset);
}

/* What channel 0 has counted down to (8254 data sheet, counter latch command). */
static u16 pit_count(void)
{
	u8 low;

	outb(PIT_MODE, 0x00);
	low = inb(PIT_CHANNEL0);
	return low | inb(PIT_CHANNEL0) << 8;
}

/*
 * Watches channel 0 run, because port 0x61 with channel 2 is missing from machines without a speaker (microvm). Bounded, in case
 * the 8254 is missing too. At most 50 ms.
 */
static void delay_microseconds(u32 microseconds)
{
	u32 ticks = microseconds * (PIT_HZ / 1000) / 1000 + 1;
	u16 begin = pit_count();

	for (u32 i = 0; i < 100000 && (u16)(begin - pit_count()) < ticks; i++)
		;
}

/* ICW1..ICW4, then all lines masked: vectors 0x08 and 0x70 as every PC firmware leaves them. */
static void init_pic(void)
{
	outb(PIC_MASTER, 0x11);
	outb(PIC_SLAVE, 0x11);
	outb(PIC_MASTER + 1, 0x08);
	outb(PIC_SLAVE + 1, 0x70);
	outb(PIC_MASTER + 1, 0x04);
	outb(PIC_SLAVE + 1, 0x02);
	outb(PIC_MASTER + 1, 0x01);
	outb(PIC_SLAVE + 1, 0x01);
	outb(PIC_MASTER + 1, 0xff);
	outb(PIC_SLAVE + 1, 0xff);
}

/* Channel 0, mode 2, full period: 18.2 Hz. */
static void init_pit(void)
{
	outb(PIT_MODE, 0x34);
	outb(PIT_CHANNEL0, 0);
	outb(PIT_CHANNEL0, 0);
}

/* Virtual wire mode: the 8259 reaches the BSP through LINT0 (MultiProcessor Specification 3.6.2.2). */
static void init_lapic(void)
{
	*lapic(LAPIC_SVR) = SVR_ENABLE | 0xff;
	*lapic(LAPIC_LINT0) = LVT_EXTINT;
	*lapic(LAPIC_LINT1) = LVT_NMI;
}

static u32 pci_read(u32 function, u32 offset)
{
	outl(PCI_ADDRESS, function | offset);
	return inl(PCI_DATA);
}

static void pci_write(u32 function, u32 offset, u32 value)
{
	outl(PCI_ADDRESS, function | offset);
	outl(PCI_DATA, value);
}

/* QEMU's pc machine decodes the power management ports only after firmware has set their base. */
static void init_piix4(void)
{
	has_piix4 = pci_read(PIIX4_PM, 0) == PIIX4_PM_ID;
	if (!has_piix4)
		return;
	pci_write(PIIX4_PM, 0x40, PM_BASE | 1);
	pci_write(PIIX4_PM, 0x80, pci_read(PIIX4_PM, 0x80) | 1);
}

void platform_init(void)
{
	outb(0x92, 0x02); /* address line 20 open, no reset */
	init_pic();
	init_pit();
	init_lapic();
	init_piix4();
}

static void send(u32 command)
{
	*lapic(LAPIC_ICR_HIGH) = 0;
	*lapic(LAPIC_ICR_LOW) = command;
	for (u32 i = 0; i < 1000000 && (*lapic(LAPIC_ICR_LOW) & ICR_PENDING); i++)
		;
}

/* Keeps the table in order of APIC ID, whatever order the CPUs woke in: the tables must not depend on a race. */
static void add_cpu(u8 identifier)
{
	u32 place = cpu_count;

	for (u32 i = 0; i < cpu_count; i++) {
		if (cpu_identifiers[i] == identifier)
			return;
	}
	for (; place > 1 && cpu_identifiers[place - 1] > identifier; place--)
		cpu_identifiers[place] = cpu_identifiers[place - 1];
	cpu_identifiers[place] = identifier;
	cpu_count++;
}

/*
 * INIT, SIPI, SIPI to all but self (SDM 3A 9.4.4), wait until as many have reported as fw_cfg promises or 100 ms have passed,
 * then INIT: a CPU that gets INIT waits for a SIPI again, which is how the kernel wants to find it.
 */
void platform_count_cpus(void)
{
	u8 *page = (u8 *)AP_PAGE;
	volatile u16 *ready = (volatile u16 *)(page + (ap_ready - ap_start));
	u8 *identifiers = page + (ap_identifiers - ap_start);
	u16 promised = 0;
	u32 found;

	cpu_identifiers[0] = *lapic(LAPIC_ID) >> 24;
	cpu_count = 1;
	fw_cfg_read(FW_CFG_NB_CPUS, &promised, sizeof(promised));
	if (promised <= 1)
		return;

	memcpy(page, ap_start, ap_end - ap_start);
	send(ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_INIT);
	delay_microseconds(10);
	for (u32 i = 0; i < 2; i++) {
		send(ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_STARTUP | AP_PAGE >> 12);
		delay_microseconds(10);
	}
	for (u32 i = 0; i < 1000 && *ready < promised - 1; i++)
		delay_microseconds(100);
	send(ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_INIT);

	found = *ready;
	if (found > CPU_LIMIT - 1)
		found = CPU_LIMIT - 1;
	if (found < promised - 1u)
		print("firmware: %u of %u CPUs answered\n", found + 1, promised);
	for (u32 i = 0; i < found; i++)
		add_cpu(identifiers[i]);
	memset(page, 0, ap_end - ap_start);
}
