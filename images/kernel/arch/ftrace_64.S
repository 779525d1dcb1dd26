/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code between a patched function entry and the C handlers.
 *
 * On entry, by the `call` that replaced the NOP at a function's first byte:
 *	(%rsp)	address after the call: entry + 5
 *	8(%rsp)	return address of the function's caller
 * and every register holds what the caller left, arguments included.
 *
 * Promise: a complete struct pt_regs describes the function's entry; if the
 * handler changes its ip, execution goes on there, with the caller's return
 * address on top of the stack as if it had called that place itself.
 *
 * The bytes from ftrace_regs_caller to ftrace_regs_caller_end are a template:
 * trace/trampoline.c copies them for each ops and rewrites the two operands
 * marked below. Hence no relative references out of the template but those.
 */
#define R15	0
#define R14	8
#define R13	16
#define R12	24
#define RBP	32
#define RBX	40
#define R11	48
#define R10	56
#define R9	64
#define R8	72
#define RAX	80
#define RCX	88
#define RDX	96
#define RSI	104
#define RDI	112
#define ORIG_RAX 120
#define RIP	128
#define CS	136
#define EFLAGS	144
#define RSP	152
#define SS	160
#define PT_REGS_SIZE 168

	.text
	.globl ftrace_regs_caller, ftrace_regs_caller_end
	.globl ftrace_regs_caller_ops, ftrace_regs_caller_call
	.type ftrace_regs_caller, @function
	.balign 16
ftrace_regs_caller:
	pushfq				/* the handler must not disturb flags */
	/* A frame that returns to the caller, for the unwinder: the function has none yet. */
	pushq	16(%rsp)		/* its return address */
	pushq	%rbp
	movq	%rsp, %rbp
	subq	$PT_REGS_SIZE, %rsp
	movq	%r15, R15(%rsp)
	movq	%r14, R14(%rsp)
	movq	%r13, R13(%rsp)
	movq	%r12, R12(%rsp)
	movq	%rbx, RBX(%rsp)
	movq	%r11, R11(%rsp)
	movq	%r10, R10(%rsp)
	movq	%r9, R9(%rsp)
	movq	%r8, R8(%rsp)
	movq	%rax, RAX(%rsp)
	movq	%rcx, RCX(%rsp)
	movq	%rdx, RDX(%rsp)
	movq	%rsi, RSI(%rsp)
	movq	%rdi, RDI(%rsp)
	movq	$0, ORIG_RAX(%rsp)
	movq	(%rbp), %rax
	movq	%rax, RBP(%rsp)
	movq	24(%rbp), %rdi		/* entry + 5 */
	movq	%rdi, RIP(%rsp)
	movq	16(%rbp), %rax		/* flags */
	movq	%rax, EFLAGS(%rsp)
	leaq	32(%rbp), %rax		/* where the caller's return address is */
	movq	%rax, RSP(%rsp)
	movq	%cs, %rax
	movq	%rax, CS(%rsp)
	movq	%ss, %rax
	movq	%rax, SS(%rsp)

	subq	$5, %rdi		/* ip: the function's entry */
	movq	8(%rbp), %rsi		/* parent_ip */
ftrace_regs_caller_ops:
	movabsq	$0, %rdx		/* rewritten: the ftrace_ops */
	movq	%rsp, %rcx		/* fregs */
	cld
	movq	%rsp, %rbx		/* RBX is saved; keep the frame over the call */
	andq	$-16, %rsp
ftrace_regs_caller_call:
	call	ftrace_stub		/* rewritten: the handler */
	movq	%rbx, %rsp

	movq	RIP(%rsp), %rax		/* where to go: entry + 5, or what the handler chose */
	movq	%rax, 24(%rbp)
	movq	R15(%rsp), %r15
	movq	R14(%rsp), %r14
	movq	R13(%rsp), %r13
	movq	R12(%rsp), %r12
	movq	RBX(%rsp), %rbx
	movq	R11(%rsp), %r11
	movq	R10(%rsp), %r10
	movq	R9(%rsp), %r9
	movq	R8(%rsp), %r8
	movq	RAX(%rsp), %rax
	movq	RCX(%rsp), %rcx
	movq	RDX(%rsp), %rdx
	movq	RSI(%rsp), %rsi
	movq	RDI(%rsp), %rdi
	movq	%rbp, %rsp
	popq	%rbp
	leaq	8(%rsp), %rsp		/* the caller's return address, kept for the unwinder */
	popfq
	ret
ftrace_regs_caller_end:
	.size ftrace_regs_caller, . - ftrace_regs_caller

	.globl ftrace_stub
	.type ftrace_stub, @function
ftrace_stub:
	ret
	.size ftrace_stub, . - ftrace_stub

	/* gcc names this symbol; with -mnop-mcount nothing calls it. */
	.globl __fentry__
	.type __fentry__, @function
__fentry__:
	ret
	.size __fentry__, . - __fentry__

	.section .note.GNU-stack, "", @progbits
