// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A new field for every task without touching struct task_struct: how often the
 * task has asked for its parent's pid, kept in a shadow variable, shown by
 * /proc/klp_shadow for the reader itself.
 *
 * A field ends with its structure, a shadow variable does not: so the function
 * that frees a task is replaced as well. Without it the variable would stay, and
 * a new task in the same place inherit it. /proc/klp_shadow_variables shows how
 * many there are.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#define SHADOW_CALLS 1

static atomic_t variables;

static int calls_ctor(void *obj, void *shadow_data, void *ctor_data)
{
	*(unsigned long *)shadow_data = 0;
	atomic_inc(&variables);
	return 0;
}

static void calls_dtor(void *obj, void *shadow_data)
{
	atomic_dec(&variables);
}

static long shadow_sys_getppid(const struct pt_regs *regs)
{
	unsigned long *calls;

	calls = klp_shadow_get_or_alloc(current, SHADOW_CALLS, sizeof(*calls), GFP_KERNEL,
					calls_ctor, NULL);
	if (calls)
		++*calls;
	return task_ppid_nr(current);
}

/* As the kernel's, with the variable's end before the task's. */
static void shadow_free_task(struct task_struct *task)
{
	klp_shadow_free(task, SHADOW_CALLS, calls_dtor);
	if (*(unsigned long *)task->stack != STACK_END_MAGIC)
		panic("corrupted stack end detected in %s[%d]", task->comm, task->pid);
	put_page(virt_to_page(task->stack));
	kfree(task);
}

static int variables_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", atomic_read(&variables));
	return 0;
}

static int calls_show(struct seq_file *m, void *v)
{
	unsigned long *calls = klp_shadow_get(current, SHADOW_CALLS);

	seq_printf(m, "%lu\n", calls ? *calls : 0);
	return 0;
}

static struct klp_func funcs[] = {
	{ .old_name = "__x64_sys_getppid", .new_func = shadow_sys_getppid },
	{ .old_name = "free_task", .new_func = shadow_free_task },
	{},
};

static struct klp_object objs[] = {
	{ .funcs = funcs },
	{},
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static void remove_files(void)
{
	remove_proc_entry("klp_shadow", NULL);
	remove_proc_entry("klp_shadow_variables", NULL);
}

static int klp_shadow_init(void)
{
	int ret = -ENOMEM;

	if (proc_create_single("klp_shadow", 0444, NULL, calls_show) &&
	    proc_create_single("klp_shadow_variables", 0444, NULL, variables_show))
		ret = klp_enable_patch(&patch);
	if (ret)
		remove_files();
	return ret;
}

static void klp_shadow_exit(void)
{
	remove_files();
	klp_shadow_free_all(SHADOW_CALLS, calls_dtor);
}

module_init(klp_shadow_init);
module_exit(klp_shadow_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
