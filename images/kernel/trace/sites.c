// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of patchable entries, and the five bytes of each.
 *
 * Constraints:
 *  1. A site is always exactly one 5-byte instruction: the NOP or a call.
 *  2. What it has to be follows from who wants it: nobody - the NOP; one ops - a
 *     call of its stub; several - a call of ftrace_list_ops' stub.
 *  3. Before a site is written, its bytes must be what the table says they are.
 *  4. All sites that change together are written in one pass of the int3
 *     protocol (arch/text-patching.c): its cost does not grow with their number.
 *
 * ftrace_lock protects the table. Must not know why somebody wants a site.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "ftrace_internal.h"

extern unsigned long __start_mcount_loc[], __stop_mcount_loc[];

/* The sites of the kernel or of one module, ascending. */
struct site_table {
	struct list_head list; /* ascending too: the tables do not overlap */
	struct module *mod;    /* NULL: the kernel */
	unsigned int nr;
	struct dyn_ftrace site[];
};

DEFINE_MUTEX(ftrace_lock);
static LIST_HEAD(tables);

/* ---- finding ---- */

static struct dyn_ftrace *find_in(struct site_table *table, unsigned long ip)
{
	unsigned int below = 0, above = table->nr;

	/* site[below - 1].ip < ip <= site[above].ip */
	while (below != above) {
		unsigned int probe = below + (above - below) / 2;

		if (table->site[probe].ip >= ip)
			above = probe;
		else
			below = probe + 1;
	}
	return below < table->nr && table->site[below].ip == ip ? &table->site[below] : NULL;
}

struct dyn_ftrace *ftrace_find_site(unsigned long ip)
{
	struct dyn_ftrace *found = NULL;
	struct site_table *table;

	lockdep_assert_held(&ftrace_lock);
	list_for_each_entry(table, &tables, list) {
		found = find_in(table, ip);
		if (found)
			break;
	}
	return found;
}

unsigned long ftrace_location(unsigned long ip)
{
	struct dyn_ftrace *site;

	mutex_lock(&ftrace_lock);
	site = ftrace_find_site(ip);
	/* an entry may begin with ENDBR64, 4 bytes */
	if (!site)
		site = ftrace_find_site(ip + 4);
	mutex_unlock(&ftrace_lock);
	return site ? site->ip : 0;
}

void ftrace_for_each_site(void (*fn)(struct dyn_ftrace *site, void *arg), void *arg)
{
	struct site_table *table;

	lockdep_assert_held(&ftrace_lock);
	list_for_each_entry(table, &tables, list)
		for (unsigned int i = 0; i < table->nr; i++)
			fn(&table->site[i], arg);
}

/* ---- making tables ---- */

/* Moves the last site down to its place; nothing to do where the linker kept the order of the functions. */
static void sink_last(struct site_table *table)
{
	unsigned int at = table->nr - 1;
	unsigned long ip = table->site[at].ip;

	for (; at && table->site[at - 1].ip > ip; at--)
		table->site[at].ip = table->site[at - 1].ip;
	table->site[at].ip = ip;
}

static int add_table(struct module *mod, const unsigned long *entries, unsigned int nr)
{
	struct site_table *table, *other;
	struct list_head *place = &tables;
	int ret;

	if (!nr)
		return 0;
	table = kzalloc(sizeof(*table) + nr * sizeof(table->site[0]), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	table->mod = mod;
	for (unsigned int i = 0; i < nr; i++)
		if (entries[i]) {
			table->site[table->nr++].ip = entries[i];
			sink_last(table);
		}

	mutex_lock(&ftrace_lock);
	list_for_each_entry(other, &tables, list)
		if (other->site[0].ip > table->site[0].ip) {
			place = &other->list;
			break;
		}
	list_add_tail(&table->list, place);
	ftrace_want_new_sites(table->site, table->nr);
	ret = ftrace_write_sites();
	mutex_unlock(&ftrace_lock);
	return ret;
}

int ftrace_module_init(struct module *mod)
{
	int ret = add_table(mod, mod->ftrace_callsites, mod->num_ftrace_callsites);

	if (!ret)
		tracer_module_coming();
	return ret;
}

/* The module's text is about to go, and with it what was written there. */
void ftrace_release_mod(struct module *mod)
{
	struct site_table *table, *gone = NULL;

	tracer_module_going(mod);
	mutex_lock(&ftrace_lock);
	list_for_each_entry(table, &tables, list)
		if (table->mod == mod)
			gone = table;
	if (gone)
		list_del(&gone->list);
	mutex_unlock(&ftrace_lock);
	kfree(gone);
}

/* ---- writing ---- */

static unsigned long wanted_target(const struct dyn_ftrace *site)
{
	if (!site->nr_ops || !ftrace_enabled)
		return 0;
	return site->sole ? site->sole->trampoline : ftrace_list_ops.trampoline;
}

static void instruction(unsigned long ip, unsigned long target, u8 bytes[MCOUNT_INSN_SIZE])
{
	u32 distance = target - ip - MCOUNT_INSN_SIZE;

	memcpy(bytes, x86_nop5, MCOUNT_INSN_SIZE);
	if (target) {
		bytes[0] = CALL_INSN_OPCODE;
		memcpy(&bytes[1], &distance, sizeof(distance));
	}
}

/* False: the bytes there are not those that we left. */
static bool queue_site(struct dyn_ftrace *site, unsigned long target)
{
	u8 bytes[MCOUNT_INSN_SIZE];

	instruction(site->ip, site->target, bytes);
	ASSERT_CONSTRAINT("trace/sites.c 3", !memcmp((void *)site->ip, bytes, sizeof(bytes)));
	if (memcmp((void *)site->ip, bytes, sizeof(bytes))) {
		const u8 *found = (const u8 *)site->ip;

		pr_err("ftrace: %pS is not as it was left: found %02x %02x %02x %02x %02x\n", found,
		       found[0], found[1], found[2], found[3], found[4]);
		return false;
	}
	instruction(site->ip, target, bytes);
	text_poke_queue((void *)site->ip, bytes, sizeof(bytes), NULL);
	site->target = target;
	return true;
}

static void write_site(struct dyn_ftrace *site, void *arg)
{
	int *error = arg;
	unsigned long target;

	if (!site->stale)
		return;
	site->stale = false;
	target = wanted_target(site);
	if (target != site->target && !queue_site(site, target))
		*error = -EINVAL;
}

static void check_site(struct dyn_ftrace *site, void *arg)
{
	unsigned long *last = arg;
	u8 bytes[MCOUNT_INSN_SIZE];

	instruction(site->ip, site->target, bytes);
	ASSERT_CONSTRAINT("trace/sites.c 1", !memcmp((void *)site->ip, bytes, sizeof(bytes)));
	ASSERT_CONSTRAINT("trace/sites.c 2", site->target == wanted_target(site));
	/* a queue that is not ascending would have been written in several passes */
	ASSERT_CONSTRAINT("trace/sites.c 4", !site->stale && site->ip > *last);
	*last = site->ip;
}

/* For assertions: are they as they shall be when a pass has ended? */
static bool check_all_sites(void)
{
	unsigned long last = 0;

	ftrace_for_each_site(check_site, &last);
	return true;
}

/* Makes every stale site what its ops want. -EINVAL: one was not as we left it. */
int ftrace_write_sites(void)
{
	int error = 0;

	text_mutex_lock();
	ftrace_for_each_site(write_site, &error);
	text_poke_finish();
	DEBUG_ASSERT(error || check_all_sites());
	text_mutex_unlock();
	return error;
}

/* Early, while the CPUs run nothing but the idle task and the initcalls. */
static int ftrace_init(void)
{
	unsigned int nr = __stop_mcount_loc - __start_mcount_loc;

	if (add_table(NULL, __start_mcount_loc, nr))
		panic("ftrace: no memory for the table of %u entries", nr);
	ftrace_list_ops.trampoline = ftrace_stub_alloc(&ftrace_list_ops);
	if (!ftrace_list_ops.trampoline)
		panic("ftrace: no memory for a stub");
	pr_info("ftrace: allocating %u entries\n", nr);
	return 0;
}
early_initcall(ftrace_init);
