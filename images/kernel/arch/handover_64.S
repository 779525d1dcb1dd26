/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The jumps into the stub between two kernels, and the places it jumps to
 * (firmware/handover.h: registers at each entry). Interrupts are off throughout.
 */
#include <asm/page.h>
#include <asm/processor.h>
#include "registers.inc"

	.section .noinstr.text, "ax", @progbits

	/*
	 * handover_jump(mailbox, cpu, entry): leaves this kernel. Returns when the
	 * stub comes to handover_return with the same CPU index. What a function
	 * keeps is on the stack; what else the CPU has is the caller's business.
	 */
	.globl handover_jump
	.type handover_jump, @function
handover_jump:
	PUSH_KEPT
	leaq	handover_saved_sp(%rip), %rax
	movq	%rsp, (%rax,%rsi,8)
	jmp	*%rdx
	.size handover_jump, . - handover_jump

	/* RSI = CPU index; nothing else is known, GS least of all */
	.globl handover_return
	.type handover_return, @function
handover_return:
	leaq	handover_saved_sp(%rip), %rax
	movq	(%rax,%rsi,8), %rsp
	POP_KEPT
	ret
	.size handover_return, . - handover_return

	/* The first CPU arrives: RDI = root, RSI = CPU index, RDX = mailbox. */
	.globl handover_entry
	.type handover_entry, @function
handover_entry:
	leaq	init_stack + THREAD_SIZE(%rip), %rsp
	xorl	%ebp, %ebp
	call	liveupdate_arrive
	ud2
	.size handover_entry, . - handover_entry

	/* Another CPU arrives: RDI = root, RSI = CPU index, RDX = top of its idle task's stack. */
	.globl handover_entry_secondary
	.type handover_entry_secondary, @function
handover_entry_secondary:
	movq	%rdx, %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	call	start_secondary
	ud2
	.size handover_entry_secondary, . - handover_entry_secondary

	.section .bss, "aw", @nobits
	.balign 8
handover_saved_sp:
	.skip	NR_CPUS * 8

	.section .note.GNU-stack, "", @progbits
