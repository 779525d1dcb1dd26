/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of an interrupted context, in the order entry.S pushes them,
 * which is Linux's. Lies at the very top of the kernel stack for entries from
 * user mode.
 */
#ifndef _ASM_PTRACE_H
#define _ASM_PTRACE_H

#ifdef __ASSEMBLER__
#define PT_R15	    0
#define PT_R14	    8
#define PT_R13	    16
#define PT_R12	    24
#define PT_RBP	    32
#define PT_RBX	    40
#define PT_R11	    48
#define PT_R10	    56
#define PT_R9	    64
#define PT_R8	    72
#define PT_RAX	    80
#define PT_RCX	    88
#define PT_RDX	    96
#define PT_RSI	    104
#define PT_RDI	    112
#define PT_ORIG_RAX 120
#define PT_RIP	    128
#define PT_CS	    136
#define PT_EFLAGS   144
#define PT_RSP	    152
#define PT_SS	    160
#define PT_SIZE	    168
#else

#include <linux/types.h>

struct pt_regs {
	/*   0 */ unsigned long r15;
	/*   8 */ unsigned long r14;
	/*  16 */ unsigned long r13;
	/*  24 */ unsigned long r12;
	/*  32 */ unsigned long bp;
	/*  40 */ unsigned long bx;
	/*  48 */ unsigned long r11;
	/*  56 */ unsigned long r10;
	/*  64 */ unsigned long r9;
	/*  72 */ unsigned long r8;
	/*  80 */ unsigned long ax;
	/*  88 */ unsigned long cx;
	/*  96 */ unsigned long dx;
	/* 104 */ unsigned long si;
	/* 112 */ unsigned long di;
	/* 120 */ unsigned long orig_ax; /* system call number, else -1 or the error code */
	/* 128 */ unsigned long ip;
	/* 136 */ unsigned long cs;
	/* 144 */ unsigned long flags;
	/* 152 */ unsigned long sp;
	/* 160 */ unsigned long ss;
};
_Static_assert(sizeof(struct pt_regs) == 168, "entry.S knows the layout");

#define user_mode(regs)		   ((regs)->cs & 3)
#define instruction_pointer(regs)  ((regs)->ip)
#define kernel_stack_pointer(regs) ((regs)->sp)
#define regs_return_value(regs)	   ((regs)->ax)

#endif
#endif
