/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code between a redirected function entry and the C handlers: one for all
 * ops, entered through the stub of one (trace/stubs.c).
 *
 * On entry every register holds what the function's caller left, and
 *
 *	 0(%rsp)	stub + 5; the ftrace_ops is at 8 in the stub
 *	 8(%rsp)	entry + 5
 *	16(%rsp)	return address of the function's caller
 *
 * Promise: a complete struct pt_regs describes the function's entry; what the
 * handler changes in it, but for sp, is what the function finds. If it changes
 * ip, execution goes on there, with the caller's return address on top of the
 * stack as if it had called that place itself.
 *
 * The rule of the frame. Two frames lead the unwinder from the handler to the
 * caller, and the first lies inside the pt_regs: its link is the word orig_ax,
 * its return address the word ip.
 *
 *	handler's frame   returns to   ftrace_caller
 *	{orig_ax, ip}     returns to   the function, or the version chosen
 *	{link, address}   returns to   the function's caller
 *
 * So the store by which a handler chooses where to go is the store that says so
 * on the stack: there is no instant at which a choice is made and not named.
 * Before the handler, the word names the function itself. In the instructions
 * that set the frames up and take them down, an interrupt's frame says that the
 * stack is not to be relied on (arch/unwind.c).
 */
#include <asm/ptrace.h>
#include <linux/ftrace.h>

#define CALLER_FRAME	PT_SIZE			/* above the pt_regs: link, address */
#define FLAGS_WORD	(CALLER_FRAME + 16)
#define STUB_WORD	(CALLER_FRAME + 24)	/* stays for as long as the ops is in use */
#define TARGET_WORD	(CALLER_FRAME + 32)	/* entry + 5; at the end, where to go */
#define CALLER_WORD	(CALLER_FRAME + 40)
#define STUB_TO_OPS	3			/* from stub + 5 */

	.text
	.globl ftrace_caller
	.type ftrace_caller, @function
	.balign 16
ftrace_caller:
	pushfq				/* the handler must not disturb flags */
	pushq	24(%rsp)		/* the caller's frame: its return address */
	pushq	%rbp			/* and its link */
	subq	$PT_SIZE, %rsp
	movq	%rdi, PT_RDI(%rsp)
	movq	%rsi, PT_RSI(%rsp)
	movq	%rdx, PT_RDX(%rsp)
	movq	%rcx, PT_RCX(%rsp)
	movq	%rax, PT_RAX(%rsp)
	movq	%r8, PT_R8(%rsp)
	movq	%r9, PT_R9(%rsp)
	movq	%r10, PT_R10(%rsp)
	movq	%r11, PT_R11(%rsp)
	movq	%rbx, PT_RBX(%rsp)
	movq	%rbp, PT_RBP(%rsp)
	movq	%r12, PT_R12(%rsp)
	movq	%r13, PT_R13(%rsp)
	movq	%r14, PT_R14(%rsp)
	movq	%r15, PT_R15(%rsp)
	movq	FLAGS_WORD(%rsp), %rax
	movq	%rax, PT_EFLAGS(%rsp)
	movl	%cs, %eax
	movq	%rax, PT_CS(%rsp)
	movl	%ss, %eax
	movq	%rax, PT_SS(%rsp)
	leaq	CALLER_WORD(%rsp), %rax
	movq	%rax, PT_RSP(%rsp)

	/* the four arguments: ip, parent_ip, ops, fregs */
	movq	TARGET_WORD(%rsp), %rdi
	movq	CALLER_WORD(%rsp), %rsi
	movq	STUB_WORD(%rsp), %rdx
	movq	STUB_TO_OPS(%rdx), %rdx
	movq	%rsp, %rcx

	/* the frame inside the registers */
	movq	%rdi, PT_RIP(%rsp)
	leaq	CALLER_FRAME(%rsp), %rax
	movq	%rax, PT_ORIG_RAX(%rsp)
	leaq	PT_ORIG_RAX(%rsp), %rbp

	subq	$5, %rdi		/* after the call -> the entry */
	movq	%rsp, %rbx		/* the handler keeps RBX */
	andq	$-16, %rsp
	cld
	call	*FTRACE_OPS_FUNC(%rdx)
	movq	%rbx, %rsp

	movq	PT_RIP(%rsp), %rax
	movq	%rax, TARGET_WORD(%rsp)
	movq	PT_EFLAGS(%rsp), %rax
	movq	%rax, FLAGS_WORD(%rsp)
	movq	PT_R15(%rsp), %r15
	movq	PT_R14(%rsp), %r14
	movq	PT_R13(%rsp), %r13
	movq	PT_R12(%rsp), %r12
	movq	PT_RBP(%rsp), %rbp
	movq	PT_RBX(%rsp), %rbx
	movq	PT_R11(%rsp), %r11
	movq	PT_R10(%rsp), %r10
	movq	PT_R9(%rsp), %r9
	movq	PT_R8(%rsp), %r8
	movq	PT_RAX(%rsp), %rax
	movq	PT_RCX(%rsp), %rcx
	movq	PT_RDX(%rsp), %rdx
	movq	PT_RSI(%rsp), %rsi
	movq	PT_RDI(%rsp), %rdi
	addq	$FLAGS_WORD, %rsp
	popfq
	leaq	8(%rsp), %rsp		/* the stub's word; flags are the caller's again */
	ret				/* to the target */
	.size ftrace_caller, . - ftrace_caller

	/* gcc names this symbol; with -mnop-mcount nothing calls it. */
	.globl __fentry__
	.type __fentry__, @function
__fentry__:
	ret
	.size __fentry__, . - __fentry__

	.section .note.GNU-stack, "", @progbits
