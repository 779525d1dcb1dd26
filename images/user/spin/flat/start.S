// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The start of a flat image of the kernels, linked and loaded at 1 MiB. The
 * 64-bit and the 32-bit image are laid out alike:
 *
 *	+0x00	Multiboot header; in both images, though only 32-bit loaders use it
 *	+0x20	"TKRN", the number of kernels, the address of their names
 *	+0x40	runs what the request at 0x9000 asks for and halts at +0x4a
 *	+0x50	(32-bit) serves requests over COM1 for ever: flat/serial.c
 *
 * The request: kernel number, rounds, result; 32 bits each. The stack ends at
 * 0x90000, where a caller needs nothing. Memory up to 20 MiB must exist.
 */
	.section .start, "ax"
	.globl start
start:
	.long 0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	.long start, start, data_end, bss_end, serve

	.org 0x20
	.ascii "TKRN"
	.long kernel_count_value, kernel_names

	.org 0x40
	mov $0x90000, %esp
	call run_request
	hlt

	.org 0x50
#ifdef __i386__
serve:
	mov $0x90000, %esp
	mov %cr0, %eax
	and $~0xc, %eax		/* EM, TS */
	or $2, %eax		/* MP */
	mov %eax, %cr0
	mov %cr4, %eax
	or $0x600, %eax		/* OSFXSR, OSXMMEXCPT */
	mov %eax, %cr4
	call serve_serial
#else
serve:
#endif
	hlt
	.section .note.GNU-stack, "", @progbits
