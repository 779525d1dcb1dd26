/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other CPUs: who is there, and running a function on them. A function runs in
 * the interrupt of a call IPI, interrupts off; callers have interrupts on.
 */
#ifndef _LINUX_SMP_H
#define _LINUX_SMP_H

#include <linux/types.h>
#include <linux/preempt.h>

typedef void (*smp_call_func_t)(void *info);

extern unsigned int nr_cpus; /* CPUs the machine has, NR_CPUS at most */
extern unsigned int cpu_apic_ids[NR_CPUS];
#define nr_cpu_ids		   nr_cpus
#define cpu_online(cpu)		   ((cpu) < NR_CPUS && cpu_data[cpu].online)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < nr_cpus; (cpu)++)
#define for_each_online_cpu(cpu)                  \
	for ((cpu) = 0; (cpu) < nr_cpus; (cpu)++) \
		if (cpu_data[cpu].online)
unsigned int num_online_cpus(void);
unsigned long cpu_online_bits(void);

int on_each_cpu(smp_call_func_t, void *info, int wait); /* this one too */
void smp_call_function_mask(unsigned long mask, smp_call_func_t, void *info, int wait);
void smp_send_reschedule(unsigned int cpu);
void smp_send_stop(void);  /* halts the others, for panic and power-off */
void smp_init(void);	   /* starts the other CPUs */
void smp_count_cpus(void); /* from MADT, else fw_cfg, else 1 */
/* where a started CPU goes on, on its idle task's stack: an adopted CPU enters here too */
void start_secondary(unsigned long cpu) __noreturn;

/*
 * Runs fn(data) on one CPU while all others wait, deaf to interrupts.
 */
int stop_machine(int (*fn)(void *), void *data);
unsigned long stopped_stack_pointer(unsigned int cpu); /* meanwhile, of another CPU */

#endif
