// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for readers (linux/rcupdate.h). A reader cannot be preempted, so once
 * a CPU has been in its scheduler, every section that was entered there before
 * has ended. Each is sent there by an interrupt; that takes microseconds, so the
 * wait spins before it sleeps.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>

#define SPINS 2000

void synchronize_rcu(void)
{
	unsigned long before[NR_CPUS], others;
	unsigned int cpu, spins = 0;

	might_sleep();
	/* where the caller is no section is open; and if it moves, that CPU has switched */
	preempt_disable();
	others = cpu_online_bits() & ~(1UL << smp_processor_id());
	for_each_set_bit(cpu, &others, NR_CPUS) {
		before[cpu] = sched_passes(cpu);
		resched_cpu(cpu);
	}
	preempt_enable();
	for_each_set_bit(cpu, &others, NR_CPUS) {
		while (sched_passes(cpu) == before[cpu]) {
			if (++spins % SPINS)
				cpu_relax();
			else
				schedule_timeout_uninterruptible(1);
		}
	}
}
