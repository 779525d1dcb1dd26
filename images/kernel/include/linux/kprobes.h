/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes at the entry of a function, and at its return, over ftrace.
 *
 * A probe with a post_handler owns its function as a livepatch does: the second
 * of the two is refused with -EBUSY. One without may share it. A place inside of
 * a function is refused with -EINVAL: there is no patchable instruction.
 */
#ifndef _LINUX_KPROBES_H
#define _LINUX_KPROBES_H

#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <asm/ptrace.h>

#define __kprobes notrace
#define NOKPROBE_SYMBOL(name) \
	struct kprobe /* what runs in a handler is not probed again in any case */

typedef u8 kprobe_opcode_t;

struct kprobe;
/* ip is behind the first byte of the instruction, as after a breakpoint. Not 0: ip has been changed. */
typedef int (*kprobe_pre_handler_t)(struct kprobe *, struct pt_regs *);
typedef void (*kprobe_post_handler_t)(struct kprobe *, struct pt_regs *, unsigned long flags);

#define KPROBE_FLAG_DISABLED 2

struct kprobe {
	/* external: one of the first two says where */
	kprobe_opcode_t *addr;
	const char *symbol_name;
	unsigned int offset;
	kprobe_pre_handler_t pre_handler;
	kprobe_post_handler_t post_handler;
	u32 flags; /* KPROBE_FLAG_DISABLED */

	unsigned long nmissed; /* calls while a handler ran on the CPU */

	/* internal, kprobe_mutex */
	struct list_head list;
};

/* All functions but the handlers' may sleep. -EINVAL, -ENOENT, -EBUSY, -ENOMEM. */
int register_kprobe(struct kprobe *);
void unregister_kprobe(struct kprobe *);
int register_kprobes(struct kprobe **, int num);
void unregister_kprobes(struct kprobe **, int num);
int enable_kprobe(struct kprobe *);
int disable_kprobe(struct kprobe *);

void kprobe_busy_begin(void);
void kprobe_busy_end(void);

/* ---- returns ---- */

struct kretprobe;
struct kretprobe_pool;

/* One call that is under way. */
struct kretprobe_instance {
	struct kretprobe_instance *next; /* of its task, or in the pool */
	struct kretprobe_pool *pool;
	unsigned long ret_addr;
	unsigned long *slot; /* where it stood on the stack */
	char data[] __attribute__((aligned(8)));
};

typedef int (*kretprobe_handler_t)(struct kretprobe_instance *, struct pt_regs *);

struct kretprobe {
	struct kprobe kp;
	kretprobe_handler_t handler;
	kretprobe_handler_t entry_handler; /* not 0: this call is of no interest */
	int maxactive;			   /* 0: a sensible number */
	int nmissed;			   /* calls for which there was no instance */
	size_t data_size;
	struct kretprobe_pool *pool;
};

int register_kretprobe(struct kretprobe *);
void unregister_kretprobe(struct kretprobe *);
/* NULL when it is being unregistered. */
struct kretprobe *get_kretprobe(struct kretprobe_instance *);

/* arch/unwind.c: the address that a return probe keeps for a place on the stack of @task. */
unsigned long kretprobe_real_address(struct task_struct *task, unsigned long *slot,
				     unsigned long address);
/* kernel/fork.c, when @task is freed: the calls that it has not returned from */
void kretprobe_flush_task(struct task_struct *task);

#endif
