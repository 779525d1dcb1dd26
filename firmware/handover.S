/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The position-independent stub that runs between two kernels. Contract, constraints and protocol: handover.h.
 *
 * Assembled into each kernel (section .rodata.handover) and copied by it to physical HANDOVER_STUB_PHYS. It uses relative
 * jumps only, no stack, no memory but the mailbox, and must not know anything of either kernel.
 */
#include "handover.h"

	.section .rodata.handover, "a", @progbits
	.code64
	.balign 64
	.globl handover_stub_start
	.globl handover_stub_end

handover_stub_start:

/*
 * RDI = mailbox, RSI = CPU index. In the loop: RBX = this CPU's slot, R8 = mailbox, R9 = CPU index.
 */
	.org HANDOVER_AP
	jmp	ap

	.org HANDOVER_BSP
	jmp	bsp

	.balign 16
ap:
	cld
	mov	%rdi, %r8
	mov	%rsi, %r9
	mov	%rsi, %r10
	shl	$HANDOVER_SLOT_SHIFT, %r10
	lea	HANDOVER_MB_SLOTS(%rdi, %r10), %r10
	movq	$HANDOVER_SLOT_WAITING, HANDOVER_SLOT_STATE(%r10)
	/* Everything this CPU stored as part of the old kernel is visible before the count says that it has left it. */
	lock incl HANDOVER_MB_APS_INSIDE(%r8)
1:
	pause
	mov	HANDOVER_SLOT_ENTRY(%r10), %r11
	test	%r11, %r11
	jz	1b

	/* The argument was stored before the entry; loads are not reordered with loads (SDM 3A 8.2.2). */
	mov	HANDOVER_SLOT_ARGUMENT(%r10), %r12
	movq	$0, HANDOVER_SLOT_ENTRY(%r10)
	movq	$HANDOVER_SLOT_LEFT, HANDOVER_SLOT_STATE(%r10)
	lock decl HANDOVER_MB_APS_INSIDE(%r8)
	mov	HANDOVER_MB_ROOT(%r8), %r13
	/* Serialize: the code at the entry was written by another CPU (SDM 3A 8.1.3). */
	xor	%eax, %eax
	xor	%ecx, %ecx
	cpuid
	mov	%r13, %rdi
	mov	%r9, %rsi
	mov	%r12, %rdx
	jmp	*%r11

	.balign 16
bsp:
	cld
	mov	%rdi, %r8
	mov	%rsi, %r9
2:
	pause
	mov	HANDOVER_MB_APS_INSIDE(%r8), %eax
	cmp	HANDOVER_MB_APS_EXPECTED(%r8), %eax
	jne	2b

	incq	HANDOVER_MB_SWITCHES(%r8)
	mov	HANDOVER_MB_BSP_ENTRY(%r8), %r11
	mov	HANDOVER_MB_ROOT(%r8), %r13
	xor	%eax, %eax
	xor	%ecx, %ecx
	cpuid
	mov	%r13, %rdi
	mov	%r9, %rsi
	mov	%r8, %rdx
	jmp	*%r11

handover_stub_end:
	.section .note.GNU-stack, "", @progbits
