; SPDX-License-Identifier: GPL-2.0-or-later
; The first patch once more, without a compiler: /proc/cmdline says that it has
; been live patched. cmdline_proc_show(struct seq_file *m, void *v) gets m in
; rdi; seq_puts(m, text) takes the text in rsi.

.patch cmdline_proc_show
	push rbp			; a frame, so that the stack can be unwound
	mov rbp, rsp
	lea rsi, [rip + text]
	call seq_puts
	xor eax, eax
	pop rbp
	ret

.rodata
text:
	.asciz "assembled_cmdline: this has been live patched\n"
