/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How another CPU gets from real mode to C.
 *
 * smp.c copies ap_trampoline_start..ap_trampoline_end to AP_TRAMPOLINE_PHYS,
 * fills the words at its end and sends INIT and SIPI (SDM 3A 8.4.4). One CPU at
 * a time. The code is position dependent on AP_TRAMPOLINE_PHYS; it runs on the
 * boot page tables, whose identity map covers it, and leaves for the kernel's.
 */
#include <asm/page.h>
#include <asm/processor.h>

#define HERE(sym)	(AP_TRAMPOLINE_PHYS + (sym) - ap_trampoline_start)

	.section .rodata, "a"
	.globl ap_trampoline_start, ap_trampoline_end
	.globl ap_trampoline_boot_cr3, ap_trampoline_cr3, ap_trampoline_stack
	.globl ap_trampoline_cpu, ap_trampoline_entry
	.balign 16
	.code16
ap_trampoline_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	lgdtl	HERE(ap_gdt_descriptor)
	movl	$0x11, %eax		/* ET PE */
	movl	%eax, %cr0
	ljmpl	$0x08, $HERE(ap_32)
	.code32
ap_32:
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	HERE(ap_trampoline_boot_cr3), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME | EFER_SCE | EFER_NX, %eax
	wrmsr
	movl	$0x80050033, %eax
	movl	%eax, %cr0
	ljmp	$0x10, $HERE(ap_64)
	.code64
ap_64:
	movl	$HERE(ap_trampoline_boot_cr3), %ebx
	movq	32(%rbx), %rax		/* entry: secondary_startup_64 */
	jmp	*%rax

	.balign 8
ap_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
ap_gdt_descriptor:
	.word	31
	.long	HERE(ap_gdt)
	.balign 8
ap_trampoline_boot_cr3:	.quad 0
ap_trampoline_cr3:	.quad 0
ap_trampoline_stack:	.quad 0
ap_trampoline_cpu:	.quad 0
ap_trampoline_entry:	.quad 0
ap_trampoline_end:

	.text
	/* high address; RBX = physical address of the words above */
	.globl secondary_startup_64
	.type secondary_startup_64, @function
secondary_startup_64:
	movq	16(%rbx), %rsp
	movq	24(%rbx), %rdi
	movq	8(%rbx), %rax
	movq	%rax, %cr3
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	xorl	%ebp, %ebp
	call	start_secondary
	ud2
	.size secondary_startup_64, . - secondary_startup_64

	.section .note.GNU-stack, "", @progbits
