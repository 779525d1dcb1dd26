// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Redirection of one function: which of its versions a call gets.
 *
 * Every function that any patch replaces has one klp_ops: an ftrace_ops on its
 * entry and a stack of klp_funcs, newest first. The handler below picks.
 *
 * Constraints:
 *  1. The handler runs at any time on any CPU without a lock. It may see a func
 *     at the head of the stack only after func->transition is set: the release
 *     store that links it pairs with the acquire load of the head.
 *  2. It reads func->transition before task->patch_state; klp_init_transition()
 *     and klp_start_transition() write them in the opposite order, with
 *     barriers: who sees transition set also sees a state that is not idle.
 *  3. A func that was unlinked may be in use by a handler until
 *     synchronize_rcu() has returned.
 *  4. Nothing here may be traced: it would redirect itself.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/sched.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include "internal.h"

static LIST_HEAD(klp_ops);

struct klp_ops *klp_find_ops(void *old_func)
{
	struct klp_ops *ops;
	struct klp_func *func;

	list_for_each_entry(ops, &klp_ops, node) {
		func = list_first_entry(&ops->func_stack, struct klp_func, stack_node);
		if (func->old_func == old_func)
			return ops;
	}
	return NULL;
}

/*
 * The func whose version the current task gets; NULL for the original. A task
 * that has not been switched yet gets what was there before the top of the
 * stack.
 */
static notrace struct klp_func *klp_choose_func(struct klp_ops *ops)
{
	struct list_head *at = __atomic_load_n(&ops->func_stack.next, __ATOMIC_ACQUIRE);
	struct klp_func *func;

	if (at == &ops->func_stack)
		return NULL;
	func = list_entry(at, struct klp_func, stack_node);
	if (__atomic_load_n(&func->transition, __ATOMIC_ACQUIRE) &&
	    READ_ONCE(current->patch_state) == KLP_TRANSITION_UNPATCHED) {
		at = READ_ONCE(func->stack_node.next);
		if (at == &ops->func_stack)
			return NULL;
		func = list_entry(at, struct klp_func, stack_node);
	}
	return func;
}

static notrace void klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct ftrace_regs *fregs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;
	int bit;

	/* The guard is open again before preemption is: the scheduler may be patched too. */
	preempt_disable_notrace();
	bit = ftrace_test_recursion_trylock(ip, parent_ip);
	if (bit >= 0) {
		func = klp_choose_func(ops);
		if (func && !func->nop)
			ftrace_regs_set_instruction_pointer(fregs,
							    (unsigned long)func->new_func);
		ftrace_test_recursion_unlock(bit);
	}
	preempt_enable_notrace();
}

static void func_stack_push(struct klp_ops *ops, struct klp_func *func)
{
	func->stack_node.prev = &ops->func_stack;
	func->stack_node.next = ops->func_stack.next;
	ops->func_stack.next->prev = &func->stack_node;
	/* Pairs with the acquire in klp_choose_func(). */
	__atomic_store_n(&ops->func_stack.next, &func->stack_node, __ATOMIC_RELEASE);
}

/* Leaves func->stack_node.next alone: a handler may be about to follow it. */
static void func_stack_unlink(struct klp_func *func)
{
	func->stack_node.next->prev = func->stack_node.prev;
	WRITE_ONCE(func->stack_node.prev->next, func->stack_node.next);
}

static void klp_unpatch_func(struct klp_func *func)
{
	struct klp_ops *ops;

	if (!func->patched || !func->old_func)
		return;
	ops = klp_find_ops(func->old_func);
	if (!ops)
		return;
	if (ops->func_stack.next->next == &ops->func_stack) {
		/* The last one: the entry becomes a NOP again. */
		unregister_ftrace_function(&ops->fops);
		func_stack_unlink(func);
		list_del(&ops->node);
		ftrace_free_filter(&ops->fops);
		kfree(ops);
	} else {
		func_stack_unlink(func);
	}
	func->patched = false;
}

static int klp_create_ops(struct klp_func *func)
{
	unsigned long entry = ftrace_location((unsigned long)func->old_func);
	struct klp_ops *ops;
	int ret;

	if (!entry) {
		pr_err("failed to find location for function '%s'\n", func->old_name);
		return -EINVAL;
	}
	ops = kzalloc(sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	ops->fops.func = klp_ftrace_handler;
	ops->fops.flags = FTRACE_OPS_FL_DYNAMIC | FTRACE_OPS_FL_SAVE_REGS |
			  FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT;
	INIT_LIST_HEAD(&ops->func_stack);
	list_add(&ops->node, &klp_ops);
	func_stack_push(ops, func);

	ret = ftrace_set_filter_ip(&ops->fops, entry, 0, 0);
	if (ret) {
		pr_err("failed to set ftrace filter for function '%s' (%d)\n",
		       func->old_name, ret);
		goto err;
	}
	ret = register_ftrace_function(&ops->fops);
	if (ret) {
		pr_err("failed to register ftrace handler for function '%s' (%d)\n",
		       func->old_name, ret);
		goto err;
	}
	return 0;
err:
	func_stack_unlink(func);
	list_del(&ops->node);
	ftrace_free_filter(&ops->fops);
	kfree(ops);
	return ret;
}

static int klp_patch_func(struct klp_func *func)
{
	struct klp_ops *ops;
	int ret = 0;

	if (!func->old_func || func->patched)
		return -EINVAL;
	ops = klp_find_ops(func->old_func);
	if (ops)
		func_stack_push(ops, func);
	else
		ret = klp_create_ops(func);
	if (!ret)
		func->patched = true;
	return ret;
}

static void __klp_unpatch_object(struct klp_object *obj, bool nops_only)
{
	struct klp_func *func;

	klp_for_each_func(obj, func) {
		if (nops_only && !func->nop)
			continue;
		if (func->patched)
			klp_unpatch_func(func);
	}
	if (obj->dynamic || !nops_only)
		obj->patched = false;
}

void klp_unpatch_object(struct klp_object *obj)
{
	__klp_unpatch_object(obj, false);
}

int klp_patch_object(struct klp_object *obj)
{
	struct klp_func *func;
	int ret;

	if (obj->patched)
		return -EINVAL;
	klp_for_each_func(obj, func) {
		ret = klp_patch_func(func);
		if (ret) {
			klp_unpatch_object(obj);
			return ret;
		}
	}
	obj->patched = true;
	return 0;
}

void klp_unpatch_objects(struct klp_patch *patch)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		if (obj->patched)
			klp_unpatch_object(obj);
}

/* Only the NOP funcs that atomic replace added. */
void klp_unpatch_objects_dynamic(struct klp_patch *patch)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		if (obj->patched)
			__klp_unpatch_object(obj, true);
}
