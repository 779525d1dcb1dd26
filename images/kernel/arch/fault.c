// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page faults (SDM 3A 4.7): demand paging and copy-on-write for user addresses,
 * the exception table for the kernel's accesses to user memory, an oops for
 * everything else.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/uaccess.h>
#include <asm/pgtable.h>
#include "arch.h"

#define PF_PROT	 1
#define PF_WRITE 2
#define PF_USER	 4
#define PF_RSVD	 8
#define PF_INSTR 16

extern const struct exception_table_entry __start___ex_table[], __stop___ex_table[];

bool fixup_exception(struct pt_regs *regs)
{
	const struct exception_table_entry *e;

	for (e = __start___ex_table; e < __stop___ex_table; e++) {
		if (e->insn == regs->ip) {
			regs->ip = e->fixup;
			return true;
		}
	}
	return false;
}

static void kernel_fault(struct pt_regs *regs, unsigned long address)
{
	unsigned long error = regs->orig_ax;

	if (fixup_exception(regs))
		return;
	if (address < PAGE_SIZE)
		pr_alert("BUG: kernel NULL pointer dereference, address: %016lx\n", address);
	else
		pr_alert("BUG: unable to handle page fault for address: %016lx\n", address);
	pr_alert("#PF: %s %s in kernel mode\n", error & PF_USER ? "user" : "supervisor",
		 error & PF_INSTR   ? "instruction fetch"
		 : error & PF_WRITE ? "write access"
				    : "read access");
	pr_alert("#PF: error_code(0x%04lx) - %s\n", error,
		 !(error & PF_PROT) ? "not-present page"
		 : error & PF_RSVD  ? "reserved bit violation"
				    : "permissions violation");
	die("Oops", regs, error);
}

static int user_address_fault(struct pt_regs *regs, unsigned long address, int *code)
{
	unsigned long error = regs->orig_ax;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned int flags = 0;
	int sig = SIGSEGV;

	if (error & PF_WRITE)
		flags |= FAULT_FLAG_WRITE;
	if (error & PF_INSTR)
		flags |= FAULT_FLAG_INSTRUCTION;
	*code = SEGV_MAPERR;
	mmap_read_lock(mm);
	vma = find_vma(mm, address);
	if (vma && vma->vm_start > address && (vma->vm_flags & VM_GROWSDOWN))
		expand_stack(vma, address);
	if (vma && vma->vm_start <= address) {
		*code = SEGV_ACCERR;
		sig = handle_mm_fault(vma, address, flags);
		if (sig == SIGBUS)
			*code = BUS_ADRERR;
	}
	mmap_read_unlock(mm);
	return sig;
}

/*
 * No page can make these right: the kernel executes user memory, or touches it
 * while it may not (SMAP), or the processor itself looked for a descriptor of a
 * program's there.
 */
static bool is_forbidden(struct pt_regs *regs, unsigned long address)
{
	unsigned long error = regs->orig_ax;

	if (address >= TASK_SIZE || (error & PF_USER))
		return false;
	return user_mode(regs) || (error & PF_INSTR) ||
	       (smap_enabled && !(regs->flags & X86_EFLAGS_AC));
}

void do_page_fault(struct pt_regs *regs)
{
	unsigned long address = read_cr2();
	struct task_struct *task = current;
	int sig, code;

	if (is_forbidden(regs, address)) {
		kernel_fault(regs, address);
		return;
	}
	if (address >= TASK_SIZE || (regs->orig_ax & PF_RSVD) || !task->mm ||
	    (!user_mode(regs) && (in_atomic() || !(regs->flags & X86_EFLAGS_IF)))) {
		if (!user_mode(regs)) {
			kernel_fault(regs, address);
			return;
		}
		local_irq_enable();
		sig = SIGSEGV;
		code = SEGV_MAPERR;
	} else {
		local_irq_enable();
		sig = user_address_fault(regs, address, &code);
		if (!sig) {
			if (user_mode(regs))
				regs->orig_ax = -1; /* no system call to restart */
			return;
		}
		if (!user_mode(regs)) {
			kernel_fault(regs, address);
			return;
		}
	}
	task->thread.cr2 = address;
	/* A program is not told which addresses of the kernel are there. */
	task->thread.error_code = regs->orig_ax | (address >= TASK_SIZE ? PF_PROT : 0);
	task->thread.trap_nr = 14;
	regs->orig_ax = -1;
	if (sig == SIGKILL)
		force_sig(SIGKILL);
	else
		force_sig_fault(sig, code, (void *)address);
}
