// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device interrupts: the I/O APIC (82093AA) and the handlers behind its inputs,
 * and the dispatch of every interrupt vector.
 *
 * Locking: irq_lock protects the list of handlers and the I/O APIC's index
 * register. A handler runs with interrupts off on the CPU the input is routed
 * to; it stays for ever.
 */
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/io.h>
#include "arch.h"

#define IOAPIC_VERSION	1
#define IOAPIC_ENTRY(n) (0x10 + 2 * (n))
#define ENTRY_MASKED	0x10000
#define ENTRY_LEVEL	0x8000
#define ENTRY_LOW	0x2000

struct irq_desc irq_desc[NR_IRQS];
static DEFINE_SPINLOCK(irq_lock);
static volatile u32 *ioapic;
static unsigned int ioapic_inputs = NR_IRQS;

static u32 ioapic_read(u32 reg)
{
	ioapic[0] = reg;
	return ioapic[4];
}

static void ioapic_write(u32 reg, u32 value)
{
	ioapic[0] = reg;
	ioapic[4] = value;
}

/* irq_lock held. The half with the mask goes last, when the entry is whole. */
static void write_entry(unsigned int gsi, u8 vector, u32 apic_id, bool level, bool low, bool masked)
{
	lockdep_assert_held(&irq_lock);
	ioapic_write(IOAPIC_ENTRY(gsi), ENTRY_MASKED);
	ioapic_write(IOAPIC_ENTRY(gsi) + 1, apic_id << 24);
	ioapic_write(IOAPIC_ENTRY(gsi), vector | (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW : 0) |
						(masked ? ENTRY_MASKED : 0));
}

/* An ISA line is where the MADT says; others are what they are called. */
static unsigned int gsi_of(unsigned int irq)
{
	return irq < 16 && isa_overrides[irq].valid ? isa_overrides[irq].gsi : irq;
}

void ioapic_init(void)
{
	ioapic = ioremap(IOAPIC_PHYS, PAGE_SIZE);
	if (!ioapic)
		panic("ioapic: no memory to map it");
	ioapic_inputs = ((ioapic_read(IOAPIC_VERSION) >> 16) & 0xff) + 1;
	if (boot_info.handover)
		return; /* inputs keep delivering to whoever took them over */
	for (unsigned int gsi = 0; gsi < ioapic_inputs; gsi++)
		ioapic_write(IOAPIC_ENTRY(gsi), ENTRY_MASKED);
}

void init_IRQ(void)
{
	ioapic_init();
}

int request_irq(unsigned int irq, irq_handler_t handler, unsigned long irq_flags, const char *name,
		void *dev)
{
	struct irqaction *action, **p;
	unsigned long flags;
	bool first;

	if (irq >= NR_IRQS || gsi_of(irq) >= ioapic_inputs)
		return -EINVAL;
	action = kzalloc(sizeof(*action), GFP_KERNEL);
	if (!action)
		return -ENOMEM;
	action->handler = handler;
	action->flags = irq_flags;
	action->name = name;
	action->dev = dev;
	spin_lock_irqsave(&irq_lock, flags);
	first = !irq_desc[irq].action;
	if (!first && !(irq_flags & irq_desc[irq].action->flags & IRQF_SHARED)) {
		spin_unlock_irqrestore(&irq_lock, flags);
		kfree(action);
		return -EBUSY;
	}
	for (p = &irq_desc[irq].action; *p; p = &(*p)->next)
		;
	*p = action;
	if (first) {
		struct acpi_override *o =
			irq < 16 && isa_overrides[irq].valid ? &isa_overrides[irq] : NULL;

		irq_desc[irq].level = o ? o->level : !!(irq_flags & IRQF_TRIGGER_HIGH);
		write_entry(gsi_of(irq), FIRST_IRQ_VECTOR + irq, cpu_apic_ids[0],
			    irq_desc[irq].level, o && o->low, false);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	return 0;
}

static void device_interrupt(unsigned int irq)
{
	struct irqaction *action;

	irq_desc[irq].count[smp_processor_id()]++;
	for (action = READ_ONCE(irq_desc[irq].action); action; action = READ_ONCE(action->next))
		action->handler(irq, action->dev);
}

void do_IRQ(struct pt_regs *regs, unsigned long vector)
{
	preempt_count_add(HARDIRQ_OFFSET);
	this_cpu()->irq_count++;
	update_jiffies();
	if (vector >= FIRST_IRQ_VECTOR && vector < FIRST_IRQ_VECTOR + NR_IRQS)
		device_interrupt(vector - FIRST_IRQ_VECTOR);
	else if (vector == LOCAL_TIMER_VECTOR)
		apic_timer_interrupt(regs);
	else if (vector == CALL_FUNCTION_VECTOR)
		smp_call_function_interrupt();
	else if (vector == STOP_VECTOR)
		smp_stop_interrupt();
	else if (vector == LIVEUPDATE_VECTOR)
		liveupdate_gather_interrupt();
	/* RESCHEDULE_VECTOR: the sender has set the flag; the way out looks at it */
	if (vector != SPURIOUS_APIC_VECTOR)
		apic_eoi();
	preempt_count_sub(HARDIRQ_OFFSET);
}
