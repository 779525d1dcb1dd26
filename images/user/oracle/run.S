// SPDX-License-Identifier: GPL-2.0-or-later
// The one place where a form under test runs: loads every register from a context, calls the form, stores everything
// back. A fault comes back through the signal handler, which sends control to run_faulted with the registers already in
// the context.
//
// Promises: the form sees exactly the context's general registers (RSP excepted), flags, XMM0..3, MXCSR and, if asked
// for, x87 state. It must not know what a form does. Offsets are those of struct context in oracle.h.
.intel_syntax noprefix
.text
.globl run, run_faulted, restore_signal, _start
_start:
	xor	ebp, ebp
	mov	rdi, rsp
	and	rsp, -16
	call	main
	mov	edi, eax
	mov	eax, 60
	syscall

// run(struct context *context in RDI, code in RSI, uses_x87 in EDX)
run:
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	mov	[run_context], rdi
	mov	[run_code], rsi
	mov	[run_x87], edx
	mov	[run_stack], rsp
	ldmxcsr	[rdi + 192]
	movups	xmm0, [rdi + 128]
	movups	xmm1, [rdi + 144]
	movups	xmm2, [rdi + 160]
	movups	xmm3, [rdi + 176]
	test	edx, edx
	jz	1f
	frstor	[rdi + 208]
1:	push	qword ptr [rdi + 120]
	mov	rax, [rdi]
	mov	rcx, [rdi + 8]
	mov	rdx, [rdi + 16]
	mov	rbx, [rdi + 24]
	mov	rbp, [rdi + 32]
	mov	rsi, [rdi + 40]
	mov	r8, [rdi + 56]
	mov	r9, [rdi + 64]
	mov	r10, [rdi + 72]
	mov	r11, [rdi + 80]
	mov	r12, [rdi + 88]
	mov	r13, [rdi + 96]
	mov	r14, [rdi + 104]
	mov	r15, [rdi + 112]
	mov	rdi, [rdi + 48]
	popfq
	call	[run_code]
	mov	[run_rdi], rdi
	mov	rdi, [run_context]
	mov	[rdi], rax
	mov	[rdi + 8], rcx
	mov	[rdi + 16], rdx
	mov	[rdi + 24], rbx
	mov	[rdi + 32], rbp
	mov	[rdi + 40], rsi
	mov	[rdi + 56], r8
	mov	[rdi + 64], r9
	mov	[rdi + 72], r10
	mov	[rdi + 80], r11
	mov	[rdi + 88], r12
	mov	[rdi + 96], r13
	mov	[rdi + 104], r14
	mov	[rdi + 112], r15
	mov	rax, [run_rdi]
	mov	[rdi + 48], rax
	pushfq
	pop	qword ptr [rdi + 120]
run_faulted:
	cld
	mov	rsp, [run_stack]
	mov	rdi, [run_context]
	movups	[rdi + 128], xmm0
	movups	[rdi + 144], xmm1
	movups	[rdi + 160], xmm2
	movups	[rdi + 176], xmm3
	stmxcsr	[rdi + 192]
	cmp	dword ptr [run_x87], 0
	je	1f
	fnsave	[rdi + 208]
1:	pop	r15
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
run_context:	.skip 8
run_code:	.skip 8
run_stack:	.skip 8
run_rdi:	.skip 8
run_x87:	.skip 8
.section .note.GNU-stack, "", @progbits
