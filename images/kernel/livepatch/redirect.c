// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Redirection: which version of a function a call gets.
 *
 * Every function that any patch replaces has one klp_entry: an ftrace_ops on
 * its entry, the stack of its versions, and two addresses worked out from them:
 * where a task goes that is switched, and where one that is not.
 *
 *	no transition		both the newest version
 *	newest in transition	switched: the newest; not yet: the one below it
 *
 * The rule: a choice, once made, is named on the stack, until control is in the
 * version chosen. No task is switched while its stack names the version that
 * goes away (tasks.c), and no text is freed that a stack names. This is how it
 * is kept, instruction by instruction:
 *
 *  1. On the way to the handler the frame names the function itself.
 *  2. The handler chooses with preemption off, from one word, and stores it in
 *     regs->ip. That word is the return address of the frame (arch/ftrace_64.S):
 *     to choose is to name. Nobody can stop the task between the two and look,
 *     because who looks needs it off its CPU.
 *  3. From there to the version's own frame, ftrace_caller restores registers and
 *     returns. A task preempted here has an interrupt's frame on its stack, which
 *     the unwinder does not trust: it is not switched before it has gone on.
 *
 * klp_wait_until_unused() looks again before text is freed, and warns if a stack
 * then still names it.
 *
 * More constraints:
 *  4. The handler uses no lock and nothing that is freed: the entry lives until
 *     its stub is on no stack (trace/quiesce.c), the versions are not looked at.
 *  5. The handler loads both addresses before it loads the task's state; states
 *     are stored before addresses. Who sees a new address sees a state that says
 *     which to take; x86 keeps loads and stores in order (SDM 3A 8.2.2).
 *  6. Nothing that runs between entry and version may be patched itself: all of
 *     it is notrace, preempt_schedule() included.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "internal.h"

#define ORIGINAL 0 /* go on behind the entry */

struct klp_entry {
	struct ftrace_ops ops;
	/* read by the handler: */
	unsigned long switched, unswitched;
	/* klp_mutex: */
	struct klp_entry *next; /* in its bucket */
	void *function;
	struct list_head versions; /* klp_func.stack_node, newest first */
};

#define BUCKETS 256
static struct klp_entry *buckets[BUCKETS];

/* ---- the handler ---- */

static notrace void klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct klp_entry *entry = container_of(ops, struct klp_entry, ops);
	unsigned long switched, unswitched, target;

	preempt_disable_notrace();
	ASSERT_CONSTRAINT("livepatch/redirect.c 1", fregs->regs.ip == ip + MCOUNT_INSN_SIZE);
	switched = smp_load_acquire(&entry->switched);
	unswitched = smp_load_acquire(&entry->unswitched);
	target =
		READ_ONCE(current->patch_state) == KLP_TRANSITION_UNPATCHED ? unswitched : switched;
	if (target != ORIGINAL)
		ftrace_regs_set_instruction_pointer(fregs, target);
	ASSERT_CONSTRAINT("livepatch/redirect.c 2",
			  !preemptible() && fregs->regs.ip == (target ?: ip + MCOUNT_INSN_SIZE));
	ASSERT_CONSTRAINT("livepatch/redirect.c 5",
			  switched == unswitched || current->patch_state != KLP_TRANSITION_IDLE);
	/* the heap fills what is freed with something else */
	ASSERT_CONSTRAINT("livepatch/redirect.c 4", entry->ops.func == klp_ftrace_handler);
	/* named: from here on the task may be preempted, looked at and switched */
	preempt_enable_notrace();
}

/* ---- versions ---- */

static unsigned long address_of(const struct klp_func *version)
{
	return version && !version->nop ? (unsigned long)version->new_func : ORIGINAL;
}

struct klp_func *klp_version_below(struct klp_func *func)
{
	if (list_is_last(&func->stack_node, &func->entry->versions))
		return NULL;
	return list_next_entry(func, stack_node);
}

/* What the two addresses have to be, as the versions are now. */
static void work_out(struct klp_entry *entry)
{
	struct klp_func *newest =
		list_first_entry_or_null(&entry->versions, struct klp_func, stack_node);
	struct klp_func *older = newest;

	lockdep_assert_held(&klp_mutex);
	if (newest && newest->transition)
		older = klp_version_below(newest);
	/* a task without a state takes the first: so it must not be new before the other is right */
	smp_store_release(&entry->unswitched, address_of(older));
	smp_store_release(&entry->switched, address_of(newest));
}

void klp_set_transition(struct klp_patch *patch, bool transition)
{
	struct klp_object *obj;
	struct klp_func *func;

	klp_for_each_object(patch, obj)
		klp_for_each_func(obj, func) {
			func->transition = transition;
			if (func->patched)
				work_out(func->entry);
		}
}

/* ---- entries ---- */

static struct klp_entry **bucket_of(void *function)
{
	return &buckets[((unsigned long)function >> 4) % BUCKETS];
}

static struct klp_entry *find_entry(void *function)
{
	struct klp_entry *entry = *bucket_of(function);

	lockdep_assert_held(&klp_mutex);
	while (entry && entry->function != function)
		entry = entry->next;
	return entry;
}

static void unhash(struct klp_entry *entry)
{
	struct klp_entry **link = bucket_of(entry->function);

	lockdep_assert_held(&klp_mutex);
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
}

static void free_entry(struct klp_entry *entry)
{
	BUG_UNLESS_CONSTRAINT("livepatch/redirect.c 4", !entry->ops.trampoline);
	unhash(entry);
	ftrace_free_filter(&entry->ops);
	kfree(entry);
}

/* For an assertion: what has no patchable entry cannot be patched. */
static bool the_way_is_not_traced(void)
{
	return !ftrace_location((unsigned long)klp_ftrace_handler) &&
	       !ftrace_location((unsigned long)preempt_schedule);
}

/* An entry that nobody calls yet. */
static struct klp_entry *new_entry(struct klp_func *func)
{
	struct klp_entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return NULL;
	ASSERT_CONSTRAINT("livepatch/redirect.c 6", the_way_is_not_traced());
	entry->function = func->old_func;
	entry->ops.func = klp_ftrace_handler;
	entry->ops.flags = FTRACE_OPS_FL_DYNAMIC | FTRACE_OPS_FL_SAVE_REGS |
			   FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT;
	INIT_LIST_HEAD(&entry->versions);
	entry->next = *bucket_of(entry->function);
	*bucket_of(entry->function) = entry;
	return entry;
}

static int open_entry(struct klp_func *func, struct list_head *batch)
{
	struct klp_entry *entry;
	int ret;

	if (!ftrace_location((unsigned long)func->old_func)) {
		pr_err("failed to find location for function '%s'\n", func->old_name);
		return -EINVAL;
	}
	entry = new_entry(func);
	if (!entry)
		return -ENOMEM;
	ret = ftrace_set_filter_ip(&entry->ops, (unsigned long)func->old_func, 0, 0);
	if (ret) {
		pr_err("failed to set ftrace filter for function '%s' (%d)\n", func->old_name, ret);
		free_entry(entry);
		return ret;
	}
	func->entry = entry;
	list_add_tail(&entry->ops.batch, batch);
	return 0;
}

/* Has the object given the function a version by another name? */
static struct klp_func *namesake(struct klp_func *func)
{
	struct klp_func *newest =
		list_first_entry_or_null(&func->entry->versions, struct klp_func, stack_node);

	return newest && newest->obj == func->obj ? newest : NULL;
}

/* Two names of one function, in one patch: which of the versions should a call get? */
static int refuse_twice(const struct klp_func *first, const struct klp_func *second)
{
	pr_err("functions '%s' and '%s' of object '%s' are one\n", first->old_name,
	       second->old_name, klp_object_name(second->obj));
	return -EEXIST;
}

static void push(struct klp_func *func)
{
	list_add(&func->stack_node, &func->entry->versions);
	func->patched = true;
	work_out(func->entry);
}

/* For a call of the function; a nop only speaks where nobody else does. */
static int add_version(struct klp_func *func, struct list_head *batch)
{
	struct klp_func *other;
	int ret = 0;

	func->entry = find_entry(func->old_func);
	if (!func->entry)
		ret = open_entry(func, batch);
	if (ret)
		return ret;
	other = namesake(func);
	if (other && !func->nop)
		return refuse_twice(other, func);
	if (other)
		func->entry = NULL;
	else
		push(func);
	return 0;
}

/* The entry, if this was its last version; else NULL. */
static struct klp_entry *pop(struct klp_func *func)
{
	struct klp_entry *entry = func->entry;

	list_del(&func->stack_node);
	func->patched = false;
	func->entry = NULL;
	work_out(entry);
	return list_empty(&entry->versions) ? entry : NULL;
}

static void free_entries(struct list_head *batch)
{
	struct klp_entry *entry, *next;

	list_for_each_entry_safe(entry, next, batch, ops.batch)
		free_entry(entry);
}

/* ---- objects ---- */

void klp_unpatch_object(struct klp_object *obj, enum klp_which which)
{
	struct klp_entry *emptied;
	struct klp_func *func;
	LIST_HEAD(batch);

	if (!obj->patched)
		return;
	klp_for_each_func(obj, func) {
		if (!func->patched || (which == KLP_NOP_FUNCS && !func->nop))
			continue;
		emptied = pop(func);
		if (emptied)
			list_add_tail(&emptied->ops.batch, &batch);
	}
	unregister_ftrace_batch(&batch);
	free_entries(&batch);
	if (which == KLP_ALL_FUNCS || obj->dynamic)
		obj->patched = false;
}

static int register_entries(struct klp_object *obj, struct list_head *batch)
{
	struct ftrace_ops *culprit;
	struct klp_func *func;
	int ret = register_ftrace_batch(batch, &culprit);

	if (!ret)
		return 0;
	klp_for_each_func(obj, func)
		if (func->entry && &func->entry->ops == culprit)
			pr_err("failed to register ftrace handler for function '%s' (%d)\n",
			       func->old_name, ret);
	return ret;
}

/* Undoes what klp_patch_object() did before it failed; the entries on @batch are not registered. */
static void give_up(struct klp_object *obj, struct list_head *batch)
{
	struct klp_func *func;

	klp_for_each_func(obj, func) {
		if (func->patched)
			pop(func);
		func->entry = NULL;
	}
	free_entries(batch);
}

/* All functions of the object or none; one rewriting of all entries. */
int klp_patch_object(struct klp_object *obj)
{
	struct klp_func *func;
	LIST_HEAD(batch);
	int ret = 0;

	if (obj->patched)
		return -EINVAL;
	klp_for_each_func(obj, func) {
		ret = add_version(func, &batch);
		if (ret)
			break;
	}
	if (!ret && !list_empty(&batch))
		ret = register_entries(obj, &batch);
	if (ret)
		give_up(obj, &batch);
	else
		obj->patched = true;
	return ret;
}
