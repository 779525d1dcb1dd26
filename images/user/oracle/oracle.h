// SPDX-License-Identifier: GPL-2.0-or-later
// What the generated table of forms and the program share. Offsets of struct context are known to run.S.
#ifndef ORACLE_H
#define ORACLE_H

#include "host.h"

enum { RAX, RCX, RDX, RBX, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REGISTERS };

struct context {
	u64 registers[REGISTERS]; /*   0 */
	u64 flags;		  /* 120 */
	u64 xmm[4][2];		  /* 128 */
	u32 mxcsr;		  /* 192 */
	u32 reserved[3];
	u8 x87[112];	    /* 208: an FNSAVE image of 108 bytes */
	u64 source[8];	    /* 320: memory at RSI */
	u64 destination[8]; /* 384: memory at RDI */
} __attribute__((aligned(64)));

/* How the operands of a form's cases are chosen. */
enum kind {
	KIND_INTEGER, /* corner and random values in all registers and in memory */
	KIND_STRING,  /* RCX small, RSI and RDI at memory */
	KIND_VECTOR,  /* integer lanes in XMM and memory */
	KIND_SINGLE,  /* single-precision values, many MXCSR */
	KIND_DOUBLE,
	KIND_X87,	  /* 80-bit values on the stack, many control words */
	KIND_X87_INTEGER, /* the same, with integers of all sizes in memory */
	KIND_MMX,
	KIND_PAGE,    /* RBX points just below a page that does not exist */
	KIND_CONVERT, /* integers in registers and memory, many MXCSR */
};

struct form {
	const char *name;
	const u8 *code;
	u32 kind;
	u32 flags; /* those that the manual defines after it */
	u32 cases;
	u32 approximate; /* results differ between processors: only run by name */
};

extern const struct form forms[];
extern const u32 form_count;
void run(struct context *, const u8 *code, u32 uses_x87);
extern char run_faulted[];

#endif
