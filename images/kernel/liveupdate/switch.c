// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From one kernel to the other, and back if the other refuses
 * (firmware/handover.h has the contract of the stub).
 *
 * Constraints:
 *  1. The stub's page is executable in the direct map only from the first CPU
 *     that enters to the last that leaves (stub_open(), stub_close()).
 *  2. Each CPU is on the kernel's own page tables when it enters: no process's
 *     tables are in use, and CR3 stays as it is through the stub.
 *  3. A CPU other than the first comes in the interrupt LIVEUPDATE_VECTOR, which
 *     it ends at the APIC itself: the kernel that it wakes up in could not.
 *  4. On the way back a CPU's descriptor tables, GS base and MSRs may be the
 *     other kernel's. The first CPU's are; the others have not left the stub.
 */
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include <handover.h>
#include "../arch/arch.h"
#include "internal.h"

#define GATHER_TIMEOUT (200 * NSEC_PER_MSEC)

/* arch/handover_64.S */
extern char handover_return[];

static unsigned int cpus_back; /* out of the stub again, in this kernel */

static struct handover_mailbox *mailbox(void)
{
	return __va(HANDOVER_MAILBOX_PHYS);
}

static void *stub(unsigned int entry)
{
	return __va(HANDOVER_STUB_PHYS + entry);
}

/* The first 2 MiB of the direct map, which have no frame that anybody can get. */
static void stub_open(void)
{
	ASSERT_CONSTRAINT("liveupdate/switch.c 1", !mailbox()->aps_inside);
	memcpy(stub(0), handover_stub_start, handover_stub_end - handover_stub_start);
	map_kernel_2m(PAGE_OFFSET, 0, PAGE_KERNEL_PROT & ~_PAGE_NX);
	flush_tlb_kernel_range(PAGE_OFFSET + HANDOVER_STUB_PHYS,
			       PAGE_OFFSET + HANDOVER_STUB_PHYS + PAGE_SIZE);
}

/* No CPU is inside. */
void stub_close(void)
{
	BUG_UNLESS_CONSTRAINT("liveupdate/switch.c 1", !mailbox()->aps_inside);
	mailbox()->magic = 0;
	map_kernel_2m(PAGE_OFFSET, 0, PAGE_KERNEL_PROT);
	flush_tlb_kernel_range(PAGE_OFFSET + HANDOVER_STUB_PHYS,
			       PAGE_OFFSET + HANDOVER_STUB_PHYS + PAGE_SIZE);
}

static void drop_next_arena(void *unused)
{
	for (unsigned long at = 0; at < ARENA_SIZE; at += PMD_SIZE)
		invlpg(next_kernel.virt + at);
}

static bool is_on_kernel_tables(void)
{
	return (read_cr3() & PTE_PFN_MASK) == __pa(kernel_pgd);
}

/* Descriptor tables and GS base are this kernel's. */
static bool is_own_cpu(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) idt;

	asm volatile("sidt %0" : "=m"(idt));
	return idt.base >= arena_virt && idt.base < arena_virt + ARENA_SIZE &&
	       rdmsr(MSR_GS_BASE) == (unsigned long)this_cpu();
}

/* From the interrupt, on a CPU that is idle. Returns when the upgrade is off. */
void liveupdate_gather_interrupt(void)
{
	switch_mm(&init_mm);
	apic_eoi();
	lockdep_assert_irqs_disabled();
	DEBUG_ASSERT(current == this_cpu()->idle);
	BUG_UNLESS_CONSTRAINT("liveupdate/switch.c 2", is_on_kernel_tables());
	ASSERT_CONSTRAINT("liveupdate/switch.c 3",
			  smp_processor_id() && !apic_in_service(LIVEUPDATE_VECTOR));
	handover_jump(mailbox(), smp_processor_id(), stub(HANDOVER_AP));
	ASSERT_CONSTRAINT("liveupdate/switch.c 4", is_own_cpu());
	__atomic_add_fetch(&cpus_back, 1, __ATOMIC_SEQ_CST);
}

int gather_other_cpus(void)
{
	struct handover_mailbox *box = mailbox();
	unsigned int self = smp_processor_id(), cpu;
	u64 deadline;

	if (self)
		return liveupdate_refuse(-EBUSY, "the upgrade does not run on the first CPU");
	memset(box, 0, PAGE_SIZE);
	cpus_back = 0;
	box->magic = HANDOVER_MAGIC;
	box->root = HANDOVER_ROOT_PHYS;
	box->bsp_entry = next_kernel.entry;
	box->rollback_entry = (unsigned long)handover_return;
	box->aps_expected = num_online_cpus() - 1;
	/* the other arena: the new kernel sets the permissions of its parts itself */
	map_arena(next_kernel.virt, next_kernel.phys, PAGE_KERNEL_PROT & ~_PAGE_NX);
	on_each_cpu(drop_next_arena, NULL, 1);
	stub_open();
	for_each_online_cpu(cpu)
		if (cpu != self)
			apic_send_ipi(cpu_data[cpu].apic_id, LIVEUPDATE_VECTOR);
	deadline = ktime_get_ns() + GATHER_TIMEOUT;
	while (box->aps_inside != box->aps_expected) {
		if (ktime_get_ns() > deadline)
			return liveupdate_refuse(-EBUSY,
						 "only %u of %u other CPUs came to the stub",
						 box->aps_inside, box->aps_expected);
		cpu_relax();
	}
	return 0;
}

/* Undoes gather_other_cpus(), complete or not; nothing to do if it was not called. */
void release_other_cpus(void)
{
	struct handover_mailbox *box = mailbox();
	unsigned int cpu;

	if (box->magic != HANDOVER_MAGIC)
		return;
	for_each_online_cpu(cpu)
		if (cpu)
			box->slots[cpu].entry = (unsigned long)handover_return;
	/* one that comes late finds its entry waiting */
	while (__atomic_load_n(&cpus_back, __ATOMIC_SEQ_CST) != box->aps_expected)
		cpu_relax();
	stub_close();
}

/*
 * Descriptor tables, GS, MSRs as this kernel had them, and the task's own state.
 * There is no "current" before: GS may be the other kernel's.
 */
static noinline void reload_cpu(struct task_struct *self)
{
	cpu_init(0);
	load_sp0(self);
	this_cpu()->loaded_mm = &init_mm;
	switch_mm(self->mm);
	fpu_restore(self);
	segments_restore(&self->thread);
}

int enter_next_kernel(void)
{
	struct task_struct *self = current;

	/* read now, not when it is used */
	asm volatile("" : "+r"(self));
	switch_mm(&init_mm);
	lockdep_assert_irqs_disabled();
	BUG_UNLESS_CONSTRAINT("liveupdate/switch.c 2", is_on_kernel_tables());
	handover_jump(mailbox(), 0, stub(HANDOVER_BSP));
	reload_cpu(self);
	ASSERT_CONSTRAINT("liveupdate/switch.c 4", is_own_cpu());
	return -EPROTO;
}
