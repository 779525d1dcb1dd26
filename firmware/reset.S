/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the boot ROM that C cannot express: the reset vector, the way from real mode to 32-bit protected mode, the code
 * that application processors run to count themselves, and the jump into the kernel. It promises C a flat 32-bit environment
 * with a stack and a zeroed .bss, and the kernel the registers of firmware/README.md. It knows nothing of devices.
 */

#define CR0_PE		0x1
#define SELECTOR_CODE	0x08
#define SELECTOR_DATA	0x10
#define SELECTOR_TSS	0x18
#define SELECTOR_LINUX_CODE 0x10
#define SELECTOR_LINUX_DATA 0x18
#define CMOS_INDEX	0x70
#define CMOS_DATA	0x71
#define CMOS_SHUTDOWN	0x0f
#define SHUTDOWN_EOI	0x05	/* the program goes on at the pointer, after an end of interrupt */
#define SHUTDOWN_JUMP	0x0a	/* the same without */
#define RESUME_POINTER	0x467	/* 40:67 in the BIOS data area, offset and segment */
#define PIC_MASTER	0x20
#define PIC_SLAVE	0xa0

/* Where firmware.ld puts .real, within the last 64 KiB. */
#define REAL_OFFSET	0xff00

/* After reset CS.base = 0xffff0000, IP = 0xfff0 (SDM 3A 10.1.4): a near jump stays in the last 64 KiB. */
	.section .reset, "ax", @progbits
	.code16
	.globl reset_vector
reset_vector:
	jmp	real_start

	.section .real, "ax", @progbits
	.code16
real_start:
	cli
	cld
	/* A program that reset the processor to leave protected mode has said in CMOS where it goes on, and is asked once. */
	movb	$CMOS_SHUTDOWN, %al
	outb	%al, $CMOS_INDEX
	inb	$CMOS_DATA, %al
	cmpb	$SHUTDOWN_JUMP, %al
	je	resume
	cmpb	$SHUTDOWN_EOI, %al
	jne	start
	movb	$0x20, %al
	outb	%al, $PIC_SLAVE
	outb	%al, $PIC_MASTER
resume:
	xorb	%al, %al
	outb	%al, $CMOS_DATA
	ljmp	*RESUME_POINTER
start:
	/* DS.base is 0 after reset, the table is reached through CS. Offsets are of the last 64 KiB. */
	lgdtl	%cs:(REAL_OFFSET + rom_gdt_pointer - real_start)
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$SELECTOR_CODE, $protected_start

	.balign 8
rom_gdt_pointer:
	.word	rom_gdt_end - rom_gdt - 1
	.long	rom_gdt

	.text
	.code32
	.balign 8
	.globl rom_gdt
	.globl linux_gdt
rom_gdt:
	.quad	0
	.quad	0x00cf9a000000ffff	/* 0x08 code: base 0, limit 4 GiB, 32-bit */
	.quad	0x00cf92000000ffff	/* 0x10 data: base 0, limit 4 GiB */
	.quad	0x0000890000000067	/* 0x18 TSS: base 0, limit 0x67, as PVH asks for */
rom_gdt_end:
	/* What Linux's 32-bit protocol asks for: __BOOT_CS 0x10, __BOOT_DS 0x18. */
linux_gdt:
	.quad	0
	.quad	0
	.quad	0x00cf9a000000ffff
	.quad	0x00cf92000000ffff

protected_start:
	movw	$SELECTOR_DATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	movl	$stack_top, %esp
	xorl	%eax, %eax
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	rep stosb
	movl	$handoff_start, %edi
	movl	$handoff_end, %ecx
	subl	%edi, %ecx
	rep stosb
	call	boot
1:	hlt
	jmp	1b

/*
 * enter_kernel(gdt_pointer, eax, ebx, entry): does not return. The GDT is a copy in reserved RAM, because LTR writes the busy
 * bit and the kernel may still use the selectors after it has overwritten what the ROM used.
 */
	.globl enter_kernel
enter_kernel:
	movl	4(%esp), %ecx
	movl	8(%esp), %eax
	movl	12(%esp), %ebx
	movl	16(%esp), %edx
	lgdt	(%ecx)
	ljmp	$SELECTOR_CODE, $1f
1:	movw	$SELECTOR_DATA, %cx
	movw	%cx, %ds
	movw	%cx, %es
	movw	%cx, %fs
	movw	%cx, %gs
	movw	%cx, %ss
	movw	$SELECTOR_TSS, %cx
	ltr	%cx
	xorl	%ecx, %ecx
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	pushl	$0
	popfl
	jmp	*%edx

/* enter_linux(gdt_pointer, boot_params, entry): does not return. ESI = boot_params; EBP, EDI and EBX zero; interrupts off. */
	.globl enter_linux
enter_linux:
	movl	4(%esp), %ecx
	movl	8(%esp), %esi
	movl	12(%esp), %edx
	lgdt	(%ecx)
	ljmp	$SELECTOR_LINUX_CODE, $1f
1:	movw	$SELECTOR_LINUX_DATA, %cx
	movw	%cx, %ds
	movw	%cx, %es
	movw	%cx, %fs
	movw	%cx, %gs
	movw	%cx, %ss
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	pushl	$0
	popfl
	jmp	*%edx

/*
 * What an application processor runs, copied to a page below 1 MiB: SIPI starts it there with CS = page >> 4, IP = 0. It takes
 * a place in the table, writes its APIC ID there, reports, and halts until the INIT that puts it back to wait for a SIPI.
 */
	.section .rodata
	.code16
	.globl ap_start
	.globl ap_taken
	.globl ap_ready
	.globl ap_identifiers
	.globl ap_end
	.balign 16
ap_start:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	movl	$1, %eax
	cpuid
	shrl	$24, %ebx
	movw	$1, %si
	lock xaddw %si, (ap_taken - ap_start)
	cmpw	$AP_TABLE_SIZE, %si
	jae	1f
	movb	%bl, (ap_identifiers - ap_start)(%si)
1:	lock incw (ap_ready - ap_start)
2:	hlt
	jmp	2b

	.balign 4
ap_taken:
	.word	0
ap_ready:
	.word	0
	.set AP_TABLE_SIZE, 255
ap_identifiers:
	.fill	AP_TABLE_SIZE + 1, 1, 0
ap_end:

	.section .note.GNU-stack, "", @progbits
