/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a task may be taken off its CPU: bits 0-7 count preempt_disable(), bits
 * 16-19 hardware interrupts, bit 20 NMI. Zero = may be preempted.
 */
#ifndef _LINUX_PREEMPT_H
#define _LINUX_PREEMPT_H

#include <linux/thread_info.h>
#include <asm/processor.h>

#define PREEMPT_MASK   0x000000ff
#define HARDIRQ_OFFSET 0x00010000
#define HARDIRQ_MASK   0x000f0000
#define NMI_OFFSET     0x00100000
#define NMI_MASK       0x00100000

/* thread_info is the first member of task_struct */
static __always_inline struct thread_info *current_thread_info(void)
{
	return (struct thread_info *)get_current();
}

#define preempt_count() READ_ONCE(current_thread_info()->preempt_count)
#define preempt_count_add(n)                                 \
	do {                                                 \
		current_thread_info()->preempt_count += (n); \
		barrier();                                   \
	} while (0)
#define preempt_count_sub(n)                                 \
	do {                                                 \
		barrier();                                   \
		current_thread_info()->preempt_count -= (n); \
	} while (0)

void preempt_schedule(void); /* schedule if wanted and allowed */

#define preempt_disable()	    preempt_count_add(1)
#define preempt_enable_no_resched() preempt_count_sub(1)
#define preempt_enable()                                                                     \
	do {                                                                                 \
		preempt_count_sub(1);                                                        \
		if (unlikely(!preempt_count() &&                                             \
			     (READ_ONCE(current_thread_info()->flags) & _TIF_NEED_RESCHED))) \
			preempt_schedule();                                                  \
	} while (0)
#define preempt_disable_notrace() preempt_disable()
#define preempt_enable_notrace()  preempt_enable()
#define preemptible()		  (preempt_count() == 0 && !irqs_disabled())

#define in_hardirq()   (preempt_count() & HARDIRQ_MASK)
#define in_nmi()       (preempt_count() & NMI_MASK)
#define in_interrupt() (preempt_count() & (HARDIRQ_MASK | NMI_MASK))
#define in_atomic()    (preempt_count() != 0)
#define in_task()      (!in_interrupt())

#define smp_processor_id() raw_smp_processor_id()
#define get_cpu()                   \
	({                          \
		preempt_disable();  \
		smp_processor_id(); \
	})
#define put_cpu() preempt_enable()

#endif
