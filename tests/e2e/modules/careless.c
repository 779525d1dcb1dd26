// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Breaks one rule of the kernel's, the one that `rule` names, and is not loaded. The
 * checked kernel says so; the module is built as that is, so that its own use of a spin
 * lock shows.
 */
#define CONFIG_DEBUG_KERNEL
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <asm/text-patching.h>

MODULE_INFO(livepatch, "Y");
KLP_RELOC_SYMBOL(vmlinux, find_task_by_vpid, 0);
KLP_RELOC_SYMBOL(vmlinux, find_vma, 0);
KLP_RELOC_SYMBOL(vmlinux, find_module, 0);
KLP_RELOC_SYMBOL(vmlinux, dentry_path_locked, 0);
KLP_RELOC_SYMBOL(vmlinux, text_poke_finish, 0);
KLP_RELOC_SYMBOL(vmlinux, klp_sched_try_switch, 0);
KLP_RELOC_SYMBOL(vmlinux, klp_mutex, 0);
KLP_RELOC_SYMBOL(vmlinux, ftrace_lock, 0);
KLP_RELOC_SYMBOL(vmlinux, text_poke_early, 0);
KLP_RELOC_SYMBOL(vmlinux, rq_lock, 0);
KLP_RELOC_SYMBOL(vmlinux, lockdep_acquire, 0);
KLP_RELOC_SYMBOL(vmlinux, lockdep_acquired, 0);
KLP_RELOC_SYMBOL(vmlinux, lockdep_released, 0);

struct module *find_module(const char *name);
extern struct mutex klp_mutex, ftrace_lock;
extern spinlock_t rq_lock;

static char *rule;
module_param(rule, charp, 0);

static DEFINE_MUTEX(own);

static noinline void traced(void)
{
	barrier();
}

static void handler(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
		    struct ftrace_regs *fregs)
{
}

static struct ftrace_ops ops = { .func = handler };

static void task_without_lock(void)
{
	find_task_by_vpid(1);
}

static void area_without_lock(void)
{
	find_vma(current->mm, 0);
}

static void modules_without_lock(void)
{
	find_module("careless");
}

static void names_without_lock(void)
{
	static char path[PATH_MAX];

	dentry_path_locked(current->fs->pwd, path, sizeof(path));
}

static void text_without_lock(void)
{
	text_poke_finish();
}

static void sleep_in_atomic(void)
{
	preempt_disable();
	mutex_lock(&own);
	mutex_unlock(&own);
	preempt_enable();
}

static void other_order(void)
{
	mutex_lock(&ftrace_lock);
	mutex_lock(&klp_mutex);
	mutex_unlock(&klp_mutex);
	mutex_unlock(&ftrace_lock);
}

static void interrupts_on(void)
{
	spin_lock(&rq_lock);
	spin_unlock(&rq_lock);
}

static void switch_without_transition(void)
{
	set_tsk_thread_flag(current, TIF_PATCH_PENDING);
	klp_sched_try_switch();
}

static void foreign_bytes(void)
{
	static const u8 other_nop[5] = { 0x66, 0x66, 0x66, 0x66, 0x90 };

	text_poke_early(traced, other_nop, sizeof(other_nop));
	ftrace_set_filter_ip(&ops, (unsigned long)traced, 0, 0);
	if (!register_ftrace_function(&ops))
		unregister_ftrace_function(&ops);
	ftrace_free_filter(&ops);
}

static const struct {
	const char *name;
	void (*broken)(void);
} rules[] = {
	{ "task_without_lock", task_without_lock },
	{ "area_without_lock", area_without_lock },
	{ "modules_without_lock", modules_without_lock },
	{ "names_without_lock", names_without_lock },
	{ "text_without_lock", text_without_lock },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "other_order", other_order },
	{ "interrupts_on", interrupts_on },
	{ "switch_without_transition", switch_without_transition },
	{ "foreign_bytes", foreign_bytes },
};

static int __init careless_init(void)
{
	traced();
	for (unsigned int i = 0; i < ARRAY_SIZE(rules); i++)
		if (rule && !strcmp(rule, rules[i].name)) {
			rules[i].broken();
			return -ECANCELED;
		}
	return -EINVAL;
}

static void __exit careless_exit(void)
{
}

module_init(careless_init);
module_exit(careless_exit);
MODULE_LICENSE("GPL");
