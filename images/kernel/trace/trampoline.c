// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One trampoline per ftrace_ops: a copy of ftrace_regs_caller with the ops
 * pointer and the handler's address written into it.
 *
 * Why a copy each: the common trampoline would have to search for the ops; a
 * copy knows it, so a patched call costs one direct call. Promises: the copy
 * lies within reach of a rel32 call from the kernel's and any module's text, is
 * read-only and executable before anyone can call it, and is freed only after
 * nobody can be in it. Must not know who registers the ops.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/module.h>
#include <linux/ftrace.h>
#include "ftrace_internal.h"

extern char ftrace_regs_caller[], ftrace_regs_caller_end[];
extern char ftrace_regs_caller_ops[], ftrace_regs_caller_call[];

/* Offsets of the operands: movabs is 48 BA imm64, call is E8 rel32. */
#define MOVABS_OPERAND	2
#define CALL_OPERAND	1

static void rewrite_copy(char *copy, struct ftrace_ops *ops, ftrace_func_t func)
{
	unsigned long call = ftrace_regs_caller_call - ftrace_regs_caller;
	unsigned long pointer = ftrace_regs_caller_ops - ftrace_regs_caller;
	s32 disp = (long)func - (long)(copy + call + MCOUNT_INSN_SIZE);

	memcpy(copy + pointer + MOVABS_OPERAND, &ops, sizeof(ops));
	memcpy(copy + call + CALL_OPERAND, &disp, sizeof(disp));
}

/* A trampoline that calls @func with @ops; 0 and @size untouched if memory is out. */
unsigned long ftrace_create_trampoline(struct ftrace_ops *ops, ftrace_func_t func,
				       unsigned long *size)
{
	unsigned long length = ftrace_regs_caller_end - ftrace_regs_caller;
	char *copy = module_alloc(length);

	if (!copy)
		return 0;
	memcpy(copy, ftrace_regs_caller, length);
	rewrite_copy(copy, ops, func);
	set_module_memory(copy, length, false, true);
	*size = length;
	return (unsigned long)copy;
}

void ftrace_free_trampoline(unsigned long trampoline)
{
	if (trampoline)
		module_memfree((void *)trampoline);
}
