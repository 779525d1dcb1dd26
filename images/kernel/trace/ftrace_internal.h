/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of trace/ only. */
#ifndef _TRACE_FTRACE_INTERNAL_H
#define _TRACE_FTRACE_INTERNAL_H

#include <linux/ftrace.h>

unsigned long ftrace_create_trampoline(struct ftrace_ops *ops, ftrace_func_t func,
				       unsigned long *size);
void ftrace_free_trampoline(unsigned long trampoline);

/* trace/quiesce.c: returns when no task can be inside [@start, @start + @size). */
void ftrace_wait_trampoline_unused(unsigned long start, unsigned long size);

/* trace/filter.c: is @ip among the functions @ops wants? */
bool ftrace_ops_test(const struct ftrace_ops *ops, unsigned long ip);

#endif
