/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a function returns to that has a return probe (trace/kretprobes.c).
 *
 * On entry the stack pointer is just above the place where the return address
 * stood, and that place is used again: with the link below it, it is a frame
 * like any other, whose return address the unwinder knows from the instance, and
 * at the end it is what RET takes. RAX and RDX are what the function returns.
 */
#include <asm/ptrace.h>

	.text
	.globl kretprobe_trampoline
	.type kretprobe_trampoline, @function
	.balign 16
kretprobe_trampoline:
	pushq	$kretprobe_trampoline	/* the place */
	pushq	%rbp
	movq	%rsp, %rbp
	pushfq
	subq	$PT_SIZE, %rsp
	movq	%rax, PT_RAX(%rsp)
	movq	%rbx, PT_RBX(%rsp)
	movq	%rcx, PT_RCX(%rsp)
	movq	%rdx, PT_RDX(%rsp)
	movq	%rsi, PT_RSI(%rsp)
	movq	%rdi, PT_RDI(%rsp)
	movq	%r8, PT_R8(%rsp)
	movq	%r9, PT_R9(%rsp)
	movq	%r10, PT_R10(%rsp)
	movq	%r11, PT_R11(%rsp)
	movq	%r12, PT_R12(%rsp)
	movq	%r13, PT_R13(%rsp)
	movq	%r14, PT_R14(%rsp)
	movq	%r15, PT_R15(%rsp)
	movq	(%rbp), %rax
	movq	%rax, PT_RBP(%rsp)
	movq	-8(%rbp), %rax
	movq	%rax, PT_EFLAGS(%rsp)
	leaq	16(%rbp), %rax
	movq	%rax, PT_RSP(%rsp)
	movl	%cs, %eax
	movq	%rax, PT_CS(%rsp)
	movl	%ss, %eax
	movq	%rax, PT_SS(%rsp)
	movq	$-1, PT_ORIG_RAX(%rsp)

	movq	%rsp, %rdi
	movq	%rsp, %rbx		/* the handler keeps RBX */
	andq	$-16, %rsp
	cld
	call	kretprobe_at_return
	movq	%rbx, %rsp
	movq	%rax, 8(%rbp)

	movq	PT_RAX(%rsp), %rax
	movq	PT_RBX(%rsp), %rbx
	movq	PT_RCX(%rsp), %rcx
	movq	PT_RDX(%rsp), %rdx
	movq	PT_RSI(%rsp), %rsi
	movq	PT_RDI(%rsp), %rdi
	movq	PT_R8(%rsp), %r8
	movq	PT_R9(%rsp), %r9
	movq	PT_R10(%rsp), %r10
	movq	PT_R11(%rsp), %r11
	movq	PT_R12(%rsp), %r12
	movq	PT_R13(%rsp), %r13
	movq	PT_R14(%rsp), %r14
	movq	PT_R15(%rsp), %r15
	addq	$PT_SIZE, %rsp
	popfq
	popq	%rbp
	ret
	.size kretprobe_trampoline, . - kretprobe_trampoline

	.section .note.GNU-stack, "", @progbits
