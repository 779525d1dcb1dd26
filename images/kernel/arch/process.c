// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The processor's part of a task: floating-point state, segment bases, the
 * first frame of a new kernel stack, and the switch itself.
 *
 * Floating-point registers are switched eagerly, and only for tasks that have a
 * user half: the kernel never uses them. So a task that is not running has its
 * whole state in memory, where an upgrade finds it.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include "arch.h"

static u8 fpu_initial[512] __aligned(16);

void fpu_init_cpu(void)
{
	u32 mxcsr = 0x1f80;

	asm volatile("fninit; ldmxcsr %0" ::"m"(mxcsr));
	if (!fpu_initial[0])
		asm volatile("fxsave64 %0" : "=m"(fpu_initial));
}

void fpu_save(struct task_struct *task)
{
	asm volatile("fxsave64 %0" : "=m"(task->thread.fxsave));
}

void fpu_restore(struct task_struct *task)
{
	asm volatile("fxrstor64 %0" ::"m"(task->thread.fxsave));
}

/* As the ABI promises it to a program that starts. */
static void fpu_reset(struct task_struct *task)
{
	memcpy(task->thread.fxsave, fpu_initial, sizeof(fpu_initial));
	if (task == current)
		fpu_restore(task);
}

/* Segment bases, and the selectors that 64-bit code can set and see, though it does not use them. */
void segments_save(struct thread_struct *thread)
{
	thread->fsbase = rdmsr(MSR_FS_BASE);
	thread->gsbase = rdmsr(MSR_KERNEL_GS_BASE);
	asm volatile("movw %%ds, %0\n\t"
		     "movw %%es, %1"
		     : "=m"(thread->ds), "=m"(thread->es));
}

void segments_restore(const struct thread_struct *thread)
{
	wrmsr(MSR_FS_BASE, thread->fsbase);
	wrmsr(MSR_KERNEL_GS_BASE, thread->gsbase);
	asm volatile("movw %0, %%ds\n\t"
		     "movw %1, %%es" ::"m"(thread->ds),
		     "m"(thread->es));
}

/* The child's copy of what the processor holds for the current task. */
void arch_dup_thread(struct task_struct *child)
{
	preempt_disable();
	if (current->mm) {
		fpu_save(current);
		segments_save(&current->thread);
		child->thread = current->thread;
	} else {
		memset(&child->thread, 0, sizeof(child->thread));
		fpu_reset(child);
	}
	preempt_enable();
}

/*
 * The first frame: switch_to_asm() "returns" into ret_from_fork. A kernel
 * thread ends its stack with RBP 0, a user task with its registers.
 */
static void set_first_frame(struct task_struct *task, int (*fn)(void *), void *arg)
{
	struct pt_regs *regs = task_pt_regs(task);
	struct inactive_task_frame *frame =
		(struct inactive_task_frame *)((unsigned long)regs - 8) - 1;

	memset(frame, 0, sizeof(*frame));
	frame->bx = (unsigned long)fn;
	frame->r12 = (unsigned long)arg;
	frame->bp = fn ? 0 : (unsigned long)regs | 1;
	frame->ret_addr = (unsigned long)ret_from_fork;
	task->thread.sp = (unsigned long)frame;
}

void arch_setup_kthread(struct task_struct *task, int (*fn)(void *), void *arg)
{
	struct pt_regs *regs = task_pt_regs(task);

	memset(regs, 0, sizeof(*regs));
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
	regs->flags = X86_EFLAGS_IF | X86_EFLAGS_FIXED;
	regs->orig_ax = -1;
	set_first_frame(task, fn, arg);
}

void task_setup_return_to_user(struct task_struct *task)
{
	set_first_frame(task, NULL, NULL);
}

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	memset(regs, 0, sizeof(*regs));
	regs->ip = ip;
	regs->sp = sp;
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
	regs->flags = X86_EFLAGS_IF | X86_EFLAGS_FIXED;
	regs->orig_ax = -1;
	preempt_disable();
	current->thread.fsbase = 0;
	current->thread.gsbase = 0;
	current->thread.ds = 0;
	current->thread.es = 0;
	segments_restore(&current->thread);
	fpu_reset(current);
	preempt_enable();
}

/* Interrupts off; gives the task that ran before @next. */
struct task_struct *arch_switch_to(struct task_struct *prev, struct task_struct *next)
{
	lockdep_assert_irqs_disabled();
	if (prev->mm) {
		fpu_save(prev);
		segments_save(&prev->thread);
	}
	if (next->mm) {
		fpu_restore(next);
		segments_restore(&next->thread);
	}
	this_cpu()->current_task = next;
	load_sp0(next);
	return switch_to_asm(&prev->thread.sp, next->thread.sp, prev);
}

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

SYSCALL_DEFINE2(arch_prctl, int, code, unsigned long, addr)
{
	unsigned long value;

	switch (code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (addr >= TASK_SIZE)
			return -EPERM;
		preempt_disable();
		wrmsr(code == ARCH_SET_FS ? MSR_FS_BASE : MSR_KERNEL_GS_BASE, addr);
		if (code == ARCH_SET_FS)
			current->thread.fsbase = addr;
		else
			current->thread.gsbase = addr;
		preempt_enable();
		return 0;
	case ARCH_GET_FS:
		value = rdmsr(MSR_FS_BASE);
		return put_user(value, (unsigned long __user *)addr);
	case ARCH_GET_GS:
		value = rdmsr(MSR_KERNEL_GS_BASE);
		return put_user(value, (unsigned long __user *)addr);
	}
	return -EINVAL;
}
