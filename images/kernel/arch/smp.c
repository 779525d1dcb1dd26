// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Other CPUs: starting them, running functions on them, stopping them.
 *
 * One call at a time is in flight (call_lock). Who waits for the lock or for
 * the others to finish does so with interrupts on, so that two CPUs calling at
 * the same time serve each other.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/hrtimer.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/apic.h>
#include <asm/pgtable.h>
#include <asm/text-patching.h>
#include "arch.h"

static DEFINE_SPINLOCK(call_lock); /* protects the call below from set-up to last answer */
static smp_call_func_t call_function;
static void *call_info;
static unsigned long call_pending; /* CPUs that have not finished; atomic bits */

extern char ap_trampoline_start[], ap_trampoline_end[];
extern char ap_trampoline_boot_cr3[], ap_trampoline_cr3[], ap_trampoline_stack[];
extern char ap_trampoline_cpu[], ap_trampoline_entry[];
extern char secondary_startup_64[];

unsigned int num_online_cpus(void)
{
	return __builtin_popcountl(cpu_online_bits());
}

unsigned long cpu_online_bits(void)
{
	unsigned long bits = 0;

	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		if (READ_ONCE(cpu_data[cpu].online))
			bits |= 1UL << cpu;
	return bits;
}

void smp_send_reschedule(unsigned int cpu)
{
	apic_send_ipi(cpu_data[cpu].apic_id, RESCHEDULE_VECTOR);
}

void smp_call_function_interrupt(void)
{
	unsigned long bit = 1UL << smp_processor_id();

	/* acquire: pairs with the release of the mask in smp_call_function_mask() */
	if (!(smp_load_acquire(&call_pending) & bit))
		return;
	call_function(call_info);
	__atomic_fetch_and(&call_pending, ~bit, __ATOMIC_SEQ_CST);
}

/* Always waits until all have finished; @wait is for Linux's sake. */
void smp_call_function_mask(unsigned long mask, smp_call_func_t fn, void *info, int wait)
{
	unsigned int cpu;

	preempt_disable();
	mask &= cpu_online_bits() & ~(1UL << smp_processor_id());
	if (mask) {
		WARN_ON_ONCE(irqs_disabled());
		spin_lock(&call_lock);
		call_function = fn;
		call_info = info;
		smp_store_release(&call_pending, mask);
		for_each_set_bit(cpu, &mask, NR_CPUS)
			apic_send_ipi(cpu_data[cpu].apic_id, CALL_FUNCTION_VECTOR);
		while (smp_load_acquire(&call_pending))
			cpu_relax();
		spin_unlock(&call_lock);
	}
	preempt_enable();
}

int on_each_cpu(smp_call_func_t fn, void *info, int wait)
{
	unsigned long flags;

	preempt_disable();
	smp_call_function_mask(~0UL, fn, info, wait);
	local_irq_save(flags);
	fn(info);
	local_irq_restore(flags);
	preempt_enable();
	return 0;
}

/* ---- all others stand still ---- */

static atomic_t stop_arrived;
static int stop_release;
static unsigned long stop_sp[NR_CPUS]; /* below the frame of what each was interrupted in */

/* From the interrupt: signs in, and out only when the one has done its work. */
static void stop_wait(void *info)
{
	stop_sp[smp_processor_id()] = (unsigned long)__builtin_frame_address(0);
	atomic_inc(&stop_arrived);
	while (!smp_load_acquire(&stop_release))
		cpu_relax();
	sync_core();
}

/* For the function that stop_machine() runs. */
unsigned long stopped_stack_pointer(unsigned int cpu)
{
	return stop_sp[cpu];
}

int stop_machine(int (*fn)(void *), void *data)
{
	unsigned long flags, mask, bit;
	unsigned int cpu;
	int ret;

	lockdep_assert_irqs_enabled();
	preempt_disable();
	spin_lock(&call_lock);
	bit = 1UL << smp_processor_id();
	mask = cpu_online_bits() & ~bit;
	atomic_set(&stop_arrived, 0);
	stop_release = 0;
	call_function = stop_wait;
	call_info = NULL;
	smp_store_release(&call_pending, mask);
	for_each_set_bit(cpu, &mask, NR_CPUS)
		apic_send_ipi(cpu_data[cpu].apic_id, CALL_FUNCTION_VECTOR);
	while (atomic_read(&stop_arrived) != __builtin_popcountl(mask))
		cpu_relax();
	local_irq_save(flags);
	ret = fn(data);
	local_irq_restore(flags);
	smp_store_release(&stop_release, 1);
	while (smp_load_acquire(&call_pending))
		cpu_relax();
	spin_unlock(&call_lock);
	preempt_enable();
	return ret;
}

static void stop_this_cpu(void)
{
	local_irq_disable();
	this_cpu()->online = false;
	for (;;)
		asm volatile("hlt");
}

/* For panic and power-off: by IPI, no answer, a bounded wait. */
void smp_send_stop(void)
{
	unsigned int self = smp_processor_id(), cpu;
	u64 deadline;

	for_each_online_cpu(cpu)
		if (cpu != self)
			apic_send_ipi(cpu_data[cpu].apic_id, STOP_VECTOR);
	deadline = local_clock() + 10 * NSEC_PER_MSEC;
	while (num_online_cpus() > 1 && local_clock() < deadline)
		cpu_relax();
}

void smp_stop_interrupt(void)
{
	apic_eoi();
	stop_this_cpu();
}

/* ---- starting ---- */

/* The first C code of a CPU other than the first, on its idle task's stack. */
void start_secondary(unsigned long cpu)
{
	cpu_init(cpu);
	this_cpu()->apic_id = cpu_apic_ids[cpu];
	this_cpu()->loaded_mm = &init_mm;
	apic_init_cpu();
	pr_debug("CPU%lu: up\n", cpu);
	smp_store_release(&this_cpu()->online, true);
	cpu_startup_entry();
}

static void *trampoline_word(char *symbol)
{
	return __va(AP_TRAMPOLINE_PHYS + (symbol - ap_trampoline_start));
}

static bool start_cpu(unsigned int cpu)
{
	struct task_struct *idle = create_idle_task(cpu);
	u64 deadline;

	if (!idle)
		return false;
	cpu_data[cpu].idle = idle;
	cpu_data[cpu].current_task = idle;
	cpu_data[cpu].apic_id = cpu_apic_ids[cpu];
	*(u64 *)trampoline_word(ap_trampoline_stack) = (u64)idle->stack + THREAD_SIZE;
	*(u64 *)trampoline_word(ap_trampoline_cpu) = cpu;
	smp_wmb();
	if (boot_info.handover)
		liveupdate_start_cpu(cpu, (unsigned long)idle->stack + THREAD_SIZE);
	else
		apic_start_cpu(cpu_apic_ids[cpu], AP_TRAMPOLINE_PHYS);
	deadline = local_clock() + 500 * NSEC_PER_MSEC;
	while (!smp_load_acquire(&cpu_data[cpu].online))
		if (local_clock() > deadline)
			return false;
		else
			cpu_relax();
	return true;
}

void smp_init(void)
{
	unsigned int up = 1;

	memcpy(__va(AP_TRAMPOLINE_PHYS), ap_trampoline_start,
	       ap_trampoline_end - ap_trampoline_start);
	*(u64 *)trampoline_word(ap_trampoline_boot_cr3) = __pa(boot_pml4);
	*(u64 *)trampoline_word(ap_trampoline_cr3) = __pa(kernel_pgd);
	*(u64 *)trampoline_word(ap_trampoline_entry) = (u64)secondary_startup_64;
	for (unsigned int cpu = 1; cpu < nr_cpus; cpu++) {
		if (start_cpu(cpu))
			up++;
		else
			pr_err("CPU%u failed to start\n", cpu);
	}
	pr_info("smp: Brought up 1 node, %u CPU%s\n", up, up == 1 ? "" : "s");
}
