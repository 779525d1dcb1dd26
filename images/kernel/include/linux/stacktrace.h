/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking stacks by frame pointers. The reliable walk lists every function
 * that is live on a stack or returns an error: it refuses interrupted frames,
 * return addresses outside known text, and stacks that do not end where a
 * kernel stack must end.
 */
#ifndef _LINUX_STACKTRACE_H
#define _LINUX_STACKTRACE_H

#include <linux/types.h>

struct task_struct;
struct pt_regs;

unsigned int stack_trace_save_tsk(struct task_struct *, unsigned long *store, unsigned int size,
				  unsigned int skip);
/* entries, or -EINVAL (unreliable), -ENOSPC (deeper than size); the task must not be running, or be current */
int stack_trace_save_tsk_reliable(struct task_struct *, unsigned long *store, unsigned int size);
void show_regs(struct pt_regs *);
void show_trace(struct pt_regs *regs, struct task_struct *);

struct unwind_state {
	struct task_struct *task;
	unsigned long next;   /* RBP to follow: even a frame, odd registers, 0 the end */
	unsigned long ip;     /* where this function is; 0 at user registers */
	struct pt_regs *regs; /* this entry is an interrupted context */
	bool error;
	bool done; /* no more entries: ip is void */
};
void unwind_start(struct unwind_state *, struct task_struct *, struct pt_regs *);
void unwind_next_frame(struct unwind_state *);

#endif
