// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CPU's own set-up: what it can do, its descriptor tables, task state segment,
 * interrupt table, model specific registers and control registers.
 *
 * cpu_init() is idempotent and touches nothing but the CPU it runs on, so that
 * a CPU taken over from another kernel goes through it as well. It never clears
 * CR4.PGE or CR4.PCIDE: that would drop every TLB entry (SDM 3A 4.10.4.1).
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <asm/processor.h>
#include "arch.h"

struct cpu_features boot_cpu;
bool smap_enabled; /* for entry.S */
struct pcpu cpu_data[NR_CPUS];

/* SDM 3A 7.7 */
struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 io_bitmap;
} __packed;

/* SDM 3A 6.14.1 */
struct idt_gate {
	u16 offset_low;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset_middle;
	u32 offset_high;
	u32 reserved;
};

struct descriptor_pointer {
	u16 limit;
	u64 base;
} __packed;

#define IST_DOUBLE_FAULT 1
#define IST_NMI		 2
#define IST_STACK_SIZE	 8192

static struct tss tss[NR_CPUS];
static u64 gdt[NR_CPUS][16] __aligned(64);
static struct idt_gate idt[256] __aligned(16);
static u8 ist_stacks[NR_CPUS][2][IST_STACK_SIZE] __aligned(16);

extern char idt_stubs[], entry_SYSCALL_64[];

void cpu_detect(void)
{
	u32 a, b, c, d, max, max_ext;

	cpuid(0, &max, &b, &c, &d);
	memcpy(boot_cpu.vendor, &b, 4);
	memcpy(boot_cpu.vendor + 4, &d, 4);
	memcpy(boot_cpu.vendor + 8, &c, 4);
	cpuid(1, &a, &b, &c, &d);
	boot_cpu.stepping = a & 15;
	boot_cpu.model_id = ((a >> 4) & 15) | ((a >> 12) & 0xf0);
	boot_cpu.family = (a >> 8) & 15;
	if (boot_cpu.family == 15)
		boot_cpu.family += (a >> 20) & 0xff;
	boot_cpu.pge = d & (1 << 13);
	boot_cpu.pcid = c & (1 << 17);
	if (c & (1U << 31)) {
		cpuid(0x40000000, &a, (u32 *)&boot_cpu.hypervisor[0],
		      (u32 *)&boot_cpu.hypervisor[4], (u32 *)&boot_cpu.hypervisor[8]);
	}
	if (max >= 7) {
		cpuid_count(7, 0, &a, &b, &c, &d);
		boot_cpu.fsgsbase = b & 1;
		boot_cpu.smep = b & (1 << 7);
		boot_cpu.invpcid = b & (1 << 10);
		boot_cpu.smap = b & (1 << 20);
		boot_cpu.umip = c & (1 << 2);
	}
	cpuid(0x80000000, &max_ext, &b, &c, &d);
	if (max_ext >= 0x80000001) {
		cpuid(0x80000001, &a, &b, &c, &d);
		boot_cpu.nx = d & (1 << 20);
		boot_cpu.gbpages = d & (1 << 26);
	}
	if (max_ext >= 0x80000004) {
		u32 *model = (u32 *)boot_cpu.model;

		for (u32 leaf = 0x80000002; leaf <= 0x80000004; leaf++, model += 4)
			cpuid(leaf, &model[0], &model[1], &model[2], &model[3]);
	}
	smap_enabled = boot_cpu.smap;
}

static void set_gate(unsigned int vector, u8 type, u8 ist)
{
	unsigned long target = (unsigned long)idt_stubs + vector * 16;
	struct idt_gate *gate = &idt[vector];

	gate->offset_low = target;
	gate->selector = __KERNEL_CS;
	gate->ist = ist;
	gate->type = type;
	gate->offset_middle = target >> 16;
	gate->offset_high = target >> 32;
	gate->reserved = 0;
}

/* Interrupt gates throughout: they clear IF on the way in. */
static void fill_idt(void)
{
	for (unsigned int vector = 0; vector < 256; vector++)
		set_gate(vector, 0x8e, 0);
	set_gate(2, 0x8e, IST_NMI);
	set_gate(8, 0x8e, IST_DOUBLE_FAULT);
	set_gate(3, 0xee, 0); /* user mode may use INT3 and INTO */
	set_gate(4, 0xee, 0);
}

static void fill_gdt(unsigned int cpu)
{
	u64 base = (u64)&tss[cpu];
	u64 *g = gdt[cpu];

	/* Order fixed by SYSCALL and SYSRET (SDM 3A 5.8.8); all with the accessed bit. */
	g[1] = 0x00cf9b000000ffff; /* 08 32-bit kernel code */
	g[2] = 0x00af9b000000ffff; /* 10 kernel code */
	g[3] = 0x00cf93000000ffff; /* 18 kernel data */
	g[4] = 0x00cffb000000ffff; /* 20 32-bit user code */
	g[5] = 0x00cff3000000ffff; /* 28 user data */
	g[6] = 0x00affb000000ffff; /* 30 user code */
	g[8] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | 0x89ULL << 40 |
	       ((base >> 24) & 0xff) << 56;
	g[9] = base >> 32;
}

void load_sp0(struct task_struct *task)
{
	unsigned long top = (unsigned long)task->stack + THREAD_SIZE;
	struct pcpu *cpu = this_cpu();

	cpu->sp0 = top;
	tss[cpu->cpu].rsp[0] = top;
}

/* Above the first word that the CPU pushes, paranoid_entry finds whose stack it is. */
static u64 ist_stack_top(unsigned int cpu, int ist)
{
	u8 *top = ist_stacks[cpu][ist - 1] + IST_STACK_SIZE - 16;

	*(struct pcpu **)top = &cpu_data[cpu];
	return (u64)top;
}

static void load_tables(unsigned int cpu)
{
	struct descriptor_pointer gdtr = { sizeof(gdt[cpu]) - 1, (u64)gdt[cpu] };
	struct descriptor_pointer idtr = { sizeof(idt) - 1, (u64)idt };

	asm volatile("lgdt %0" ::"m"(gdtr));
	asm volatile("lidt %0" ::"m"(idtr));
	asm volatile("pushq %0\n\t"
		     "leaq 1f(%%rip), %%rax\n\t"
		     "pushq %%rax\n\t"
		     "lretq\n"
		     "1:\tmovl %1, %%ss\n\t"
		     "movl %1, %%ds\n\t"
		     "movl %1, %%es\n\t" ::"i"(__KERNEL_CS),
		     "r"(__KERNEL_DS)
		     : "rax", "memory");
	asm volatile("movl %0, %%fs; movl %0, %%gs" ::"r"(0));
	/* No local table: selectors of it are #GP. Reset leaves base 0, limit FFFF: user memory. */
	asm volatile("lldt %w0" ::"r"(0));
}

/* Until cpu_init() has loaded GS there is no current task. */
static notrace void set_pcpu(unsigned int cpu)
{
	cpu_data[cpu].self = &cpu_data[cpu];
	cpu_data[cpu].cpu = cpu;
	wrmsr(MSR_GS_BASE, (u64)&cpu_data[cpu]);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}

notrace void cpu_set_gs_early(void)
{
	cpu_data[0].current_task = &init_task;
	set_pcpu(0);
}

void cpu_init(unsigned int cpu)
{
	unsigned long cr4;

	if (!idt[0].type)
		fill_idt();
	fill_gdt(cpu);
	memset(&tss[cpu], 0, sizeof(tss[cpu]));
	for (int ist = IST_DOUBLE_FAULT; ist <= IST_NMI; ist++)
		tss[cpu].ist[ist - 1] = ist_stack_top(cpu, ist);
	tss[cpu].io_bitmap = sizeof(struct tss);
	load_tables(cpu);
	set_pcpu(cpu);
	asm volatile("ltr %w0" ::"r"(GDT_TSS));

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NX);
	wrmsr(MSR_STAR, (u64)(0x20 | 3) << 48 | (u64)__KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (u64)entry_SYSCALL_64);
	wrmsr(MSR_SYSCALL_MASK, X86_EFLAGS_TF | X86_EFLAGS_IF | X86_EFLAGS_DF | X86_EFLAGS_IOPL |
					X86_EFLAGS_NT | X86_EFLAGS_AC | X86_EFLAGS_RF);

	write_cr0((read_cr0() | CR0_WP | CR0_NE | CR0_MP) & ~(unsigned long)CR0_TS & ~4UL);
	cr4 = read_cr4() | CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	if (boot_cpu.pge)
		cr4 |= CR4_PGE;
	if (boot_cpu.smep)
		cr4 |= CR4_SMEP;
	if (boot_cpu.smap)
		cr4 |= CR4_SMAP;
	if (boot_cpu.umip)
		cr4 |= CR4_UMIP;
	if (boot_cpu.fsgsbase)
		cr4 |= CR4_FSGSBASE;
	/* PCIDE may be set only while CR3 names PCID 0 (SDM 3A 4.10.1) */
	if (boot_cpu.pcid && !(cr4 & CR4_PCIDE) && !(read_cr3() & CR3_PCID_MASK))
		cr4 |= CR4_PCIDE;
	if (cr4 != read_cr4())
		write_cr4(cr4);
	fpu_init_cpu();
}
