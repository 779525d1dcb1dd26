// SPDX-License-Identifier: GPL-2.0-or-later
// Runs one case: every register from its record, by IRETQ into 64- or 32-bit code, and back by the signal of whatever ends it.
//
// Promises: the case sees exactly the record's registers, flags and FXSAVE image; after its signal the program goes on behind run_case. Offsets
// are those of struct test_case in cases.c.
.intel_syntax noprefix
.text
.globl _start, has_avx, run_case, leave_case, signal_entry, restore_signal
_start:
	xor	ebp, ebp
	and	rsp, -16
	call	main
	mov	edi, eax
	mov	eax, 231
	syscall

// run_case(const struct test_case *in RDI)
run_case:
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	mov	[rip + own_stack], rsp
	mov	eax, 0x2b
	mov	ds, eax
	mov	es, eax
	cmp	dword ptr [rip + has_avx], 0
	je	1f
	mov	eax, 7
	xor	edx, edx
	xrstor	[rdi + 256]
	jmp	2f
1:	fxrstor	[rdi + 256]
2:	mov	eax, 0x2b
	push	rax			// SS
	push	qword ptr [rdi + 32]	// RSP
	push	qword ptr [rdi + 128]	// RFLAGS
	mov	ecx, 0x33
	mov	edx, 0x23
	cmp	dword ptr [rdi + 144], 0
	cmovne	ecx, edx
	push	rcx
	push	qword ptr [rdi + 136]	// RIP
	mov	rax, [rdi]
	mov	rcx, [rdi + 8]
	mov	rdx, [rdi + 16]
	mov	rbx, [rdi + 24]
	mov	rbp, [rdi + 40]
	mov	rsi, [rdi + 48]
	mov	r8, [rdi + 64]
	mov	r9, [rdi + 72]
	mov	r10, [rdi + 80]
	mov	r11, [rdi + 88]
	mov	r12, [rdi + 96]
	mov	r13, [rdi + 104]
	mov	r14, [rdi + 112]
	mov	r15, [rdi + 120]
	mov	rdi, [rdi + 56]
	iretq

// The case may have left AC, NT or DF set.
signal_entry:
	push	2
	popfq
	call	on_signal
	ud2

leave_case:
	mov	rsp, [rip + own_stack]
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	ret

restore_signal:
	mov	eax, 15
	syscall

.bss
.balign 8
own_stack:	.skip 8
has_avx:	.skip 4
.section .note.GNU-stack, "", @progbits
