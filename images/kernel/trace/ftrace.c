// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The core of function entry redirection: the table of patchable entries and
 * the rule that says what each one has to be.
 *
 * Constraints:
 *  1. A site is always exactly one 5-byte instruction: the NOP or a call.
 *  2. What a site has to be follows from the registered ops alone: none wants
 *     it - the NOP; one - a call to that ops' trampoline; several - a call to
 *     the list trampoline, whose handler asks each ops' filter.
 *  3. Before a site is written, its bytes must be what the table says they are.
 *  4. One IPMODIFY ops per function; it must not want all functions.
 *  5. A trampoline goes away only after no site calls it (sites written and
 *     synced), no CPU runs a handler (synchronize_sched_all) and no task was
 *     preempted inside it (synchronize_rcu_tasks).
 *
 * ftrace_lock protects the table, the list of ops and their internal fields.
 * Handlers read the list with preemption off and without the lock.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/ftrace.h>
#include <asm/text-patching.h>
#include "ftrace_internal.h"

extern unsigned long __start_mcount_loc[], __stop_mcount_loc[];

/* The sites of the kernel or of one module, ascending. */
struct ftrace_sites {
	struct list_head list;
	struct module *mod;		/* NULL: the kernel */
	unsigned int nr;
	struct dyn_ftrace rec[];
};

static DEFINE_MUTEX(ftrace_lock);
static LIST_HEAD(ftrace_all_sites);
static LIST_HEAD(ftrace_ops_list);
int ftrace_enabled = 1;

/* Stands for "several ops" in the list trampoline. */
static struct ftrace_ops ftrace_list_ops;

static notrace void ftrace_ops_list_func(unsigned long ip, unsigned long parent_ip,
					 struct ftrace_ops *unused, struct ftrace_regs *fregs)
{
	struct list_head *at;

	preempt_disable_notrace();
	for (at = READ_ONCE(ftrace_ops_list.next); at != &ftrace_ops_list;
	     at = READ_ONCE(at->next)) {
		struct ftrace_ops *ops = list_entry(at, struct ftrace_ops, list);

		if ((READ_ONCE(ops->flags) & FTRACE_OPS_FL_ENABLED) && ftrace_ops_test(ops, ip))
			ops->func(ip, parent_ip, ops, fregs);
	}
	preempt_enable_notrace();
}

/*
 * One bit per context (task, interrupt), so that a handler interrupted by code
 * that is traced too is not taken for its own recursion.
 */
notrace int ftrace_test_recursion_trylock(unsigned long ip, unsigned long parent_ip)
{
	int bit = in_hardirq() ? 1 : 0;

	if (current->trace_recursion & (1UL << bit))
		return -1;
	current->trace_recursion |= 1UL << bit;
	barrier();
	return bit;
}

notrace void ftrace_test_recursion_unlock(int bit)
{
	barrier();
	current->trace_recursion &= ~(1UL << bit);
}

/* ---- the table ---- */

static struct dyn_ftrace *sites_find(struct ftrace_sites *sites, unsigned long ip)
{
	unsigned int low = 0, high = sites->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (sites->rec[mid].ip == ip)
			return &sites->rec[mid];
		if (sites->rec[mid].ip < ip)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static struct dyn_ftrace *ftrace_find_rec(unsigned long ip)
{
	struct ftrace_sites *sites;
	struct dyn_ftrace *rec;

	list_for_each_entry(sites, &ftrace_all_sites, list) {
		rec = sites_find(sites, ip);
		if (rec)
			return rec;
	}
	return NULL;
}

/* The table is never searched while it changes: both happen under ftrace_lock. */
unsigned long ftrace_location(unsigned long ip)
{
	unsigned long found = 0;
	unsigned int off;

	mutex_lock(&ftrace_lock);
	/* An entry may begin with ENDBR64 (4 bytes) before the site. */
	for (off = 0; off <= 4 && !found; off += 4)
		if (ftrace_find_rec(ip + off))
			found = ip + off;
	mutex_unlock(&ftrace_lock);
	return found;
}

static void sort_sites(struct ftrace_sites *sites)
{
	unsigned int gap, i, j;
	struct dyn_ftrace tmp;

	/* Shell sort: in place. */
	for (gap = sites->nr / 2; gap; gap /= 2)
		for (i = gap; i < sites->nr; i++) {
			tmp = sites->rec[i];
			for (j = i; j >= gap && sites->rec[j - gap].ip > tmp.ip; j -= gap)
				sites->rec[j] = sites->rec[j - gap];
			sites->rec[j] = tmp;
		}
}

static int ftrace_add_sites(struct module *mod, const unsigned long *loc, unsigned int count)
{
	struct ftrace_sites *sites;
	unsigned long last = 0;
	bool ascending = true;
	unsigned int i;

	if (!count)
		return 0;
	sites = kzalloc(sizeof(*sites) + count * sizeof(sites->rec[0]), GFP_KERNEL);
	if (!sites)
		return -ENOMEM;
	sites->mod = mod;
	for (i = 0; i < count; i++) {
		if (!loc[i])
			continue;
		ascending &= loc[i] > last;
		last = loc[i];
		sites->rec[sites->nr++].ip = loc[i];
	}
	/* A linker that keeps the order of the functions has sorted already. */
	if (!ascending)
		sort_sites(sites);
	mutex_lock(&ftrace_lock);
	list_add_tail(&sites->list, &ftrace_all_sites);
	mutex_unlock(&ftrace_lock);
	return 0;
}

/* ---- writing sites ---- */

static void site_bytes(unsigned long ip, unsigned long target, u8 *bytes)
{
	s32 disp = target - (ip + MCOUNT_INSN_SIZE);

	if (!target) {
		memcpy(bytes, x86_nop5, MCOUNT_INSN_SIZE);
		return;
	}
	bytes[0] = CALL_INSN_OPCODE;
	memcpy(bytes + 1, &disp, sizeof(disp));
}

static void ftrace_bug(struct dyn_ftrace *rec, const u8 *expected)
{
	const u8 *found = (const u8 *)rec->ip;

	pr_err("ftrace: %pS: expected %02x %02x %02x %02x %02x, found %02x %02x %02x %02x %02x\n",
	       (void *)rec->ip, expected[0], expected[1], expected[2], expected[3], expected[4],
	       found[0], found[1], found[2], found[3], found[4]);
}

static unsigned long ftrace_wanted(struct dyn_ftrace *rec, unsigned int *nr)
{
	struct ftrace_ops *ops, *only = NULL;

	*nr = 0;
	list_for_each_entry(ops, &ftrace_ops_list, list)
		if ((ops->flags & FTRACE_OPS_FL_ENABLED) && ftrace_ops_test(ops, rec->ip)) {
			only = ops;
			++*nr;
		}
	if (*nr == 0 || (rec->flags & FTRACE_FL_DISABLED))
		return 0;
	return *nr == 1 ? only->trampoline : ftrace_list_ops.trampoline;
}

/* Makes every site what the ops want. -EINVAL: a site was not as we left it. */
static int ftrace_update_sites(void)
{
	u8 expected[MCOUNT_INSN_SIZE], wanted[MCOUNT_INSN_SIZE];
	struct ftrace_sites *sites;
	unsigned long target;
	unsigned int i, nr;
	int ret = 0;

	text_mutex_lock();
	list_for_each_entry(sites, &ftrace_all_sites, list) {
		for (i = 0; i < sites->nr; i++) {
			struct dyn_ftrace *rec = &sites->rec[i];

			target = ftrace_wanted(rec, &nr);
			rec->nr_ops = nr;
			if (target == rec->target)
				continue;
			site_bytes(rec->ip, rec->target, expected);
			if (memcmp((void *)rec->ip, expected, MCOUNT_INSN_SIZE)) {
				ftrace_bug(rec, expected);
				ret = -EINVAL;
				continue;
			}
			site_bytes(rec->ip, target, wanted);
			text_poke_queue((void *)rec->ip, wanted, MCOUNT_INSN_SIZE, NULL);
			rec->target = target;
		}
	}
	text_poke_finish();
	text_mutex_unlock();
	return ret;
}

/* ---- ops ---- */

static int ftrace_claim_ipmodify(struct ftrace_ops *ops)
{
	unsigned int i;

	if (!(ops->flags & FTRACE_OPS_FL_IPMODIFY))
		return 0;
	if (!(ops->flags & FTRACE_OPS_FL_SAVE_REGS) || !ops->filter)
		return -EINVAL;
	for (i = 0; i < ops->nr_filter; i++) {
		struct dyn_ftrace *rec = ftrace_find_rec(ops->filter[i]);

		if (rec && (rec->flags & FTRACE_FL_IPMODIFY))
			return -EBUSY;
	}
	for (i = 0; i < ops->nr_filter; i++) {
		struct dyn_ftrace *rec = ftrace_find_rec(ops->filter[i]);

		if (rec)
			rec->flags |= FTRACE_FL_IPMODIFY;
	}
	return 0;
}

static void ftrace_drop_ipmodify(struct ftrace_ops *ops)
{
	unsigned int i;

	if (!(ops->flags & FTRACE_OPS_FL_IPMODIFY))
		return;
	for (i = 0; i < ops->nr_filter; i++) {
		struct dyn_ftrace *rec = ftrace_find_rec(ops->filter[i]);

		if (rec)
			rec->flags &= ~FTRACE_FL_IPMODIFY;
	}
}

/* Handlers may be walking the list: the new element is complete before it is seen. */
static void ops_list_add(struct ftrace_ops *ops)
{
	ops->list.next = &ftrace_ops_list;
	ops->list.prev = ftrace_ops_list.prev;
	__atomic_store_n(&ftrace_ops_list.prev->next, &ops->list, __ATOMIC_RELEASE);
	ftrace_ops_list.prev = &ops->list;
}

/* Leaves ops->list.next alone: a handler may stand on this element. */
static void ops_list_del(struct ftrace_ops *ops)
{
	ops->list.next->prev = ops->list.prev;
	WRITE_ONCE(ops->list.prev->next, ops->list.next);
}

static int ftrace_startup(struct ftrace_ops *ops)
{
	int ret;

	/* A permanent ops must work; with ftrace off it would not. */
	if (!ftrace_enabled && (ops->flags & FTRACE_OPS_FL_PERMANENT))
		return -EBUSY;
	ret = ftrace_claim_ipmodify(ops);
	if (ret)
		return ret;
	ops->trampoline = ftrace_create_trampoline(ops, ops->func, &ops->trampoline_size);
	if (!ops->trampoline) {
		ftrace_drop_ipmodify(ops);
		return -ENOMEM;
	}
	ops_list_add(ops);
	ops->flags |= FTRACE_OPS_FL_ENABLED | FTRACE_OPS_FL_DYNAMIC;
	return ftrace_enabled ? ftrace_update_sites() : 0;
}

static void ftrace_shutdown(struct ftrace_ops *ops)
{
	ops->flags &= ~FTRACE_OPS_FL_ENABLED;
	ftrace_update_sites();
	ftrace_drop_ipmodify(ops);
	ops_list_del(ops);
	synchronize_rcu();
	ftrace_wait_trampoline_unused(ops->trampoline, ops->trampoline_size);
	ftrace_free_trampoline(ops->trampoline);
	ops->trampoline = 0;
}

/* -EBUSY: another IPMODIFY ops holds one of the functions, or ftrace is off. */
int register_ftrace_function(struct ftrace_ops *ops)
{
	int ret;

	mutex_lock(&ftrace_lock);
	if (ops->flags & FTRACE_OPS_FL_ENABLED) {
		ret = -EBUSY;
	} else {
		ret = ftrace_startup(ops);
		if (ret && (ops->flags & FTRACE_OPS_FL_ENABLED))
			ftrace_shutdown(ops);
	}
	mutex_unlock(&ftrace_lock);
	return ret;
}
EXPORT_SYMBOL(register_ftrace_function);

int unregister_ftrace_function(struct ftrace_ops *ops)
{
	int ret = -EBUSY;

	mutex_lock(&ftrace_lock);
	if (ops->flags & FTRACE_OPS_FL_ENABLED) {
		ftrace_shutdown(ops);
		ret = 0;
	}
	mutex_unlock(&ftrace_lock);
	return ret;
}
EXPORT_SYMBOL(unregister_ftrace_function);
EXPORT_SYMBOL(ftrace_set_filter_ip);
EXPORT_SYMBOL(ftrace_free_filter);

/* kernel.ftrace_enabled: refused with -EBUSY while a permanent ops is there. */
int ftrace_set_enabled(int on)
{
	struct ftrace_ops *ops;
	int ret = 0;

	mutex_lock(&ftrace_lock);
	if (!on)
		list_for_each_entry(ops, &ftrace_ops_list, list)
			if (ops->flags & FTRACE_OPS_FL_PERMANENT)
				ret = -EBUSY;
	if (!ret)
		ftrace_enabled = !!on;
	mutex_unlock(&ftrace_lock);
	return ret;
}

bool is_ftrace_trampoline(unsigned long addr)
{
	struct list_head *at;
	bool found = false;

	preempt_disable_notrace();
	for (at = READ_ONCE(ftrace_ops_list.next); at != &ftrace_ops_list; at = READ_ONCE(at->next)) {
		struct ftrace_ops *ops = list_entry(at, struct ftrace_ops, list);

		if (addr - ops->trampoline < ops->trampoline_size)
			found = true;
	}
	preempt_enable_notrace();
	return found || addr - ftrace_list_ops.trampoline < ftrace_list_ops.trampoline_size;
}

/* ---- modules ---- */

int ftrace_module_init(struct module *mod)
{
	return ftrace_add_sites(mod, mod->ftrace_callsites, mod->num_ftrace_callsites);
}

/* The module's text is about to go: forget its sites. */
void ftrace_release_mod(struct module *mod)
{
	struct ftrace_sites *sites, *next;

	mutex_lock(&ftrace_lock);
	list_for_each_entry_safe(sites, next, &ftrace_all_sites, list)
		if (sites->mod == mod) {
			list_del(&sites->list);
			kfree(sites);
		}
	mutex_unlock(&ftrace_lock);
}

/* Early, while the CPUs run nothing but the idle task and the initcalls. */
static int ftrace_init(void)
{
	unsigned int count = __stop_mcount_loc - __start_mcount_loc;

	if (ftrace_add_sites(NULL, __start_mcount_loc, count))
		panic("ftrace: no memory for the table of %u entries", count);
	ftrace_list_ops.func = ftrace_ops_list_func;
	ftrace_list_ops.trampoline =
		ftrace_create_trampoline(&ftrace_list_ops, ftrace_ops_list_func,
					 &ftrace_list_ops.trampoline_size);
	if (!ftrace_list_ops.trampoline)
		panic("ftrace: no memory for the list trampoline");
	pr_info("ftrace: allocating %u entries\n", count);
	return 0;
}
early_initcall(ftrace_init);
