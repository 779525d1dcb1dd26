// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exceptions other than page faults (SDM 3A 6.15): a signal for a user program,
 * an oops for the kernel. NMI: shows where the CPU is.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>
#include "arch.h"

#define DR6_BREAKPOINTS 0xfUL
#define DR6_BS		(1UL << 14)

static const struct {
	const char *name;
	int sig, code;
} traps[32] = {
	[0] = { "divide error", SIGFPE, FPE_INTDIV },
	[1] = { "debug", SIGTRAP, TRAP_BRKPT },
	[3] = { "int3", SIGTRAP, SI_KERNEL },
	[4] = { "overflow", SIGSEGV, SI_KERNEL },
	[5] = { "bounds", SIGSEGV, SI_KERNEL },
	[6] = { "invalid opcode", SIGILL, ILL_ILLOPN },
	[7] = { "device not available", SIGSEGV, SI_KERNEL },
	[9] = { "coprocessor segment overrun", SIGFPE, SI_KERNEL },
	[10] = { "invalid TSS", SIGSEGV, SI_KERNEL },
	[11] = { "segment not present", SIGBUS, SI_KERNEL },
	[12] = { "stack segment", SIGBUS, SI_KERNEL },
	[13] = { "general protection fault", SIGSEGV, SI_KERNEL },
	[16] = { "x87 FPU error", SIGFPE, FPE_FLTINV },
	[17] = { "alignment check", SIGBUS, BUS_ADRALN },
	[18] = { "machine check", SIGBUS, SI_KERNEL },
	[19] = { "simd exception", SIGFPE, FPE_FLTINV },
};

/* Which of the unmasked conditions it was (SDM 1 8.1.3.3, 10.2.3). 0: none, as if nothing had been raised. */
static int floating_point_code(unsigned long vector)
{
	u16 control, status;
	u32 mxcsr, raised;

	if (vector == 16) {
		asm volatile("fnstcw %0; fnstsw %1" : "=m"(control), "=m"(status));
		raised = status & ~control;
	} else {
		asm volatile("stmxcsr %0" : "=m"(mxcsr));
		raised = mxcsr & ~(mxcsr >> 7);
	}
	if (raised & 1)
		return FPE_FLTINV;
	if (raised & 4)
		return FPE_FLTDIV;
	if (raised & 8)
		return FPE_FLTOVF;
	if (raised & (16 | 2)) /* an underflow, or an operand that is denormal */
		return FPE_FLTUND;
	return raised & 32 ? FPE_FLTRES : 0;
}

/* DR6 says what a #DB was; INT1 leaves no trace there (SDM 3B 18.2.3). */
static int debug_code(void)
{
	unsigned long dr6;

	asm volatile("mov %%db6, %0" : "=r"(dr6));
	asm volatile("mov %0, %%db6" ::"r"(0xffff0ff0UL));
	if (dr6 & DR6_BS)
		return TRAP_TRACE;
	return dr6 & DR6_BREAKPOINTS ? TRAP_HWBKPT : TRAP_BRKPT;
}

/* si_code of the signal; with interrupts off, because the registers are this task's. */
static int code_of(unsigned long vector)
{
	lockdep_assert_irqs_disabled();
	if (vector == 1)
		return debug_code();
	return vector == 16 || vector == 19 ? floating_point_code(vector) : traps[vector].code;
}

static void user_trap(struct pt_regs *regs, unsigned long vector)
{
	int sig = traps[vector].sig ? traps[vector].sig : SIGSEGV;
	int code = code_of(vector);

	local_irq_enable();
	if ((!code && traps[vector].sig) || (vector == 13 && fixup_umip_exception(regs))) {
		regs->orig_ax = -1;
		return;
	}
	current->thread.trap_nr = vector;
	current->thread.error_code = regs->orig_ax == -1UL ? 0 : regs->orig_ax;
	regs->orig_ax = -1;
	if (code == SI_KERNEL || traps[vector].sig == 0)
		force_sig(sig);
	else
		force_sig_fault(sig, code, vector == 17 ? NULL : (void *)regs->ip);
}

notrace void do_trap(struct pt_regs *regs, unsigned long vector)
{
	const char *name = traps[vector].name ? traps[vector].name : "reserved trap";

	if (vector == 3 && poke_int3_handler(regs))
		return;
	if (user_mode(regs)) {
		user_trap(regs, vector);
		return;
	}
	if (vector != 3 && fixup_exception(regs))
		return;
	if (vector == 1) {
		debug_code();
		regs->flags &= ~X86_EFLAGS_TF;
		return;
	}
	die(name, regs, regs->orig_ax == -1UL ? 0 : regs->orig_ax);
}

void nmi_interrupt(struct pt_regs *regs)
{
	pr_warn("NMI received on CPU %u\n", smp_processor_id());
	show_regs(regs);
}
