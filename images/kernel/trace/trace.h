/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that make a trace: ring.c < function-tracer.c, choice.c < tracefs.c. */
#ifndef _TRACE_TRACE_H
#define _TRACE_TRACE_H

#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/types.h>

#define TRACE_TEXT_MAX 160

enum trace_type { TRACE_FN, TRACE_PRINT };

/* One event as it lies in the ring. */
struct trace_entry {
	u64 number; /* of all of its CPU, from 1; 0 while it is written */
	u64 time;   /* ns */
	unsigned long ip;
	unsigned long parent_ip; /* TRACE_FN */
	pid_t pid;
	char comm[TASK_COMM_LEN];
	u8 cpu, type;
	bool irqs_off, need_resched, hardirq, nmi;
	u8 preempt_depth;
	u16 length; /* TRACE_PRINT: of the text */
	char text[TRACE_TEXT_MAX];
};

/* ring.c. Writers may be anywhere; ring_mutex keeps readers apart. */
int ring_alloc(void); /* once is enough; -ENOMEM */
void ring_write_function(unsigned long ip, unsigned long parent_ip);
void ring_write_text(unsigned long ip, const char *text, unsigned int length);
extern bool ring_is_on;

extern struct mutex ring_mutex;
struct ring_reader {
	u64 next[NR_CPUS];
};
void ring_start(struct ring_reader *); /* at the oldest that trace_pipe has not had */
bool ring_next(struct ring_reader *, struct trace_entry *); /* in order of time */
void ring_consume(const struct ring_reader *);		    /* all before it are gone */
void ring_clear(void);
u64 ring_written(void);

/* choice.c: sets of functions, as set_ftrace_filter is written. Ascending. */
struct function_set {
	unsigned long *ip;
	unsigned int nr, room;
};
void set_free(struct function_set *);
int set_copy(struct function_set *to, const struct function_set *from);
/* Words of patterns, each with "!" before it to leave out, ":mod:module" behind to say whose. */
int set_apply(struct function_set *, char *words);
void set_remove(struct function_set *, unsigned long ip);
void set_show(struct seq_file *, const struct function_set *);
/* The sites in @chosen (all if it is empty) that are not in @but. */
int set_difference(struct function_set *out, const struct function_set *chosen,
		   const struct function_set *but);

/* function-tracer.c */
extern struct mutex tracer_mutex; /* the sets, and which tracer it is */
extern struct function_set traced_set, untraced_set;
int tracer_select(const char *name); /* "function" or "nop" */
int tracer_update(void);	     /* after a change of the sets */

#endif
