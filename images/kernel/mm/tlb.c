// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Address spaces in the TLBs (SDM 3A 4.10).
 *
 * Each address space has a PCID of its own, if the CPU has PCIDs and one is
 * free. mm->cpu_bitmap bit n says: the TLB of CPU n may hold entries of this
 * PCID, and all of them are valid. So a switch to an address space whose bit is
 * set keeps its entries (CR3 bit 63), else it drops them. A change of page
 * tables must reach every CPU whose bit is set: where the address space is
 * loaded the entries are dropped at once, elsewhere the bit is cleared.
 *
 * Ordering: switch_mm() sets the bit before it loads CR3 and looks at nothing
 * after; a flusher changes the entry before it reads the bitmap. So either the
 * flusher sees the bit, or the walker sees the new entry.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <asm/pgtable.h>
#include "internal.h"

#define PCIDS 4096

static DEFINE_SPINLOCK(pcid_lock);
static DECLARE_BITMAP(pcid_used, PCIDS);
static unsigned int pcid_last;

/* A PCID of its own, or 0: this address space is flushed at each switch. */
unsigned int pcid_alloc(void)
{
	unsigned int pcid = 0;

	if (!boot_cpu.pcid)
		return 0;
	spin_lock(&pcid_lock);
	__set_bit(0, pcid_used);
	/* go round, so that a number rests before it is used again */
	pcid = find_next_zero_bit(pcid_used, PCIDS, pcid_last + 1);
	if (pcid == PCIDS)
		pcid = find_first_zero_bit(pcid_used, PCIDS);
	if (pcid == PCIDS)
		pcid = 0;
	else
		__set_bit(pcid, pcid_used);
	if (pcid)
		pcid_last = pcid;
	spin_unlock(&pcid_lock);
	return pcid;
}

void pcid_free(unsigned int pcid)
{
	if (!pcid)
		return;
	spin_lock(&pcid_lock);
	__clear_bit(pcid, pcid_used);
	spin_unlock(&pcid_lock);
}

int pcid_reserve(unsigned int pcid)
{
	int ret = 0;

	if (!pcid)
		return 0;
	if (pcid >= PCIDS || !boot_cpu.pcid)
		return -EINVAL;
	spin_lock(&pcid_lock);
	__set_bit(0, pcid_used);
	if (test_bit(pcid, pcid_used))
		ret = -EEXIST;
	__set_bit(pcid, pcid_used);
	spin_unlock(&pcid_lock);
	return ret;
}

void switch_mm(struct mm_struct *next)
{
	struct pcpu *cpu = this_cpu();
	unsigned long cr3 = __pa(next->pgd) | next->pcid;
	bool known;

	lockdep_assert_irqs_disabled();
	if (cpu->loaded_mm == next)
		return;
	cpu->loaded_mm = next;
	known = next->pcid && test_bit(cpu->cpu, &next->cpu_bitmap);
	set_bit(cpu->cpu, &next->cpu_bitmap); /* locked: a full barrier before the load of CR3 */
	write_cr3(known ? cr3 | CR3_NOFLUSH : cr3);
}

/* ---- flushing ---- */

struct flush {
	struct mm_struct *mm;
	unsigned long start, end; /* end = 0: all of it */
};

#define FLUSH_PAGES_MAX 32

static void flush_tlb_local(void)
{
	/* without bit 63: drops what is tagged with the current PCID (SDM 3A 4.10.4.1) */
	write_cr3(read_cr3() & ~CR3_NOFLUSH);
}

static void flush_here(void *data)
{
	const struct flush *flush = data;
	struct pcpu *cpu = this_cpu();

	lockdep_assert_irqs_disabled();
	if (cpu->loaded_mm != flush->mm) {
		clear_bit(cpu->cpu, &flush->mm->cpu_bitmap);
		return;
	}
	if (!flush->end || flush->end - flush->start > FLUSH_PAGES_MAX * PAGE_SIZE) {
		flush_tlb_local();
		return;
	}
	for (unsigned long addr = flush->start; addr < flush->end; addr += PAGE_SIZE)
		invlpg(addr);
}

static void flush_everywhere(struct flush *flush)
{
	unsigned long others, flags;

	smp_mb(); /* the changed entry before the look at who has it */
	preempt_disable();
	local_irq_save(flags);
	flush_here(flush);
	local_irq_restore(flags);
	others = READ_ONCE(flush->mm->cpu_bitmap) & ~BIT(smp_processor_id());
	if (others)
		smp_call_function_mask(others, flush_here, flush, 1);
	preempt_enable();
}

void flush_tlb_mm(struct mm_struct *mm)
{
	struct flush flush = { .mm = mm };

	flush_everywhere(&flush);
}

static void flush_tlb_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct flush flush = { mm, start & PAGE_MASK, PAGE_ALIGN(end) };

	flush_everywhere(&flush);
}

void flush_tlb_page(struct mm_struct *mm, unsigned long addr)
{
	flush_tlb_range(mm, addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE);
}

/* Kernel mappings are global: INVLPG drops them in every PCID, CR4.PGE all of them. */
static void flush_kernel_here(void *data)
{
	const struct flush *flush = data;
	unsigned long cr4;

	if (flush->end && flush->end - flush->start <= FLUSH_PAGES_MAX * PAGE_SIZE) {
		for (unsigned long addr = flush->start; addr < flush->end; addr += PAGE_SIZE)
			invlpg(addr);
		return;
	}
	cr4 = read_cr4();
	if (cr4 & CR4_PGE) {
		write_cr4(cr4 & ~CR4_PGE);
		write_cr4(cr4);
	} else {
		flush_tlb_local();
	}
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	struct flush flush = { NULL, start & PAGE_MASK, PAGE_ALIGN(end) };

	on_each_cpu(flush_kernel_here, &flush, 1);
}
