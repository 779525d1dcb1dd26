/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All ways into the kernel and out of it.
 *
 * Constraints:
 *  1. The frame on the stack is a complete struct pt_regs when C is called, and
 *     RBP holds its address + 1: the unwinder knows a register frame by the odd
 *     pointer and stops or refuses there (arch/unwind.c).
 *  2. %gs is the user's until SWAPGS. An entry from user mode swaps; an entry
 *     from kernel mode must not. NMI and double fault can come between an entry
 *     and its SWAPGS, so they set the GS base and put it back.
 *  3. Nothing here is traced (.noinstr.text): a call to a trampoline would need
 *     state that is not there yet.
 *  4. #BP from kernel mode leaves a gap of six words above its frame, so that
 *     poke_int3_handler() can act out a CALL by pushing onto the interrupted
 *     stack.
 *  5. User mode may have set AC: cleared before C runs (SDM 3A 4.6.1).
 */
#include <asm/page.h>
#include <asm/processor.h>
#include <asm/ptrace.h>
#include "registers.inc"

	.section .noinstr.text, "ax", @progbits

.macro CLEAR_AC
	cmpb	$0, smap_enabled(%rip)
	je	.Lno_smap\@
	clac
.Lno_smap\@:
.endm

/*
 * One stub per vector, 16 bytes apart. Vectors 8, 10-14, 17, 21, 29, 30 push an
 * error code (SDM 3A 6.15); the others get -1 in its place. Then the vector.
 */
	.balign 16
	.globl idt_stubs
	.type idt_stubs, @function
idt_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq	$-1
	.endif
	.if vector == 2 || vector == 8
	pushq	$vector
	jmp	paranoid_entry
	.elseif vector == 3
	jmp	int3_entry
	.else
	pushq	$vector
	jmp	common_entry
	.endif
	.set vector, vector + 1
	.endr
	.size idt_stubs, . - idt_stubs

	.balign 16
	.type int3_entry, @function
int3_entry:
	testb	$3, 16(%rsp)		/* orig, ip, cs */
	jnz	1f
	.rept 6
	pushq	40(%rsp)		/* the frame again, six words lower */
	.endr
1:	pushq	$3
	jmp	common_entry
	.size int3_entry, . - int3_entry

	/* stack: vector, orig_ax, ip, cs, flags, sp, ss */
	.type common_entry, @function
common_entry:
	testb	$3, 24(%rsp)
	jz	1f
	swapgs
1:	xchgq	%rdi, (%rsp)		/* RDI takes its place, the vector comes out */
	PUSH_REST
	cld
	movq	%rdi, %rsi
	CLEAR_AC
	movq	%rsp, %rdi
	leaq	1(%rsp), %rbp
	andq	$-16, %rsp
	call	exception_entry
	leaq	-1(%rbp), %rsp
	.globl return_from_exception
return_from_exception:
	testb	$3, PT_CS(%rsp)
	jz	1f
	POP_REGS
	popq	%rdi
	addq	$8, %rsp		/* orig_ax */
	swapgs
	iretq
1:	POP_REGS
	popq	%rdi
	addq	$8, %rsp
	iretq
	.size common_entry, . - common_entry

	/*
	 * NMI and double fault: on stacks of their own, GS base unknown (a program
	 * may have written any value with WRGSBASE). The word above the frame is
	 * the CPU's own; what was there before is put back.
	 */
	.type paranoid_entry, @function
paranoid_entry:
	xchgq	%rdi, (%rsp)
	PUSH_REST
	cld
	movq	%rdi, %r12		/* vector */
	CLEAR_AC
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%eax, %r13d
	movl	%edx, %r14d
	movl	PT_SIZE(%rsp), %eax
	movl	PT_SIZE+4(%rsp), %edx
	wrmsr
	movq	%rsp, %rdi
	movq	%r12, %rsi
	leaq	1(%rsp), %rbp
	andq	$-16, %rsp
	call	paranoid_exception
	leaq	-1(%rbp), %rsp
	movl	$MSR_GS_BASE, %ecx
	movl	%r13d, %eax
	movl	%r14d, %edx
	wrmsr
	POP_REGS
	popq	%rdi
	addq	$8, %rsp
	iretq
	.size paranoid_entry, . - paranoid_entry

	/*
	 * SYSCALL (SDM 2B): RCX = return address, R11 = flags, interrupts off by
	 * MSR_SYSCALL_MASK, the user's stack still in RSP.
	 */
	.balign 16
	.globl entry_SYSCALL_64
	.type entry_SYSCALL_64, @function
entry_SYSCALL_64:
	swapgs
	movq	%rsp, %gs:PCPU_USER_SP
	movq	%gs:PCPU_SP0, %rsp
	pushq	$__USER_DS
	pushq	%gs:PCPU_USER_SP
	pushq	%r11
	pushq	$__USER_CS
	pushq	%rcx
	pushq	%rax			/* orig_ax */
	pushq	%rdi
	PUSH_REST
	movq	$-38, PT_RAX(%rsp)	/* -ENOSYS */
	movq	%rsp, %rdi
	leaq	1(%rsp), %rbp
	andq	$-16, %rsp
	call	do_syscall_64
	leaq	-1(%rbp), %rsp
	testb	%al, %al
	jz	return_from_exception

	/* SYSRET: nobody has changed what it cannot restore */
	POP_REGS
	popq	%rdi
	movq	16 + 16(%rsp), %rsp	/* orig_ax, ip, cs, flags, [sp] */
	swapgs
	sysretq
	.size entry_SYSCALL_64, . - entry_SYSCALL_64

	/*
	 * First return of a new task, RAX = the task before, RBX = function of a
	 * kernel thread or 0, R12 = its argument.
	 */
	.globl ret_from_fork
	.type ret_from_fork, @function
ret_from_fork:
	movq	%rax, %rdi
	call	schedule_tail
	testq	%rbx, %rbx
	jz	1f
	movq	%r12, %rdi
	call	*%rbx
	/* it has become a user program (exec) */
1:	movq	%gs:PCPU_SP0, %rdi
	subq	$PT_SIZE, %rdi
	movq	%rdi, %rsp
	leaq	1(%rsp), %rbp
	andq	$-16, %rsp
	call	syscall_exit_to_user_mode
	leaq	-1(%rbp), %rsp
	jmp	return_from_exception
	.globl ret_from_fork_end
ret_from_fork_end:
	.size ret_from_fork, . - ret_from_fork

	/*
	 * switch_to_asm(&prev->thread.sp, next->thread.sp, prev): goes on where
	 * next left off; the return value is the task that ran before it.
	 * The layout of the saved words is struct inactive_task_frame.
	 */
	.globl switch_to_asm
	.type switch_to_asm, @function
switch_to_asm:
	PUSH_KEPT
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	POP_KEPT
	movq	%rdx, %rax
	ret
	.size switch_to_asm, . - switch_to_asm

	/*
	 * The only instructions that touch user memory. Each has an entry in
	 * __ex_table: on a fault execution goes on at the fixup, with what is
	 * left to copy in RCX.
	 */
.macro EXTABLE insn, fixup
	.pushsection __ex_table, "a"
	.quad	\insn, \fixup
	.popsection
.endm

	/* (to, from, n): bytes not copied */
	.globl copy_user_generic
	.type copy_user_generic, @function
copy_user_generic:
	movq	%rdx, %rcx
	shrq	$3, %rcx
	andl	$7, %edx
1:	rep movsq
	movl	%edx, %ecx
2:	rep movsb
	xorl	%eax, %eax
	ret
3:	leaq	(%rdx,%rcx,8), %rax
	ret
4:	movq	%rcx, %rax
	ret
	EXTABLE 1b, 3b
	EXTABLE 2b, 4b
	.size copy_user_generic, . - copy_user_generic

	/* (to, n): bytes not cleared */
	.globl clear_user_generic
	.type clear_user_generic, @function
clear_user_generic:
	movq	%rsi, %rcx
	xorl	%eax, %eax
1:	rep stosb
	ret
2:	movq	%rcx, %rax
	ret
	EXTABLE 1b, 2b
	.size clear_user_generic, . - clear_user_generic

	/* (user byte): 0-255, or -14 */
	.globl get_user_byte
	.type get_user_byte, @function
get_user_byte:
1:	movzbl	(%rdi), %eax
	ret
2:	movq	$-14, %rax
	ret
	EXTABLE 1b, 2b
	.size get_user_byte, . - get_user_byte

	.section .note.GNU-stack, "", @progbits
