// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Return probes: a handler when a function returns.
 *
 * A probe at the entry puts the trampoline of arch/kretprobe_64.S where the
 * return address stands, and keeps the address with its place in an instance,
 * which is the first of its task's list until the function returns. The unwinder
 * finds the real address by the place (arch/unwind.c): a stack is as reliable
 * with return probes on it as without.
 *
 * Instances are allocated with the probe; calls for which none is left are
 * counted. The pool outlives the probe for as long as calls are under way: they
 * return without a handler then.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kprobes.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#define INSTANCES_AT_LEAST 10

struct kretprobe_pool {
	spinlock_t lock;	 /* what follows */
	struct kretprobe *probe; /* NULL: it is unregistered */
	struct kretprobe_instance *free;
	unsigned int in_use;
};

extern char kretprobe_trampoline[];

struct kretprobe *get_kretprobe(struct kretprobe_instance *instance)
{
	return READ_ONCE(instance->pool->probe);
}
EXPORT_SYMBOL(get_kretprobe);

/* ---- instances ---- */

static struct kretprobe_instance *take_instance(struct kretprobe_pool *pool)
{
	struct kretprobe_instance *instance;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	instance = pool->free;
	if (instance) {
		pool->free = instance->next;
		pool->in_use++;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return instance;
}

static void free_pool(struct kretprobe_pool *pool)
{
	struct kretprobe_instance *instance;

	while ((instance = pool->free)) {
		pool->free = instance->next;
		kfree(instance);
	}
	kfree(pool);
}

static void give_instance(struct kretprobe_instance *instance)
{
	struct kretprobe_pool *pool = instance->pool;
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&pool->lock, flags);
	instance->next = pool->free;
	pool->free = instance;
	last = !--pool->in_use && !pool->probe;
	spin_unlock_irqrestore(&pool->lock, flags);
	if (last)
		free_pool(pool);
}

static struct kretprobe_pool *make_pool(struct kretprobe *probe)
{
	struct kretprobe_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	struct kretprobe_instance *instance;

	if (!pool)
		return NULL;
	spin_lock_init(&pool->lock);
	pool->probe = probe;
	for (int i = 0; i < probe->maxactive; i++) {
		instance = kzalloc(sizeof(*instance) + probe->data_size, GFP_KERNEL);
		if (!instance) {
			free_pool(pool);
			return NULL;
		}
		instance->pool = pool;
		instance->next = pool->free;
		pool->free = instance;
	}
	return pool;
}

/* ---- a call and its end ---- */

static int at_entry(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct kretprobe *probe = container_of(kprobe, struct kretprobe, kp);
	struct kretprobe_instance *instance = take_instance(probe->pool);

	if (!instance) {
		probe->nmissed++;
		return 0;
	}
	instance->slot = (unsigned long *)regs->sp;
	instance->ret_addr = *instance->slot;
	if (probe->entry_handler && probe->entry_handler(instance, regs)) {
		give_instance(instance);
		return 0;
	}
	instance->next = current->kretprobe_instances;
	/* the unwinder may look between the two: a place that is not changed yet is as good */
	WRITE_ONCE(current->kretprobe_instances, instance);
	barrier();
	WRITE_ONCE(*instance->slot, (unsigned long)kretprobe_trampoline);
	return 0;
}

/* From the trampoline, on which the function has returned; gives where to go on. */
unsigned long kretprobe_at_return(struct pt_regs *regs);
notrace unsigned long kretprobe_at_return(struct pt_regs *regs)
{
	struct kretprobe_instance *instance = current->kretprobe_instances;
	unsigned long address = instance->ret_addr;
	struct kretprobe *probe;

	regs->ip = address;
	kprobe_busy_begin();
	probe = get_kretprobe(instance);
	if (probe && probe->handler)
		probe->handler(instance, regs);
	kprobe_busy_end();
	/* from here on the stack says so itself */
	WRITE_ONCE(*instance->slot, address);
	barrier();
	WRITE_ONCE(current->kretprobe_instances, instance->next);
	give_instance(instance);
	return address;
}

unsigned long kretprobe_real_address(struct task_struct *task, unsigned long *slot,
				     unsigned long address)
{
	struct kretprobe_instance *instance;

	if (address != (unsigned long)kretprobe_trampoline)
		return address;
	for (instance = READ_ONCE(task->kretprobe_instances); instance; instance = instance->next)
		if (instance->slot == slot)
			return instance->ret_addr;
	return 0;
}

void kretprobe_flush_task(struct task_struct *task)
{
	struct kretprobe_instance *instance;

	while ((instance = task->kretprobe_instances)) {
		task->kretprobe_instances = instance->next;
		give_instance(instance);
	}
}

/* ---- coming and going ---- */

int register_kretprobe(struct kretprobe *probe)
{
	int ret;

	if (probe->kp.post_handler)
		return -EINVAL;
	if (probe->maxactive <= 0)
		probe->maxactive = max_t(int, INSTANCES_AT_LEAST, 2 * num_online_cpus());
	probe->pool = make_pool(probe);
	if (!probe->pool)
		return -ENOMEM;
	probe->nmissed = 0;
	probe->kp.pre_handler = at_entry;
	ret = register_kprobe(&probe->kp);
	if (ret)
		free_pool(probe->pool);
	return ret;
}

void unregister_kretprobe(struct kretprobe *probe)
{
	struct kretprobe_pool *pool = probe->pool;
	bool unused;

	unregister_kprobe(&probe->kp);
	spin_lock_irq(&pool->lock);
	pool->probe = NULL;
	unused = !pool->in_use;
	spin_unlock_irq(&pool->lock);
	/* handlers that have begun */
	synchronize_rcu();
	if (unused)
		free_pool(pool);
}

EXPORT_SYMBOL(register_kretprobe);
EXPORT_SYMBOL(unregister_kretprobe);
