// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The C side of every way into the kernel and, above all, of the way out.
 *
 * Constraints of the way out to user mode:
 *  1. The work flags are looked at with interrupts off and the last look is the
 *     one before IRET or SYSRET: no flag set by an interrupt is missed.
 *  2. Signals come before freezing: when a task freezes for an upgrade, its
 *     registers are at the boundary, and a handler's frame is set up. Whether a
 *     system call that was interrupted is executed again is decided when the task
 *     goes on, in this kernel or the next.
 *  3. A pending patch transition is made at the boundary, where no function of
 *     the kernel is on the stack but these: so none of them may be patched.
 */
#include <linux/kernel.h>
#include <linux/ftrace.h>
#include <linux/sched.h>
#include <linux/mm.h>
#include <linux/reboot.h>
#include <linux/syscalls.h>
#include <linux/interrupt.h>
#include <linux/stacktrace.h>
#include <asm/processor.h>
#include <asm/apic.h>
#include "arch.h"

sys_call_ptr_t sys_call_table[NR_syscalls];
extern const struct syscall_record __start_syscalls[], __stop_syscalls[];

static long sys_ni_syscall(const struct pt_regs *regs)
{
	return -ENOSYS;
}

void syscall_table_init(void)
{
	const struct syscall_record *record;

	for (int i = 0; i < NR_syscalls; i++)
		sys_call_table[i] = sys_ni_syscall;
	for (record = __start_syscalls; record < __stop_syscalls; record++)
		sys_call_table[record->nr] = record->fn;
}

static notrace void exit_to_user_mode_loop(struct pt_regs *regs);

/* For an assertion: what has a patchable entry can be patched. */
static bool is_traced(void)
{
	return ftrace_location((unsigned long)exception_entry) ||
	       ftrace_location((unsigned long)do_syscall_64) ||
	       ftrace_location((unsigned long)syscall_exit_to_user_mode) ||
	       ftrace_location((unsigned long)exit_to_user_mode_loop);
}

static notrace void exit_to_user_mode_work(struct pt_regs *regs, unsigned long work)
{
	if (work & _TIF_NEED_RESCHED)
		schedule();
	ASSERT_CONSTRAINT("arch/entry.c 3", !(work & _TIF_PATCH_PENDING) || !is_traced());
	if (work & _TIF_PATCH_PENDING)
		klp_update_patch_state(current);
	if (work & _TIF_NOTIFY_SIGNAL)
		clear_thread_flag(TIF_NOTIFY_SIGNAL);
	if (work & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL | _TIF_FREEZE))
		arch_do_signal_or_restart(regs);
	if (work & _TIF_NOTIFY_RESUME)
		clear_thread_flag(TIF_NOTIFY_RESUME);
}

/* Returns with interrupts off and nothing left to do. */
static notrace void exit_to_user_mode_loop(struct pt_regs *regs)
{
	unsigned long work;

	for (;;) {
		local_irq_disable();
		work = READ_ONCE(current_thread_info()->flags) & EXIT_TO_USER_MODE_WORK;
		/* IRET to a non-canonical address would fault in the kernel */
		if (unlikely(regs->ip >= TASK_SIZE && !work)) {
			local_irq_enable();
			force_sig_fault(SIGSEGV, SEGV_MAPERR, (void *)regs->ip);
			regs->ip = 0;
			continue;
		}
		ASSERT_CONSTRAINT("arch/entry.c 1", irqs_disabled());
		if (likely(!work))
			return;
		local_irq_enable();
		exit_to_user_mode_work(regs, work);
	}
}

static bool can_sysret(struct pt_regs *regs)
{
	return regs->cx == regs->ip && regs->r11 == regs->flags && regs->cs == __USER_CS &&
	       regs->ss == __USER_DS && !(regs->flags & (X86_EFLAGS_RF | X86_EFLAGS_TF));
}

notrace bool do_syscall_64(struct pt_regs *regs)
{
	unsigned long nr = regs->orig_ax;

	regs->cx = regs->ip;
	regs->flags |= X86_EFLAGS_FIXED;
	regs->r11 = regs->flags;
	local_irq_enable();
	if (nr < NR_syscalls)
		regs->ax = sys_call_table[nr](regs);
	exit_to_user_mode_loop(regs);
	return can_sysret(regs);
}

notrace void syscall_exit_to_user_mode(struct pt_regs *regs)
{
	exit_to_user_mode_loop(regs);
}

/* #BP of a site being rewritten comes through here: nothing on its way may have a site itself. */
static notrace void dispatch(struct pt_regs *regs, unsigned long vector)
{
	if (vector < 32) {
		if (vector == 14)
			do_page_fault(regs);
		else
			do_trap(regs, vector);
		return;
	}
	do_IRQ(regs, vector);
}

notrace void exception_entry(struct pt_regs *regs, unsigned long vector)
{
	dispatch(regs, vector);
	if (user_mode(regs)) {
		exit_to_user_mode_loop(regs);
		return;
	}
	local_irq_disable();
	if ((regs->flags & X86_EFLAGS_IF) && !preempt_count() && need_resched())
		preempt_schedule_irq();
}

notrace void paranoid_exception(struct pt_regs *regs, unsigned long vector)
{
	if (vector == 2) {
		preempt_count_add(NMI_OFFSET | HARDIRQ_OFFSET);
		nmi_interrupt(regs);
		preempt_count_sub(NMI_OFFSET | HARDIRQ_OFFSET);
		return;
	}
	oops_in_progress++;
	pr_emerg("PANIC: double fault, error_code: 0x%lx\n", regs->orig_ax);
	show_regs(regs);
	panic("Machine halted: double fault.");
}
