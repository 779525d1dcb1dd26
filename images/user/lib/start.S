/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a program begins, how it calls the kernel, and how a signal handler returns: the instructions that C cannot express.
 * At entry RSP points at argc, argv[], NULL, envp[], NULL (System V ABI AMD64, 3.4.1); nothing else is promised.
 */
	.text
	.globl _start
	.type _start, @function
_start:
	xor	%ebp, %ebp
	mov	%rsp, %rdi
	and	$-16, %rsp
	call	start_program
	hlt

/*
 * syscall_raw(number, a, b, c, d, e, f): System V registers to the kernel's. SYSCALL destroys RCX and R11 (SDM 2B).
 */
	.globl syscall_raw
	.type syscall_raw, @function
syscall_raw:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	ret

	.globl syscall
	.type syscall, @function
syscall:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	mov	%rax, %rdi
	jmp	syscall_result

/*
 * The child of vfork runs on the parent's stack and would overwrite the return address, so it is kept in a register that the
 * kernel preserves. 58 = SYS_vfork.
 */
	.globl vfork
	.type vfork, @function
vfork:
	pop	%rdx
	mov	$58, %eax
	syscall
	push	%rdx
	mov	%rax, %rdi
	jmp	syscall_result

/* The kernel enters a handler with this as its return address (sa_restorer). 15 = SYS_rt_sigreturn. */
	.globl signal_restorer
	.type signal_restorer, @function
signal_restorer:
	mov	$15, %eax
	syscall
	hlt

	.section .note.GNU-stack, "", @progbits
