// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walking a stack by frame pointers, and saying whether the walk can be relied on.
 *
 * A frame is two words: the caller's RBP, and the return address, which a return
 * probe may keep (kretprobe_real_address()). Entry code
 * leaves an odd RBP: a struct pt_regs lies at RBP - 1, so an interrupted context
 * shows. The reliable walk fails (-EINVAL) when
 *  - it meets registers of kernel mode: the interrupted function may not have
 *    set up its frame, its caller would be missed;
 *  - a return address is not in known text, or a frame does not lie above the
 *    one before, inside the stack;
 *  - the walk does not end where a kernel stack has to end: user registers at
 *    the very top, or the frame of ret_from_fork() for a kernel thread, or RBP 0
 *    of a CPU's start-up code for an idle task.
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include "arch.h"

#define MAX_FRAMES 100

static bool on_stack(struct task_struct *task, const void *p, size_t size)
{
	unsigned long at = (unsigned long)p, start = (unsigned long)task->stack;

	return at >= start && at + size <= start + THREAD_SIZE && !(at & 7);
}

static void stop(struct unwind_state *state, bool error)
{
	state->ip = 0;
	state->done = true;
	state->error = error;
}

/* Goes to the caller; frames only ever go up the stack. */
void unwind_next_frame(struct unwind_state *state)
{
	unsigned long at = state->next;

	state->regs = NULL;
	if (!at) {
		stop(state, false);
	} else if (at & 1) {
		struct pt_regs *regs = (struct pt_regs *)(at - 1);

		if (!on_stack(state->task, regs, sizeof(*regs))) {
			stop(state, true);
			return;
		}
		state->regs = regs;
		state->ip = user_mode(regs) ? 0 : regs->ip;
		state->next = user_mode(regs) ? 0 : regs->bp;
	} else if (!on_stack(state->task, (void *)at, 16)) {
		stop(state, true);
	} else {
		unsigned long *frame = (unsigned long *)at;

		state->ip = kretprobe_real_address(state->task, &frame[1], frame[1]);
		state->next = frame[0];
		if (state->next && (state->next & ~1UL) <= at)
			state->next = 2; /* down the stack: the next step fails */
	}
}

/*
 * The first entry is the interrupted function if @regs are given; else the
 * caller of the caller for the current task, or the place where a sleeping task
 * left the CPU.
 */
void unwind_start(struct unwind_state *state, struct task_struct *task, struct pt_regs *regs)
{
	struct inactive_task_frame *frame;

	state->task = task;
	state->regs = NULL;
	state->error = false;
	state->done = false;
	if (regs) {
		state->ip = regs->ip;
		state->next = user_mode(regs) ? 0 : regs->bp;
		return;
	}
	if (task == current) {
		state->next = *(unsigned long *)__builtin_frame_address(0);
	} else {
		frame = (struct inactive_task_frame *)READ_ONCE(task->thread.sp);
		if (!on_stack(task, frame, sizeof(*frame))) {
			stop(state, true);
			return;
		}
		/* the saved RBP and the return address above it are a frame like others */
		state->next = (unsigned long)&frame->bp;
	}
	unwind_next_frame(state);
}

unsigned int stack_trace_save_tsk(struct task_struct *task, unsigned long *store, unsigned int size,
				  unsigned int skip)
{
	struct unwind_state state;
	unsigned int nr = 0;

	for (unwind_start(&state, task, NULL); !state.done && nr < size;
	     unwind_next_frame(&state)) {
		if (state.regs && user_mode(state.regs))
			break;
		if (skip)
			skip--;
		else
			store[nr++] = state.ip;
	}
	return nr;
}

static bool in_ret_from_fork(unsigned long ip)
{
	return ip >= (unsigned long)ret_from_fork && ip < (unsigned long)ret_from_fork_end;
}

int stack_trace_save_tsk_reliable(struct task_struct *task, unsigned long *store, unsigned int size)
{
	struct unwind_state state;
	unsigned int nr = 0;

	for (unwind_start(&state, task, NULL); !state.done; unwind_next_frame(&state)) {
		if (state.regs) {
			/* only the user's registers, at the top of the stack, may end it */
			if (state.regs != task_pt_regs(task) || !user_mode(state.regs))
				return -EINVAL;
			return nr;
		}
		if (!__kernel_text_address(state.ip))
			return -EINVAL;
		if (nr == size || nr == MAX_FRAMES)
			return -ENOSPC;
		store[nr++] = state.ip;
	}
	if (state.error || !nr)
		return -EINVAL;
	/* RBP 0: a kernel thread ends in ret_from_fork, an idle task in start-up code */
	if (in_ret_from_fork(store[nr - 1]) || is_idle_task(task))
		return nr;
	return -EINVAL;
}
