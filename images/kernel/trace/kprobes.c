// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kprobes: handlers at the entry of functions (linux/kprobes.h).
 *
 * All probes of one function are armed together, by one ftrace_ops with an array
 * that never changes: who comes or goes makes a new one. It claims the function
 * (IPMODIFY) if one of them has a post_handler. Where it can, the new one is
 * registered before the old one goes, and @current_one says which of the two
 * calls the handlers; two that both claim the function must change places in the
 * other order, and calls in between are missed.
 *
 * Handlers run with preemption off. One that is reached from inside another is
 * counted as missed: so handlers may call what they like.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "ftrace_internal.h"

/* The probes of one function as they are armed. */
struct armed {
	struct ftrace_ops ops;
	struct armed **current_one;
	unsigned int nr;
	struct kprobe *probes[];
};

struct probed_function {
	struct list_head list;
	unsigned long ip;
	struct list_head probes; /* all, in order of registration */
	struct armed *armed;	 /* NULL: all are disabled */
};

static DEFINE_MUTEX(kprobe_mutex); /* all of this file but what handlers read */
static LIST_HEAD(functions);
static bool globally_on = true;
static DEFINE_PER_CPU(bool, in_handler);

/* ---- the handler ---- */

static notrace void run_probe(struct kprobe *probe, struct pt_regs *regs, unsigned long ip)
{
	unsigned long chosen = regs->ip;

	regs->ip = ip + 1;
	if (probe->pre_handler && probe->pre_handler(probe, regs))
		return;
	regs->ip = ip + MCOUNT_INSN_SIZE;
	if (probe->post_handler)
		probe->post_handler(probe, regs, 0);
	/* where it was, or where a livepatch has sent it */
	regs->ip = chosen;
}

/* No probe calls its handlers on this CPU in between; a handler of another kind is running. */
notrace void kprobe_busy_begin(void)
{
	preempt_disable_notrace();
	this_cpu_write(in_handler, true);
}

notrace void kprobe_busy_end(void)
{
	this_cpu_write(in_handler, false);
	preempt_enable_notrace();
}

static notrace void kprobe_handler(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct armed *armed = container_of(ops, struct armed, ops);

	preempt_disable_notrace();
	if (smp_load_acquire(armed->current_one) == armed) {
		bool nested = this_cpu_read(in_handler);

		this_cpu_write(in_handler, true);
		for (unsigned int i = 0; i < armed->nr; i++) {
			if (nested)
				armed->probes[i]->nmissed++;
			else
				run_probe(armed->probes[i], ftrace_get_regs(fregs), ip);
		}
		this_cpu_write(in_handler, nested);
	}
	preempt_enable_notrace();
}

/* What every armed function begins as; who looks for kprobes on ftrace looks for this name. */
static const struct ftrace_ops kprobe_ftrace_ops = {
	.func = kprobe_handler,
	.flags = FTRACE_OPS_FL_SAVE_REGS,
};

/* ---- arming ---- */

static struct armed *make_armed(struct probed_function *function)
{
	struct kprobe *probe;
	struct armed *armed;
	unsigned int nr = 0;

	list_for_each_entry(probe, &function->probes, list)
		nr++;
	armed = kzalloc(sizeof(*armed) + nr * sizeof(armed->probes[0]), GFP_KERNEL);
	if (!armed)
		return ERR_PTR(-ENOMEM);
	armed->ops = kprobe_ftrace_ops;
	armed->current_one = &function->armed;
	list_for_each_entry(probe, &function->probes, list) {
		if (probe->flags & KPROBE_FLAG_DISABLED)
			continue;
		armed->probes[armed->nr++] = probe;
		if (probe->post_handler)
			armed->ops.flags |= FTRACE_OPS_FL_IPMODIFY;
	}
	if (armed->nr && globally_on)
		return armed;
	kfree(armed);
	return NULL;
}

static void disarm(struct armed *armed)
{
	if (!armed)
		return;
	unregister_ftrace_function(&armed->ops);
	ftrace_free_filter(&armed->ops);
	kfree(armed);
}

static int arm(struct armed *armed, unsigned long ip)
{
	int ret = ftrace_set_filter_ip(&armed->ops, ip, 0, 0);

	if (!ret)
		ret = register_ftrace_function(&armed->ops);
	if (ret)
		ftrace_free_filter(&armed->ops);
	return ret;
}

static bool claims(const struct armed *armed)
{
	return armed && (armed->ops.flags & FTRACE_OPS_FL_IPMODIFY);
}

/* Both claim the function: the old one has to go first. */
static int change_places(struct probed_function *function, struct armed *next)
{
	struct armed *old = function->armed;
	int ret;

	unregister_ftrace_function(&old->ops);
	ret = arm(next, function->ip);
	if (!ret || !register_ftrace_function(&old->ops))
		return ret;
	pr_warn("kprobes: %pS is not probed any more\n", (void *)function->ip);
	smp_store_release(&function->armed, NULL);
	synchronize_rcu();
	ftrace_free_filter(&old->ops);
	kfree(old);
	return ret;
}

/* After a change among the probes. An error: what was armed still is. */
static int rearm(struct probed_function *function)
{
	struct armed *next = make_armed(function), *old = function->armed;
	int ret = 0;

	lockdep_assert_held(&kprobe_mutex);
	if (IS_ERR(next))
		return PTR_ERR(next);
	if (claims(next) && claims(old))
		ret = change_places(function, next);
	else if (next)
		ret = arm(next, function->ip);
	if (ret) {
		kfree(next);
		return ret;
	}
	smp_store_release(&function->armed, next);
	disarm(old);
	return 0;
}

/* ---- coming and going ---- */

static int take_address(void *data, unsigned long addr)
{
	*(unsigned long *)data = addr;
	return 1;
}

struct named {
	const char *name;
	unsigned long addr;
};

static int take_if_named(void *data, const char *name, unsigned long addr)
{
	struct named *wanted = data;

	if (strcmp(name, wanted->name))
		return 0;
	wanted->addr = addr;
	return 1;
}

static unsigned long address_of(const char *name)
{
	struct named wanted = { .name = name };
	struct module *mod;

	if (kallsyms_on_each_match_symbol(take_address, name, &wanted.addr))
		return wanted.addr;
	module_mutex_lock();
	list_for_each_entry(mod, &modules, list)
		if (!wanted.addr && mod->state != MODULE_STATE_UNFORMED)
			module_kallsyms_on_each_symbol(mod, take_if_named, &wanted);
	module_mutex_unlock();
	return wanted.addr;
}

/* The entry that @probe means; one of a module keeps the module. */
static int find_entry(const struct kprobe *probe, unsigned long *ip)
{
	unsigned long addr = (unsigned long)probe->addr;
	int ret = 0;

	if (!addr == !probe->symbol_name)
		return -EINVAL;
	if (!addr)
		addr = address_of(probe->symbol_name);
	if (!addr)
		return -ENOENT;
	*ip = ftrace_location(addr + probe->offset);
	if (!*ip || *ip - addr > 4)
		return -EINVAL;
	preempt_disable();
	if (__module_text_address(*ip) && !try_module_get(__module_text_address(*ip)))
		ret = -ENOENT;
	preempt_enable();
	return ret;
}

static void put_module_of(unsigned long ip)
{
	preempt_disable();
	module_put(__module_text_address(ip));
	preempt_enable();
}

static struct probed_function *find_function(unsigned long ip)
{
	struct probed_function *function;

	list_for_each_entry(function, &functions, list)
		if (function->ip == ip)
			return function;
	return NULL;
}

static bool is_registered(const struct kprobe *probe)
{
	struct probed_function *function = find_function((unsigned long)probe->addr);
	struct kprobe *other;

	if (function)
		list_for_each_entry(other, &function->probes, list)
			if (other == probe)
				return true;
	return false;
}

static struct probed_function *get_function(unsigned long ip)
{
	struct probed_function *function = find_function(ip);

	if (function)
		return function;
	function = kzalloc(sizeof(*function), GFP_KERNEL);
	if (!function)
		return NULL;
	function->ip = ip;
	INIT_LIST_HEAD(&function->probes);
	list_add_tail(&function->list, &functions);
	return function;
}

static void put_function(struct probed_function *function)
{
	if (!list_empty(&function->probes))
		return;
	list_del(&function->list);
	kfree(function);
}

static int add_probe(struct kprobe *probe, unsigned long ip)
{
	struct probed_function *function = get_function(ip);
	int ret;

	if (!function)
		return -ENOMEM;
	probe->nmissed = 0;
	list_add_tail(&probe->list, &function->probes);
	ret = rearm(function);
	if (ret)
		list_del(&probe->list);
	else
		probe->addr = (kprobe_opcode_t *)ip;
	put_function(function);
	return ret;
}

int register_kprobe(struct kprobe *probe)
{
	unsigned long ip;
	int ret;

	mutex_lock(&kprobe_mutex);
	ret = probe->addr && is_registered(probe) ? -EINVAL : find_entry(probe, &ip);
	if (!ret) {
		ret = add_probe(probe, ip);
		if (ret)
			put_module_of(ip);
	}
	mutex_unlock(&kprobe_mutex);
	return ret;
}

void unregister_kprobe(struct kprobe *probe)
{
	struct probed_function *function;

	mutex_lock(&kprobe_mutex);
	if (is_registered(probe)) {
		function = find_function((unsigned long)probe->addr);
		list_del(&probe->list);
		/* without memory for the others' own array they go as well */
		if (rearm(function)) {
			disarm(function->armed);
			function->armed = NULL;
		}
		put_module_of(function->ip);
		put_function(function);
	}
	mutex_unlock(&kprobe_mutex);
}

int register_kprobes(struct kprobe **probes, int num)
{
	int ret = num > 0 ? 0 : -EINVAL;

	for (int i = 0; i < num && !ret; i++) {
		ret = register_kprobe(probes[i]);
		if (ret)
			unregister_kprobes(probes, i);
	}
	return ret;
}

void unregister_kprobes(struct kprobe **probes, int num)
{
	for (int i = 0; i < num; i++)
		unregister_kprobe(probes[i]);
}

static int set_disabled(struct kprobe *probe, u32 disabled)
{
	u32 before = probe->flags;
	int ret = -EINVAL;

	mutex_lock(&kprobe_mutex);
	if (is_registered(probe)) {
		probe->flags = (before & ~KPROBE_FLAG_DISABLED) | disabled;
		ret = rearm(find_function((unsigned long)probe->addr));
		if (ret)
			probe->flags = before;
	}
	mutex_unlock(&kprobe_mutex);
	return ret;
}

int enable_kprobe(struct kprobe *probe)
{
	return set_disabled(probe, 0);
}

int disable_kprobe(struct kprobe *probe)
{
	return set_disabled(probe, KPROBE_FLAG_DISABLED);
}

EXPORT_SYMBOL(register_kprobe);
EXPORT_SYMBOL(unregister_kprobe);
EXPORT_SYMBOL(register_kprobes);
EXPORT_SYMBOL(unregister_kprobes);
EXPORT_SYMBOL(enable_kprobe);
EXPORT_SYMBOL(disable_kprobe);

/* ---- /sys/kernel/debug/kprobes ---- */

static int list_show(struct seq_file *m, void *data)
{
	struct probed_function *function;
	struct kprobe *probe;

	mutex_lock(&kprobe_mutex);
	list_for_each_entry(function, &functions, list)
		list_for_each_entry(probe, &function->probes, list)
			seq_printf(m, "%px  k  %pS %s[FTRACE]\n", probe->addr, probe->addr,
				   probe->flags & KPROBE_FLAG_DISABLED ? "[DISABLED]" : "");
	mutex_unlock(&kprobe_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(list);

static int enabled_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%d\n", globally_on);
	return 0;
}

static int enabled_open(struct inode *inode, struct file *file)
{
	return single_open(file, enabled_show, NULL);
}

static ssize_t enabled_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct probed_function *function;
	char word[8];
	bool on;
	int ret = copy_word_from_user(word, sizeof(word), buf, count);

	if (!ret)
		ret = kstrtobool(word, &on);
	if (ret)
		return ret;
	mutex_lock(&kprobe_mutex);
	globally_on = on;
	list_for_each_entry(function, &functions, list)
		if (!ret)
			ret = rearm(function);
	mutex_unlock(&kprobe_mutex);
	return ret ? ret : (ssize_t)count;
}

static const struct file_operations enabled_fops = {
	.open = enabled_open,
	.read = seq_read,
	.write = enabled_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int kprobes_init(void)
{
	struct dentry *dir = debugfs_create_dir("kprobes", NULL);

	debugfs_create_file("list", 0400, dir, NULL, &list_fops);
	debugfs_create_file("enabled", 0600, dir, NULL, &enabled_fops);
	return 0;
}
fs_initcall(kprobes_init);
