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

static const struct {
	const char *name;
	int sig, code;
} traps[32] = {
	[0] = { "divide error", SIGFPE, FPE_INTDIV },
	[1] = { "debug", SIGTRAP, TRAP_TRACE },
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

static void user_trap(struct pt_regs *regs, unsigned long vector)
{
	int sig = traps[vector].sig ? traps[vector].sig : SIGSEGV;

	local_irq_enable();
	current->thread.trap_nr = vector;
	current->thread.error_code = regs->orig_ax == -1UL ? 0 : regs->orig_ax;
	regs->orig_ax = -1;
	if (traps[vector].code == SI_KERNEL)
		force_sig(sig);
	else
		force_sig_fault(sig, traps[vector].code, (void *)regs->ip);
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
		asm volatile("mov %0, %%db6" :: "r" (0UL));
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
