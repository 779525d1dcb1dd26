// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signal frames and the restart of system calls, on the way out to user mode.
 *
 * The frame is Linux's x86-64 one (struct rt_sigframe), because user programs
 * and their libraries know it:
 *
 *	return address (sa_restorer), struct ucontext, siginfo;
 *	above it, 64-byte aligned, the FXSAVE image that uc_mcontext.fpstate names
 *
 * The handler gets RDI = signal, RSI = &siginfo, RDX = &ucontext, and the ABI's
 * stack alignment: RSP + 8 is a multiple of 16. rt_sigreturn puts everything
 * back, letting user mode set only the flags that are its own.
 *
 * A system call that was interrupted returns one of the -ERESTART codes, which
 * never reach user mode:
 *
 *	code			no handler runs		a handler runs
 *	-ERESTARTNOINTR		executed again		executed again
 *	-ERESTARTSYS		executed again		again if SA_RESTART, else -EINTR
 *	-ERESTARTNOHAND		executed again		-EINTR
 *	-ERESTART_RESTARTBLOCK	restart_syscall(2)	-EINTR
 *
 * "Executed again" means: RAX is the number again and RIP goes back over the two
 * bytes of SYSCALL (0f 05).
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/fpu.h>

#define NR_restart_syscall 219
#define NR_rt_sigreturn	   15
#define RED_ZONE	   128 /* bytes below RSP that belong to the function (psABI 3.2.2) */

struct sigcontext {
	unsigned long r8, r9, r10, r11, r12, r13, r14, r15;
	unsigned long di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	unsigned short cs, gs, fs, ss;
	unsigned long err, trapno, oldmask, cr2;
	unsigned long fpstate;
	unsigned long reserved[8];
};

struct ucontext {
	unsigned long uc_flags;
	unsigned long uc_link;
	stack_t uc_stack;
	struct sigcontext uc_mcontext;
	sigset_t uc_sigmask;
};

struct rt_sigframe {
	unsigned long return_address;
	struct ucontext uc;
	siginfo_t info;
};

static bool on_alternate_stack(unsigned long sp)
{
	return sp > current->sas_ss_sp && sp - current->sas_ss_sp <= current->sas_ss_size;
}

static void fill_context(struct ucontext *uc, const struct pt_regs *regs, const sigset_t *mask,
			 unsigned long fpstate)
{
	struct task_struct *t = current;
	struct sigcontext *sc = &uc->uc_mcontext;

	memset(uc, 0, sizeof(*uc));
	uc->uc_stack.ss_sp = (void *)t->sas_ss_sp;
	uc->uc_stack.ss_size = t->sas_ss_size;
	uc->uc_stack.ss_flags = !t->sas_ss_size		       ? SS_DISABLE
				: on_alternate_stack(regs->sp) ? SS_ONSTACK
							       : 0;
	uc->uc_sigmask = *mask;
	sc->r8 = regs->r8;
	sc->r9 = regs->r9;
	sc->r10 = regs->r10;
	sc->r11 = regs->r11;
	sc->r12 = regs->r12;
	sc->r13 = regs->r13;
	sc->r14 = regs->r14;
	sc->r15 = regs->r15;
	sc->di = regs->di;
	sc->si = regs->si;
	sc->bp = regs->bp;
	sc->bx = regs->bx;
	sc->dx = regs->dx;
	sc->ax = regs->ax;
	sc->cx = regs->cx;
	sc->sp = regs->sp;
	sc->ip = regs->ip;
	sc->flags = regs->flags;
	sc->cs = regs->cs;
	sc->ss = regs->ss;
	sc->err = t->thread.error_code;
	sc->trapno = t->thread.trap_nr;
	sc->oldmask = mask->sig[0];
	sc->cr2 = t->thread.cr2;
	sc->fpstate = fpstate;
}

static int setup_frame(struct ksignal *ksig, struct pt_regs *regs)
{
	struct task_struct *t = current;
	const sigset_t *mask = t->restore_sigmask ? &t->saved_sigmask : &t->blocked;
	unsigned long sp = regs->sp - RED_ZONE, fpstate;
	struct rt_sigframe frame;

	if (!(ksig->ka.sa.sa_flags & SA_RESTORER))
		return -EFAULT;
	if ((ksig->ka.sa.sa_flags & SA_ONSTACK) && t->sas_ss_size && !on_alternate_stack(regs->sp))
		sp = t->sas_ss_sp + t->sas_ss_size;
	fpstate = (sp - sizeof(t->thread.fxsave)) & ~63UL;
	sp = ((fpstate - sizeof(frame)) & ~15UL) - 8;

	fpu_save_current();
	fill_context(&frame.uc, regs, mask, fpstate);
	frame.return_address = (unsigned long)ksig->ka.sa.sa_restorer;
	frame.info = ksig->info;
	if (copy_to_user((void __user *)fpstate, t->thread.fxsave, sizeof(t->thread.fxsave)) ||
	    copy_to_user((void __user *)sp, &frame, sizeof(frame)))
		return -EFAULT;

	regs->di = ksig->sig;
	regs->si = sp + offsetof(struct rt_sigframe, info);
	regs->dx = sp + offsetof(struct rt_sigframe, uc);
	regs->ax = 0;
	regs->ip = (unsigned long)ksig->ka.sa.sa_handler;
	regs->sp = sp;
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
	regs->flags &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
	return 0;
}

/* RAX and RIP as they were before the SYSCALL instruction. */
static void execute_again(struct pt_regs *regs, unsigned long number)
{
	regs->ax = number;
	regs->ip -= 2;
}

static void deliver(struct ksignal *ksig, struct pt_regs *regs)
{
	const struct restart_block *restart = &current->restart_block;
	sigset_t blocked;

	if ((long)regs->orig_ax >= 0) {
		switch ((long)regs->ax) {
		case -ERESTARTSYS:
			if (!(ksig->ka.sa.sa_flags & SA_RESTART)) {
				regs->ax = -EINTR;
				break;
			}
			fallthrough;
		case -ERESTARTNOINTR:
			execute_again(regs, regs->orig_ax);
			break;
		case -ERESTARTNOHAND:
			regs->ax = -EINTR;
			break;
		case -ERESTART_RESTARTBLOCK:
			/* a write that was taken back has written something */
			regs->ax =
				restart->fn == write_restart ? (long)restart->write.done : -EINTR;
			break;
		}
	}
	/* the frame holds a state that is not a system call any more */
	regs->orig_ax = -1;
	if (setup_frame(ksig, regs)) {
		if (ksig->sig == SIGSEGV)
			current->sighand->action[SIGSEGV - 1].sa.sa_handler = SIG_DFL;
		force_sig(SIGSEGV);
		return;
	}
	blocked = current->blocked;
	blocked.sig[0] |= ksig->ka.sa.sa_mask.sig[0];
	if (!(ksig->ka.sa.sa_flags & SA_NODEFER))
		sigaddset(&blocked, ksig->sig);
	current->restore_sigmask = false;
	set_current_blocked(&blocked);
}

void arch_do_signal_or_restart(struct pt_regs *regs)
{
	struct ksignal ksig;

	for (;;) {
		if (get_signal(&ksig)) {
			deliver(&ksig, regs);
			return;
		}
		if (!test_thread_flag(TIF_FREEZE))
			break;
		/*
		 * What becomes of the system call depends on the signals that
		 * are there when everybody goes on, in this kernel or the next:
		 * pause() executed again after the handler would never return.
		 */
		liveupdate_freeze_task(regs);
	}
	if ((long)regs->orig_ax >= 0) {
		switch ((long)regs->ax) {
		case -ERESTARTSYS:
		case -ERESTARTNOHAND:
		case -ERESTARTNOINTR:
			execute_again(regs, regs->orig_ax);
			regs->orig_ax = -1;
			break;
		case -ERESTART_RESTARTBLOCK:
			execute_again(regs, NR_restart_syscall);
			regs->orig_ax = -1;
			break;
		}
	}
	restore_saved_sigmask();
}

SYSCALL_DEFINE0(rt_sigreturn)
{
	struct pt_regs *user = current_pt_regs();
	struct task_struct *t = current;
	struct rt_sigframe frame;
	struct sigcontext *sc = &frame.uc.uc_mcontext;
	unsigned long sp = user->sp - 8; /* the handler's RET popped the restorer */

	if (copy_from_user(&frame, (void __user *)sp, sizeof(frame)))
		goto bad;
	if (sc->fpstate) {
		fpu_save_current();
		if (copy_from_user(t->thread.fxsave, (void __user *)sc->fpstate,
				   sizeof(t->thread.fxsave)))
			goto bad;
		fpu_sanitize(t->thread.fxsave);
		fpu_restore_current();
	}
	set_current_blocked(&frame.uc.uc_sigmask);
	user->r8 = sc->r8;
	user->r9 = sc->r9;
	user->r10 = sc->r10;
	user->r11 = sc->r11;
	user->r12 = sc->r12;
	user->r13 = sc->r13;
	user->r14 = sc->r14;
	user->r15 = sc->r15;
	user->di = sc->di;
	user->si = sc->si;
	user->bp = sc->bp;
	user->bx = sc->bx;
	user->dx = sc->dx;
	user->cx = sc->cx;
	user->sp = sc->sp;
	user->ip = sc->ip;
	user->flags = (user->flags & ~X86_EFLAGS_USER) | (sc->flags & X86_EFLAGS_USER);
	user->cs = __USER_CS;
	user->ss = __USER_DS;
	/* RCX and R11 come back too: the way out sees that only IRET can do that */
	user->orig_ax = -1;
	return sc->ax;
bad:
	force_sig(SIGSEGV);
	return 0;
}
