/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the loader to C.
 *
 * Entered by the PVH protocol: 32-bit protected mode, paging off, flat
 * segments, EBX = physical address of struct hvm_start_info. Leaves in 64-bit
 * mode at start_kernel_pvh() on the stack of task 0, with page tables that map
 *	0 .. 1 GiB at 0 and at PAGE_OFFSET, and the image at its link address;
 * arch/paging.c replaces them. They stay for CPUs that start later, which come
 * through the identity map (arch/trampoline.S).
 */
#include <asm/page.h>
#include <asm/processor.h>

#define PHYS(sym)	((sym) - KERNEL_LINK_BASE + ARENA_A_PHYS)

	.section .note.pvh, "a", @note
	.balign 4
	.long	4, 8, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.quad	pvh_start_phys

	.section .head.text, "ax", @progbits
	.code32
	.globl pvh_start
	.type pvh_start, @function
pvh_start:
	cld
	cli
	/* the loader need not have cleared .bss */
	movl	$PHYS(__bss_start), %edi
	movl	$PHYS(__bss_stop), %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl

	/* PML4: slots 0 and 273 the first GiB, slot 511 the image */
	movl	$PHYS(boot_pml4), %edi
	movl	$PHYS(boot_pdpt_low) + 3, (%edi)
	movl	$PHYS(boot_pdpt_low) + 3, 273 * 8(%edi)
	movl	$PHYS(boot_pdpt_high) + 3, 511 * 8(%edi)
	movl	$PHYS(boot_pd_low) + 3, PHYS(boot_pdpt_low)
	movl	$PHYS(boot_pd_high) + 3, PHYS(boot_pdpt_high) + 510 * 8
	movl	$PHYS(boot_pd_low), %edi
	movl	$0x83, %eax		/* present, writable, 2 MiB */
	movl	$512, %ecx
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b
	movl	$PHYS(boot_pd_high), %edi
	movl	$ARENA_A_PHYS + 0x83, %eax
	movl	$ARENA_SIZE / 0x200000, %ecx
2:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	2b

	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_pml4), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME | EFER_SCE | EFER_NX, %eax
	wrmsr
	movl	$0x80050033, %eax	/* PG AM WP NE ET MP PE */
	movl	%eax, %cr0
	lgdt	PHYS(boot_gdt_descriptor)
	ljmp	$__KERNEL_CS, $PHYS(start_64)

	.code64
start_64:
	movl	$__KERNEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movq	$start_high, %rax
	jmp	*%rax
start_high:
	leaq	init_stack + THREAD_SIZE(%rip), %rsp
	xorl	%ebp, %ebp		/* the last frame */
	movl	%ebx, %edi
	call	start_kernel_pvh
	ud2
	.size pvh_start, . - pvh_start

	.balign 8
	.globl boot_gdt
boot_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 08: 32-bit code */
	.quad	0x00af9b000000ffff	/* 10: 64-bit code */
	.quad	0x00cf93000000ffff	/* 18: data */
boot_gdt_end:
	.globl boot_gdt_descriptor
boot_gdt_descriptor:
	.word	boot_gdt_end - boot_gdt - 1
	.long	PHYS(boot_gdt)
	.long	0

	.section .bss.page_aligned, "aw", @nobits
	.balign 4096
	.globl boot_pml4
boot_pml4:	.skip 4096
boot_pdpt_low:	.skip 4096
boot_pdpt_high:	.skip 4096
boot_pd_low:	.skip 4096
boot_pd_high:	.skip 4096
	.balign THREAD_SIZE
	.globl init_stack
init_stack:	.skip THREAD_SIZE

	.section .note.GNU-stack, "", @progbits
