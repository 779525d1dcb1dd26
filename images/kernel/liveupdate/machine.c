// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes machine and log: what a kernel that has been switched on finds out by
 * looking, and one that takes over is told; and what has been said so far.
 *
 * Both are retrieved early: before the new kernel has memory or a console.
 */
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/utsname.h>
#include <asm/apic.h>
#include "internal.h"

/* what the kernel before has said and is asked for later */
static struct {
	unsigned int kthreads, patches;
	pid_t last_pid;
} before;

unsigned int machine_kthreads(void)
{
	return before.kthreads;
}

unsigned int machine_patches(void)
{
	return before.patches;
}

pid_t machine_last_pid(void)
{
	return before.last_pid;
}

static u32 count_patches(void)
{
	struct module *mod;
	u32 n = 0;

	list_for_each_entry(mod, &modules, list)
		n += mod->klp;
	return n;
}

DEFINE_RECORD(machine, MACHINE_RECORD, struct clock_base *clock)
DEFINE_RECORD(range, RANGE_RECORD, struct memory_range *range)

static int preserve_machine(struct ser_writer *w)
{
	write_machine(w, &clock_base);
	w->count++;
	for (unsigned int i = 0; i < boot_info.nr_ranges; i++)
		write_range(w, &boot_info.ranges[i]);
	return w->error;
}

static int retrieve_machine(struct ser_reader *r, u64 count)
{
	struct clock_base clock;
	TAKE_RECORD(r, machine, MACHINE_RECORD)

	if (count != 1)
		return -EINVAL;
	read_machine(record, &clock);
	clock_set_base(&clock);
	apic_set_timer_hz(timer_hz);
	boot_info.rsdp = rsdp;
	strscpy(boot_info.command_line, command_line, sizeof(boot_info.command_line));
	strscpy(saved_command_line, command_line, sizeof(saved_command_line));
	boot_info.nr_ranges = ranges;
	for (u32 i = 0; i < ranges; i++)
		read_range(record_take(r, LAYOUT_range), &boot_info.ranges[i]);
	before.last_pid = last;
	before.kthreads = kthreads;
	before.patches = patches;
	return 0;
}

/* ---- the kernel log ---- */

DEFINE_RECORD(log, LOG_RECORD, struct printk_record *line)

static int preserve_log(struct ser_writer *w)
{
	static struct printk_record line;
	u64 seq = 0;

	while (printk_read(&seq, &line)) {
		write_log(w, &line);
		ser_put(w, line.text, line.len);
		w->count++;
		seq++;
	}
	return w->error;
}

static int get_line(struct ser_reader *r)
{
	static struct printk_record line;
	TAKE_RECORD(r, log, LOG_RECORD)

	read_log(record, &line);
	line.level = level;
	line.len = length;
	record_take_text(r, line.text, length);
	printk_adopt(&line);
	return 0;
}

/* clang-format off */
#define LINE_LEFT(LEFT) \
	LEFT(seq, "the order of the records") \
	LEFT(text, "text records")
/* clang-format on */
CARRIED(clock_base, clock, MACHINE_RECORD, NO_ROW)
CARRIED(memory_range, range, RANGE_RECORD, NO_ROW)
CARRIED(printk_record, line, LOG_RECORD, LINE_LEFT)

const struct liveupdate_class machine_class = {
	.layout = LAYOUT_machine,
	.early = true,
	.preserve = preserve_machine,
	.retrieve = retrieve_machine,
};
const struct liveupdate_class log_class = {
	.layout = LAYOUT_log,
	.early = true,
	.preserve = preserve_log,
	.retrieve_record = get_line,
};
