/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of trace/ only: sites.c < ops.c, and what both use. */
#ifndef _TRACE_FTRACE_INTERNAL_H
#define _TRACE_FTRACE_INTERNAL_H

#include <linux/ftrace.h>
#include <linux/mutex.h>

extern struct mutex ftrace_lock; /* sites, registered ops, stubs */

/* One patchable entry. */
struct dyn_ftrace {
	unsigned long ip;
	unsigned long target;	 /* the stub it calls; 0 = NOP */
	struct ftrace_ops *sole; /* who wants it, if one does */
	unsigned int nr_ops;	 /* how many want it */
	bool claimed;		 /* an IPMODIFY ops has it */
	bool stale;		 /* does not call what it should yet */
};

/* sites.c */
struct dyn_ftrace *ftrace_find_site(unsigned long ip);
void ftrace_for_each_site(void (*fn)(struct dyn_ftrace *site, void *arg), void *arg);
int ftrace_write_sites(void);

/* ops.c */
extern struct ftrace_ops ftrace_list_ops; /* stands for several */
void ftrace_want_new_sites(struct dyn_ftrace *first, unsigned int nr);

/* stubs.c: 0 if memory is out. Retired: as before, but for the asking; then freed. */
unsigned long ftrace_stub_alloc(struct ftrace_ops *ops);
void ftrace_stub_retire(unsigned long stub);
bool ftrace_is_retired_stub(unsigned long addr);
void ftrace_free_retired_stubs(void);

/* quiesce.c, for assertions: does a task that sleeps return to a word that @hit is true for? */
bool is_on_stack_of_sleeper(stack_word_fn hit);

/* filter.c: is @ip among the functions @ops wants? */
bool ftrace_ops_test(const struct ftrace_ops *ops, unsigned long ip);

#endif
