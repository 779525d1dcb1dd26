/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interrupt flag of this CPU. */
#ifndef _LINUX_IRQFLAGS_H
#define _LINUX_IRQFLAGS_H

#include <linux/types.h>

static __always_inline unsigned long arch_local_save_flags(void)
{
	unsigned long flags;

	asm volatile("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags;
}
static __always_inline void local_irq_disable(void)
{
	asm volatile("cli" ::: "memory");
}
static __always_inline void local_irq_enable(void)
{
	asm volatile("sti" ::: "memory");
}
static __always_inline void arch_local_irq_restore(unsigned long flags)
{
	if (flags & 0x200)
		local_irq_enable();
	else
		local_irq_disable();
}
#define local_irq_save(flags)                      \
	do {                                       \
		(flags) = arch_local_save_flags(); \
		local_irq_disable();               \
	} while (0)
#define local_irq_restore(flags) arch_local_irq_restore(flags)
static __always_inline bool irqs_disabled(void)
{
	return !(arch_local_save_flags() & 0x200);
}
#define irqs_disabled_flags(flags) (!((flags)&0x200))

#endif
