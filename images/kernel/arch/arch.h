/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of arch/ share among themselves. */
#ifndef _ARCH_ARCH_H
#define _ARCH_ARCH_H

#include <linux/types.h>
#include <asm/ptrace.h>

struct task_struct;

extern bool smap_enabled;
void cpu_set_gs_early(void);
void fpu_init_cpu(void);

/* entry.c, from entry.S */
void exception_entry(struct pt_regs *regs, unsigned long vector);
void paranoid_exception(struct pt_regs *regs, unsigned long vector);
bool do_syscall_64(struct pt_regs *regs);
void syscall_exit_to_user_mode(struct pt_regs *regs);

/* trap.c, fault.c, irq.c, smp.c, apic.c */
void do_trap(struct pt_regs *regs, unsigned long vector);
void do_page_fault(struct pt_regs *regs);
bool fixup_umip_exception(struct pt_regs *regs);
void do_IRQ(struct pt_regs *regs, unsigned long vector);
void smp_call_function_interrupt(void);
void smp_stop_interrupt(void);
void liveupdate_gather_interrupt(void);
void liveupdate_panic(const char *text); /* does not return where another kernel can go on */
void apic_timer_interrupt(struct pt_regs *regs);

/* time.c: the clock that the TSC and the APIC timer are derived from; 0 if the processor does not name it */
u64 crystal_hz_from_cpuid(void);

/* oops.c */
unsigned long oops_begin(void);
void oops_end(unsigned long flags, struct pt_regs *regs, int signr);
void __die(const char *str, struct pt_regs *regs, long error);
void die(const char *str, struct pt_regs *regs, long error) __noreturn;

/* process.c, from entry.S */
struct task_struct *switch_to_asm(unsigned long *prev_sp, unsigned long next_sp,
				  struct task_struct *prev);
extern char ret_from_fork[], ret_from_fork_end[];

/* liveupdate/arrive.c: a CPU that waits in the stub begins in handover_64.S on this stack */
void liveupdate_start_cpu(unsigned int cpu, unsigned long stack);

void nmi_interrupt(struct pt_regs *regs);
void syscall_table_init(void);
extern u64 boot_pml4[];

#endif
