/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor: control registers, MSRs, CPUID, descriptors, per-CPU block.
 * Bits are named as in the SDM.
 */
#ifndef _ASM_PROCESSOR_H
#define _ASM_PROCESSOR_H

#define NR_CPUS 16

/* segment selectors, as Linux's */
#define __KERNEL_CS 0x10
#define __KERNEL_DS 0x18
#define __USER32_CS 0x23
#define __USER_DS   0x2b
#define __USER_CS   0x33
#define GDT_TSS	    0x40

#define CR0_MP	       (1 << 1)
#define CR0_TS	       (1 << 3)
#define CR0_NE	       (1 << 5)
#define CR0_WP	       (1 << 16)
#define CR0_AM	       (1 << 18)
#define CR4_PAE	       (1 << 5)
#define CR4_MCE	       (1 << 6)
#define CR4_PGE	       (1 << 7)
#define CR4_OSFXSR     (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)
#define CR4_UMIP       (1 << 11)
#define CR4_FSGSBASE   (1 << 16)
#define CR4_PCIDE      (1 << 17)
#define CR4_SMEP       (1 << 20)
#define CR4_SMAP       (1 << 21)
#define CR3_NOFLUSH    (1UL << 63)
#define CR3_PCID_MASK  0xfffUL
#define CR3_ADDR_MASK  0x000ffffffffff000UL

#define X86_EFLAGS_CF	 0x1
#define X86_EFLAGS_FIXED 0x2
#define X86_EFLAGS_TF	 0x100
#define X86_EFLAGS_IF	 0x200
#define X86_EFLAGS_DF	 0x400
#define X86_EFLAGS_IOPL	 0x3000
#define X86_EFLAGS_NT	 0x4000
#define X86_EFLAGS_RF	 0x10000
#define X86_EFLAGS_AC	 0x40000
/* what user mode may set itself */
#define X86_EFLAGS_USER	 0x50dd5

#define MSR_APIC_BASE	   0x1b
#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_SYSCALL_MASK   0xc0000084
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define EFER_SCE	   1
#define EFER_LME	   (1 << 8)
#define EFER_NX		   (1 << 11)

/* offsets in struct pcpu, for entry.S */
#define PCPU_SELF    0
#define PCPU_CURRENT 8
#define PCPU_SP0     16
#define PCPU_USER_SP 24
#define PCPU_CPU     32

#ifndef __ASSEMBLER__
#include <linux/types.h>
#include <asm/page.h>

struct task_struct;
struct mm_struct;
struct pt_regs;

/* What a CPU has to itself; %gs points here in kernel mode. */
struct pcpu {
	/*  0 */ struct pcpu *self;
	/*  8 */ struct task_struct *current_task;
	/* 16 */ unsigned long sp0;	/* top of current_task's kernel stack */
	/* 24 */ unsigned long user_sp; /* scratch of the SYSCALL entry */
	/* 32 */ unsigned int cpu;	/* 0 = the CPU that booted */
	/* 36 */ unsigned int apic_id;
	/* only this CPU, interrupts off: */
	struct mm_struct *loaded_mm; /* whose page tables CR3 names */
	struct task_struct *idle;
	unsigned long irq_count; /* interrupts taken */
	bool online;
	bool nmi_active;
};
extern struct pcpu cpu_data[NR_CPUS];

static __always_inline struct task_struct *get_current(void)
{
	struct task_struct *task;

	asm("movq %%gs:8, %0" : "=r"(task));
	return task;
}
#define current get_current()

static __always_inline struct pcpu *this_cpu(void)
{
	struct pcpu *cpu;

	asm volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

static __always_inline unsigned int raw_smp_processor_id(void)
{
	unsigned int cpu;

	asm volatile("movl %%gs:32, %0" : "=r"(cpu));
	return cpu;
}

/* the part of a task that only the processor cares for */
struct thread_struct {
	/*  0 */ unsigned long sp;		/* saved kernel stack pointer, see switch_to_asm */
	unsigned long fsbase, gsbase;		/* user's, valid while not running */
	u16 ds, es;				/* the same; the kernel never uses them */
	unsigned long cr2, error_code, trap_nr; /* of the last fault, for signals */
	/* FXSAVE image, restored eagerly at each switch to a user task (SDM 1 10.5) */
	u8 fxsave[512] __aligned(16);
};

/* what switch_to_asm() saves at thread.sp of a task that does not run */
struct inactive_task_frame {
	/*  0 */ unsigned long r15;
	/*  8 */ unsigned long r14;
	/* 16 */ unsigned long r13;
	/* 24 */ unsigned long r12;
	/* 32 */ unsigned long bx;
	/* 40 */ unsigned long bp;
	/* 48 */ unsigned long ret_addr;
};

static __always_inline void cpu_relax(void)
{
	asm volatile("pause" ::: "memory");
}

static __always_inline unsigned long read_cr0(void)
{
	unsigned long v;
	asm volatile("mov %%cr0, %0" : "=r"(v));
	return v;
}
static __always_inline void write_cr0(unsigned long v)
{
	asm volatile("mov %0, %%cr0" ::"r"(v) : "memory");
}
static __always_inline unsigned long read_cr2(void)
{
	unsigned long v;
	asm volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}
static __always_inline unsigned long read_cr3(void)
{
	unsigned long v;
	asm volatile("mov %%cr3, %0" : "=r"(v));
	return v;
}
static __always_inline void write_cr3(unsigned long v)
{
	asm volatile("mov %0, %%cr3" ::"r"(v) : "memory");
}
static __always_inline unsigned long read_cr4(void)
{
	unsigned long v;
	asm volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}
static __always_inline void write_cr4(unsigned long v)
{
	asm volatile("mov %0, %%cr4" ::"r"(v) : "memory");
}

static __always_inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return lo | (u64)hi << 32;
}
static __always_inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" ::"c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static __always_inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return lo | (u64)hi << 32;
}

static __always_inline void cpuid_count(u32 leaf, u32 sub, u32 *a, u32 *b, u32 *c, u32 *d)
{
	asm volatile("cpuid"
		     : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d)
		     : "a"(leaf), "c"(sub)
		     : "memory");
}
#define cpuid(leaf, a, b, c, d) cpuid_count(leaf, 0, a, b, c, d)

static __always_inline void invlpg(unsigned long addr)
{
	asm volatile("invlpg (%0)" ::"r"(addr) : "memory");
}

/* what CPUID found, filled once by the CPU that boots */
struct cpu_features {
	bool nx, pge, pcid, invpcid, smep, smap, gbpages, umip, fsgsbase;
	char vendor[13];
	char model[49];
	char hypervisor[13];
	u32 family, model_id, stepping;
};
extern struct cpu_features boot_cpu;

static __always_inline void stac(void)
{
	if (boot_cpu.smap)
		asm volatile("stac" ::: "memory", "cc");
}
static __always_inline void clac(void)
{
	if (boot_cpu.smap)
		asm volatile("clac" ::: "memory", "cc");
}

void cpu_init(unsigned int cpu); /* GDT, TSS, IDT, MSRs, control registers of this CPU */
void cpu_detect(void);
void load_sp0(struct task_struct *);

#endif
#endif
