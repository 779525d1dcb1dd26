// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The local APIC of a CPU: enabling, interrupts to other CPUs, the timer
 * (SDM 3A 10). The 8259 pair is masked for good.
 */
#include <linux/kernel.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <asm/apic.h>
#include <asm/io.h>
#include <asm/processor.h>
#include "arch.h"

#define APIC_ID	    0x20
#define APIC_TPR    0x80
#define APIC_EOI    0xb0
#define APIC_LDR    0xd0
#define APIC_DFR    0xe0
#define APIC_SPIV   0xf0
#define APIC_ISR    0x100 /* eight words, 16 bytes apart (SDM 3A 11.8.4) */
#define APIC_ICR    0x300
#define APIC_ICR2   0x310
#define APIC_LVTT   0x320
#define APIC_LVT0   0x350
#define APIC_LVT1   0x360
#define APIC_LVTERR 0x370
#define APIC_TMICT  0x380
#define APIC_TMCCT  0x390
#define APIC_TDCR   0x3e0

#define APIC_MASKED	   0x10000
#define APIC_ICR_BUSY	   0x1000
#define APIC_ICR_ASSERT	   0x4000
#define APIC_ICR_LEVEL	   0x8000
#define APIC_DM_NMI	   0x400
#define APIC_DM_INIT	   0x500
#define APIC_DM_STARTUP	   0x600
#define TIMER_DIVISOR	   16
#define TIMER_DIVIDE_BY_16 3

static volatile u8 *apic_base;
u64 apic_timer_hz; /* of the divided clock */

static u32 apic_read(unsigned int reg)
{
	return *(volatile u32 *)(apic_base + reg);
}

static void apic_write(unsigned int reg, u32 value)
{
	*(volatile u32 *)(apic_base + reg) = value;
}

u32 apic_id(void)
{
	return apic_read(APIC_ID) >> 24;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

#ifdef CONFIG_DEBUG_KERNEL
bool apic_in_service(unsigned int vector)
{
	return apic_read(APIC_ISR + vector / 32 * 16) >> (vector % 32) & 1;
}
#endif

static void mask_8259(void)
{
	outb(0x11, 0x20);
	outb(0x11, 0xa0);
	outb(0x20, 0x21);
	outb(0x28, 0xa1);
	outb(0x04, 0x21);
	outb(0x02, 0xa1);
	outb(0x01, 0x21);
	outb(0x01, 0xa1);
	outb(0xff, 0x21);
	outb(0xff, 0xa1);
}

static void apic_timer_init_cpu(void)
{
	apic_write(APIC_TDCR, TIMER_DIVIDE_BY_16);
	apic_write(APIC_LVTT, LOCAL_TIMER_VECTOR);
	apic_write(APIC_TMICT, 0);
}

void apic_init_cpu(void)
{
	apic_write(APIC_TPR, 0);
	apic_write(APIC_DFR, 0xffffffff);
	apic_write(APIC_LDR, 1U << 24);
	apic_write(APIC_SPIV, 0x100 | SPURIOUS_APIC_VECTOR);
	apic_write(APIC_LVT0, APIC_MASKED);
	apic_write(APIC_LVT1, APIC_DM_NMI);
	apic_write(APIC_LVTERR, APIC_MASKED);
	apic_timer_init_cpu();
}

void apic_init(void)
{
	apic_base = ioremap(LAPIC_PHYS, PAGE_SIZE);
	if (!apic_base)
		panic("apic: no memory to map the local APIC");
	mask_8259();
	apic_init_cpu();
}

static void icr_send(u32 target, u32 command)
{
	unsigned long flags;

	local_irq_save(flags);
	while (apic_read(APIC_ICR) & APIC_ICR_BUSY)
		cpu_relax();
	apic_write(APIC_ICR2, target << 24);
	apic_write(APIC_ICR, command);
	while (apic_read(APIC_ICR) & APIC_ICR_BUSY)
		cpu_relax();
	local_irq_restore(flags);
}

void apic_send_ipi(u32 target, u8 vector)
{
	icr_send(target, APIC_ICR_ASSERT | vector);
}

/* SDM 3A 8.4.4.1 */
void apic_start_cpu(u32 target, phys_addr_t trampoline)
{
	icr_send(target, APIC_ICR_ASSERT | APIC_ICR_LEVEL | APIC_DM_INIT);
	udelay(200);
	icr_send(target, APIC_ICR_LEVEL | APIC_DM_INIT);
	udelay(100);
	for (int i = 0; i < 2; i++) {
		icr_send(target, APIC_ICR_ASSERT | APIC_DM_STARTUP | trampoline >> 12);
		udelay(100);
	}
}

void apic_timer_oneshot(u64 ns)
{
	u64 count;

	ns = min(ns, (u64)4 * NSEC_PER_SEC); /* keeps the product within 64 bits */
	count = ns * apic_timer_hz / NSEC_PER_SEC;
	apic_write(APIC_TMICT, clamp(count, (u64)1, (u64)0xffffffff));
}

/*
 * One measurement against the TSC, whose frequency is known by now; 0 if
 * something held the processor up while the two were read.
 */
static u64 measure_timer_hz(void)
{
	u64 ticks = clock_base.tsc_hz / 2000; /* 500 us */
	u64 start, before, after;
	u32 gone;

	start = rdtsc();
	apic_write(APIC_TMICT, 0xffffffff);
	after = rdtsc();
	if (after - start > ticks / 16)
		return 0;
	while (rdtsc() - start < ticks)
		cpu_relax();
	before = rdtsc();
	gone = 0xffffffff - apic_read(APIC_TMCCT);
	after = rdtsc();
	if (after - before > ticks / 16)
		return 0;
	return (unsigned __int128)gone * clock_base.tsc_hz / (before - start);
}

static u64 measured_timer_hz(void)
{
	unsigned long flags;
	u64 hz = 0;

	local_irq_save(flags);
	apic_write(APIC_LVTT, APIC_MASKED | LOCAL_TIMER_VECTOR);
	for (int tries = 0; tries < 20 && !hz; tries++)
		hz = measure_timer_hz();
	apic_write(APIC_TMICT, 0);
	apic_write(APIC_LVTT, LOCAL_TIMER_VECTOR);
	local_irq_restore(flags);
	return hz;
}

/* Where CPUID names the crystal clock, the timer counts that (SDM 3A 11.5.4); only elsewhere it takes a measurement. */
void apic_timer_calibrate(void)
{
	apic_timer_hz = crystal_hz_from_cpuid() / TIMER_DIVISOR;
	if (!apic_timer_hz)
		apic_timer_hz = measured_timer_hz();
	if (!apic_timer_hz)
		apic_timer_hz = NSEC_PER_SEC / TIMER_DIVISOR;
	pr_info("APIC timer: %lu.%03lu MHz\n",
		(unsigned long)(apic_timer_hz * TIMER_DIVISOR / 1000000),
		(unsigned long)(apic_timer_hz * TIMER_DIVISOR / 1000 % 1000));
}

/* What another kernel has measured on this machine. */
void apic_set_timer_hz(u64 hz)
{
	apic_timer_hz = hz;
}

void apic_timer_interrupt(struct pt_regs *regs)
{
	tick_expired();
	hrtimer_interrupt();
	scheduler_tick(user_mode(regs));
	tick_program();
}
