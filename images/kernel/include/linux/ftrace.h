/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Function entry redirection.
 *
 * gcc leaves a 5-byte NOP at the entry of each function (-mfentry -mnop-mcount)
 * and the list of them in __mcount_loc. The core here owns those five bytes.
 * An ftrace_ops names the functions it wants (its filter); a site wanted by
 * one ops calls that ops' own trampoline, a site wanted by several calls the
 * list trampoline, a site wanted by none is the NOP again.
 *
 * Protocol: fill an ftrace_ops, ftrace_set_filter_ip() at least once,
 * register_ftrace_function(); undo with unregister_ftrace_function(), which
 * returns only when no CPU and no task can be in the trampoline any more.
 */
#ifndef _LINUX_FTRACE_H
#define _LINUX_FTRACE_H

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
 * at the entry. A handler with IPMODIFY may change fregs' ip.
 */
typedef void (*ftrace_func_t)(unsigned long ip, unsigned long parent_ip,
			      struct ftrace_ops *op, struct ftrace_regs *fregs);

enum {
	FTRACE_OPS_FL_ENABLED	= 1 << 0,
	FTRACE_OPS_FL_DYNAMIC	= 1 << 1,
	FTRACE_OPS_FL_SAVE_REGS	= 1 << 2,
	FTRACE_OPS_FL_IPMODIFY	= 1 << 3,	/* needs SAVE_REGS; one per function */
	FTRACE_OPS_FL_PERMANENT	= 1 << 4,	/* ftrace_enabled cannot be cleared */
};

struct ftrace_ops {
	ftrace_func_t func;
	unsigned long flags;
	void *private;

	/* internal; protected by ftrace_lock */
	struct list_head list;
	unsigned long *filter;		/* sorted entry addresses; NULL = all functions */
	unsigned int nr_filter;
	unsigned long trampoline;
	unsigned long trampoline_size;
};

/* One patchable entry. */
struct dyn_ftrace {
	unsigned long ip;
	unsigned long target;		/* what the site calls; 0 = NOP */
	unsigned int flags;
	unsigned int nr_ops;
};

#define FTRACE_FL_IPMODIFY	1	/* an IPMODIFY ops holds this function */
#define FTRACE_FL_DISABLED	2	/* module text that is being removed */

static inline struct pt_regs *ftrace_get_regs(struct ftrace_regs *fregs)
{
	return &fregs->regs;
}

static inline void ftrace_regs_set_instruction_pointer(struct ftrace_regs *fregs,
						       unsigned long ip)
{
	fregs->regs.ip = ip;
}

int register_ftrace_function(struct ftrace_ops *ops);
int unregister_ftrace_function(struct ftrace_ops *ops);
int ftrace_set_filter_ip(struct ftrace_ops *ops, unsigned long ip, int remove, int reset);
void ftrace_free_filter(struct ftrace_ops *ops);

/* The patchable entry inside [@ip, @ip + 4], or 0: Linux's ftrace_location(). */
unsigned long ftrace_location(unsigned long ip);
bool is_ftrace_trampoline(unsigned long addr);

struct module;
int ftrace_module_init(struct module *mod);
void ftrace_release_mod(struct module *mod);

/* Per-task recursion guard; negative means: already inside. */
int ftrace_test_recursion_trylock(unsigned long ip, unsigned long parent_ip);
void ftrace_test_recursion_unlock(int bit);

/* kernel.ftrace_enabled */
extern int ftrace_enabled;
int ftrace_set_enabled(int on);

#endif
