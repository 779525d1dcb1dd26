// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A 64 KiB boot ROM for tests of the machine: every vCPU mixes numbers into shared memory under a LOCK, with its own
 * APIC timer, halts now and then, and CPU 0 echoes what it receives. 'q' exits with status (3 << 1) | 1, 'o' powers
 * off, 'r' resets, 't' triple-faults, 'h' halts CPU 0 with interrupts off.
 *
 *   0x1000 IDT    0x3000 + 4 * id timer ticks    0x3100 shared sum    0x3200 + 4 * id local mix    0x3300 CPUs up
 */
	.section .text, "ax"
	.code16
	.org 0x0
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
gdtr:
	.word 23
	.long 0xffff0000
idtr:
	.word 0x7ff
	.long 0x1000

	.org 0x40
bsp16:
	cli
	movl $bsp32, %ebx
	jmp enter32
	.org 0x60
ap16:
	cli
	movl $cpu32, %ebx
enter32:
	movw %cs, %ax
	movw %ax, %ds
	lgdtl 0x18
	movl %cr0, %eax
	orl $1, %eax
	movl %eax, %cr0
	ljmpl $8, $flat

	.code32
flat:
	movw $0x10, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	jmp *%ebx

bsp32:
	movl $0x70000, %esp
	/* far jump F000:0060 at 0x8000, for the others */
	movb $0xea, 0x8000
	movl $0xf0000060, 0x8001
	/* IDT: vector 0x20 timer, 0x30 UART */
	movl $0x1000 + 8 * 0x20, %edi
	movl $timer, %eax
	call gate
	movl $0x1000 + 8 * 0x30, %edi
	movl $uart, %eax
	call gate
	/* 8259s masked; UART: FIFO with trigger 1, receive interrupt; I/O APIC pin 4 -> vector 0x30, CPU 0 */
	movb $0xff, %al
	outb %al, $0x21
	outb %al, $0xa1
	movw $0x3fa, %dx
	movb $1, %al
	outb %al, %dx
	movw $0x3f9, %dx
	outb %al, %dx
	movl $0x18, 0xfec00000
	movl $0x30, 0xfec00010
	movl $0x1ff, 0xfee000f0
	movl $0xc4500, 0xfee00300
	movl $2000, %ecx
1:	loop 1b
	movl $0xc4608, 0xfee00300
cpu32:
	movl 0xfee00020, %ebp
	shrl $24, %ebp
	movl %ebp, %eax
	shll $12, %eax
	movl $0x70000, %esp
	subl %eax, %esp
	lidtl 0xffff001e
	lock incl 0x3300
	movl $0x1ff, 0xfee000f0
	movl $0x20020, 0xfee00320
	movl $0xb, 0xfee003e0
	movl %ebp, %eax
	imull $777, %eax
	addl $3000, %eax
	movl %eax, 0xfee00380
	sti
	leal 1(%ebp), %esi
main:
	movl $200, %ecx
2:	imull $1103515245, %esi
	addl $12345, %esi
	movl %esi, %eax
	lock xaddl %eax, 0x3100
	addl %eax, %esi
	roll $7, %esi
	movl %esi, 0x3200(, %ebp, 4)
	loop 2b
	testl $0x30000, %esi
	jnz main
	hlt
	jmp main

gate:
	movw %ax, (%edi)
	movw $8, 2(%edi)
	movw $0x8e00, 4(%edi)
	shrl $16, %eax
	movw %ax, 6(%edi)
	ret

timer:
	lock incl 0x3000(, %ebp, 4)
	movl $0, 0xfee000b0
	iret

uart:
	pushl %eax
	pushl %edx
	/* Edge triggered: the line falls, and can rise again, only when the FIFO is empty. */
more:	movw $0x3fd, %dx
	inb %dx, %al
	testb $1, %al
	jz done
	movw $0x3f8, %dx
	inb %dx, %al
	outb %al, %dx
	cmpb $'q', %al
	je quit
	cmpb $'o', %al
	je off
	cmpb $'r', %al
	je again
	cmpb $'t', %al
	je fault
	cmpb $'h', %al
	je stop
	jmp more
done:	movl $0, 0xfee000b0
	popl %edx
	popl %eax
	iret
quit:
	movb $3, %al
	movw $0x501, %dx
	outb %al, %dx
	jmp stop
off:
	movw $0x2000, %ax
	movw $0x604, %dx
	outw %ax, %dx
	jmp stop
again:
	movb $6, %al
	movw $0xcf9, %dx
	outb %al, %dx
	jmp stop
fault:
	movl $0, 0x1000
	movl $0, 0x1004
	movl $0, 0x1040
	movl $0, 0x1044
	movl $0, 0x1068
	movl $0, 0x106c
	ud2
stop:
	cli
	hlt
	jmp stop

	.org 0xfff0
	.code16
	jmp bsp16
	.org 0x10000
