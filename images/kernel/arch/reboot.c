// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leaving the machine. Power off: the PM1a control register that ACPI names
 * (SLP_EN with sleep type 0, as PCs of QEMU and this sandbox have it), then
 * isa-debug-exit. Restart: the reset control register, the keyboard controller,
 * then a triple fault.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/io.h>
#include <asm/processor.h>

#define PM1A_CNT_DEFAULT 0x604
#define PM1A_SLP_EN	 0x2000
#define DEBUG_EXIT_PORT	 0x501
#define RESET_CONTROL	 0xcf9
#define KEYBOARD_COMMAND 0x64

static void __noreturn stop_here(void)
{
	local_irq_disable();
	for (;;)
		asm volatile("hlt");
}

void machine_halt(void)
{
	smp_send_stop();
	stop_here();
}

void machine_power_off(void)
{
	smp_send_stop();
	local_irq_disable();
	if (acpi_pm1a_cnt)
		outw(PM1A_SLP_EN, acpi_pm1a_cnt);
	outw(PM1A_SLP_EN, PM1A_CNT_DEFAULT);
	outb(0, DEBUG_EXIT_PORT);
	stop_here();
}

void machine_restart(void)
{
	smp_send_stop();
	emergency_restart();
}

void emergency_restart(void)
{
	struct __packed {
		u16 limit;
		u64 base;
	} no_idt = { 0, 0 };

	local_irq_disable();
	outb(0x02, RESET_CONTROL);
	outb(0x06, RESET_CONTROL);
	outb(0xfe, KEYBOARD_COMMAND);
	asm volatile("lidt %0; int3" : : "m"(no_idt));
	stop_here();
}
