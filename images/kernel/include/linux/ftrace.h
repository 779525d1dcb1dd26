/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Function entry redirection.
 *
 * gcc leaves a 5-byte NOP at the entry of each function (-mfentry -mnop-mcount)
 * and the list of them in __mcount_loc. The core here owns those five bytes.
 * An ftrace_ops names the functions it wants (its filter); a site wanted by
 * one ops calls that ops' own stub, a site wanted by several calls the stub
 * that asks them all, a site wanted by none is the NOP again.
 *
 * Protocol: fill an ftrace_ops, ftrace_set_filter_ip() at least once,
 * register_ftrace_function(); undo with unregister_ftrace_function(), which
 * returns only when no CPU and no task can be on the way to the handler any
 * more. Many at once: the two ..._batch() functions, which rewrite all sites
 * in one pass.
 */
#ifndef _LINUX_FTRACE_H
#define _LINUX_FTRACE_H

/* arch/ftrace_64.S calls what lies here. */
#define FTRACE_OPS_FUNC 0

#ifndef __ASSEMBLER__
#include <linux/types.h>
#include <linux/list.h>
#include <asm/ptrace.h>

#ifndef notrace
#define notrace __attribute__((no_instrument_function))
#endif

#define MCOUNT_INSN_SIZE 5

struct ftrace_ops;

struct ftrace_regs {
	struct pt_regs regs;
};

/*
 * @ip: the traced function's entry; @parent_ip: its caller; @fregs: registers
 * at the entry. A handler with IPMODIFY may change fregs' ip: that word is also
 * what the stack says about the call from then on (arch/ftrace_64.S).
 */
typedef void (*ftrace_func_t)(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			      struct ftrace_regs *fregs);

enum {
	FTRACE_OPS_FL_ENABLED = 1 << 0,
	FTRACE_OPS_FL_DYNAMIC = 1 << 1,
	FTRACE_OPS_FL_SAVE_REGS = 1 << 2,
	FTRACE_OPS_FL_IPMODIFY = 1 << 3,  /* needs SAVE_REGS; one per function */
	FTRACE_OPS_FL_PERMANENT = 1 << 4, /* ftrace_enabled cannot be cleared */
};

struct ftrace_ops {
	/*  0 */ ftrace_func_t func;
	unsigned long flags;
	void *private;

	/* internal; protected by ftrace_lock */
	struct list_head list;	/* of all registered */
	struct list_head batch; /* of those that come or go together; the caller's */
	unsigned long *filter;	/* sorted entry addresses; NULL = all functions */
	unsigned int nr_filter;
	unsigned long trampoline; /* its stub */
};

static inline struct pt_regs *ftrace_get_regs(struct ftrace_regs *fregs)
{
	return &fregs->regs;
}

static inline void ftrace_regs_set_instruction_pointer(struct ftrace_regs *fregs, unsigned long ip)
{
	fregs->regs.ip = ip;
}

int register_ftrace_function(struct ftrace_ops *ops);
int unregister_ftrace_function(struct ftrace_ops *ops);
/* @batch: linked by ops->batch. All or none; @culprit is the one that could not be. */
int register_ftrace_batch(struct list_head *batch, struct ftrace_ops **culprit);
/* They stay on @batch; nobody is in or on the way to their handlers any more. */
void unregister_ftrace_batch(struct list_head *batch);
int ftrace_set_filter_ip(struct ftrace_ops *ops, unsigned long ip, int remove, int reset);
void ftrace_free_filter(struct ftrace_ops *ops);

/* The patchable entry inside [@ip, @ip + 4], or 0: Linux's ftrace_location(). */
unsigned long ftrace_location(unsigned long ip);
bool is_ftrace_trampoline(unsigned long addr);

struct module;
int ftrace_module_init(struct module *mod);
void ftrace_release_mod(struct module *mod);

/*
 * trace/quiesce.c: returns when no stack of a task that runs or waits for a CPU
 * holds a word that @hit is true for. @hit runs inside of stop_machine().
 */
typedef bool (*stack_word_fn)(unsigned long word);
void wait_until_off_all_stacks(stack_word_fn hit, const char *what);

/* trace/function-tracer.c: "nop" or "function" */
const char *tracer_name(void);
void tracer_module_coming(void);
void tracer_module_going(const struct module *mod);

/* kernel.ftrace_enabled */
extern int ftrace_enabled;
int ftrace_set_enabled(int on);

#endif
#endif
