/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device interrupts. An irq number is a GSI: an input of the I/O APIC; ISA lines 0-15 follow the MADT's overrides. */
#ifndef _LINUX_INTERRUPT_H
#define _LINUX_INTERRUPT_H

#include <linux/types.h>
#include <linux/irqflags.h>

typedef enum { IRQ_NONE, IRQ_HANDLED, IRQ_WAKE_THREAD } irqreturn_t;
typedef irqreturn_t (*irq_handler_t)(int irq, void *dev);

#define IRQF_SHARED	    0x80
#define IRQF_TRIGGER_RISING 0x01
#define IRQF_TRIGGER_HIGH   0x04
#define NR_IRQS		    24
#define FIRST_IRQ_VECTOR    0x30 /* irq n has vector FIRST_IRQ_VECTOR + n */

/* ISA irqs are edge-triggered, others level if IRQF_TRIGGER_HIGH is given */
int request_irq(unsigned int irq, irq_handler_t, unsigned long flags, const char *name, void *dev);

/* for /proc/interrupts */
struct irqaction {
	irq_handler_t handler;
	unsigned long flags;
	const char *name;
	void *dev;
	struct irqaction *next;
};
struct irq_desc {
	struct irqaction *action;
	unsigned long count[16]; /* per CPU */
	bool level;
};
extern struct irq_desc irq_desc[NR_IRQS];
void init_IRQ(void);

#endif
