// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A probe at the entry of a function, or at its return, as the parameters say; /proc/<name of the file> has what was seen.
 *
 * kind: "entry", "claim" (with a post_handler), "return".
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

static char symbol[KSYM_NAME_LEN] = "cmdline_proc_show";
module_param_string(symbol, symbol, KSYM_NAME_LEN, 0444);
static char kind[16] = "entry";
module_param_string(kind, kind, sizeof(kind), 0444);
static char file[32] = "probes";
module_param_string(file, file, sizeof(file), 0444);
static unsigned int offset;
module_param(offset, uint, 0444);
static int most;
module_param(most, int, 0444);

static unsigned int before, after, returned;
static unsigned long last_value;
static bool ip_is_right = true;

static struct kretprobe on_return;

static int pre(struct kprobe *p, struct pt_regs *regs)
{
	before++;
	ip_is_right &= regs->ip == (unsigned long)p->addr + 1;
	return 0;
}

static void post(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
	after++;
	ip_is_right &= regs->ip == (unsigned long)p->addr + MCOUNT_INSN_SIZE;
}

static int at_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	before++;
	*(u64 *)ri->data = ktime_get_ns();
	return 0;
}

static int at_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	returned++;
	last_value = regs_return_value(regs);
	ip_is_right &= ktime_get_ns() >= *(u64 *)ri->data && get_kretprobe(ri) == &on_return &&
		       regs->ip == ri->ret_addr;
	return 0;
}

NOKPROBE_SYMBOL(at_return);

static struct kprobe probe = { .symbol_name = symbol, .pre_handler = pre };
static struct kretprobe on_return = {
	.handler = at_return,
	.entry_handler = at_entry,
	.data_size = sizeof(u64),
};

static int show(struct seq_file *m, void *data)
{
	seq_printf(m, "before %u after %u returned %u value %lu missed %d %s\n", before, after,
		   returned, last_value, on_return.nmissed, ip_is_right ? "right" : "wrong");
	return 0;
}

static int change(const char *text, const struct kernel_param *param)
{
	return *text == '0' ? disable_kprobe(&probe) : enable_kprobe(&probe);
}
static const struct kernel_param_ops change_ops = { .set = change };
__param_record(on, &change_ops, 0200, .arg = NULL);

static int start(void)
{
	int ret;

	probe.offset = offset;
	on_return.kp.symbol_name = symbol;
	on_return.maxactive = most;
	if (!strcmp(kind, "claim"))
		probe.post_handler = post;
	ret = strcmp(kind, "return") ? register_kprobe(&probe) : register_kretprobe(&on_return);
	if (ret)
		return ret;
	return proc_create_single(file, 0444, NULL, show) ? 0 : -ENOMEM;
}

static void stop(void)
{
	remove_proc_entry(file, NULL);
	if (strcmp(kind, "return"))
		unregister_kprobe(&probe);
	else
		unregister_kretprobe(&on_return);
}

module_init(start);
module_exit(stop);
