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
#include <asm/apic.h>
#include "internal.h"

void printk_adopt(const struct printk_record *record);

static struct machine_ser machine;
static unsigned int patches_loaded;

unsigned int machine_kthreads(void)
{
	return machine.kthreads;
}

unsigned int machine_patches(void)
{
	return machine.patches;
}

pid_t machine_last_pid(void)
{
	return machine.last_pid;
}

static int preserve_machine(struct ser_writer *w)
{
	struct module *mod;

	memset(&machine, 0, sizeof(machine));
	patches_loaded = 0;
	list_for_each_entry(mod, &modules, list)
		patches_loaded += mod->klp;
	machine.tsc_base = clock_base.tsc_base;
	machine.ns_base = clock_base.ns_base;
	machine.real_offset_ns = clock_base.real_offset_ns;
	machine.tsc_hz = clock_base.tsc_hz;
	machine.apic_timer_hz = apic_timer_hz;
	machine.rsdp = boot_info.rsdp;
	machine.nr_ranges = boot_info.nr_ranges;
	machine.nr_cpus = nr_cpus;
	machine.last_pid = last_pid;
	machine.kthreads = count_kthreads();
	machine.patches = patches_loaded;
	for (unsigned int i = 0; i < nr_cpus; i++)
		machine.apic_ids[i] = cpu_apic_ids[i];
	for (unsigned int i = 0; i < boot_info.nr_ranges; i++)
		machine.ranges[i] = (struct range_ser){
			boot_info.ranges[i].start,
			boot_info.ranges[i].size,
			boot_info.ranges[i].usable,
		};
	strscpy(machine.command_line, next_kernel.command_line, sizeof(machine.command_line));
	ser_put(w, &machine, sizeof(machine));
	w->count++;
	return w->error;
}

static int retrieve_machine(struct ser_reader *r, u64 count)
{
	struct clock_base base;

	if (count != 1 || !ser_get(r, &machine, sizeof(machine)) ||
	    machine.nr_ranges > MACHINE_RANGES || machine.nr_cpus > NR_CPUS || !machine.nr_cpus ||
	    !machine.tsc_hz)
		return -EINVAL;
	machine.command_line[sizeof(machine.command_line) - 1] = 0;
	base = (struct clock_base){
		.tsc_base = machine.tsc_base,
		.ns_base = machine.ns_base,
		.real_offset_ns = machine.real_offset_ns,
		.tsc_hz = machine.tsc_hz,
	};
	clock_set_base(&base);
	for (unsigned int i = 0; i < machine.nr_ranges; i++) {
		boot_info.ranges[i].start = machine.ranges[i].start;
		boot_info.ranges[i].size = machine.ranges[i].size;
		boot_info.ranges[i].usable = machine.ranges[i].usable;
	}
	boot_info.nr_ranges = machine.nr_ranges;
	boot_info.rsdp = machine.rsdp;
	strscpy(boot_info.command_line, machine.command_line, sizeof(boot_info.command_line));
	strscpy(saved_command_line, machine.command_line, sizeof(saved_command_line));
	apic_set_timer_hz(machine.apic_timer_hz);
	return 0;
}

/* ---- the kernel log ---- */

static int preserve_log(struct ser_writer *w)
{
	static struct printk_record record;
	u64 seq = 0;

	while (printk_read(&seq, &record)) {
		struct log_ser ser = { record.ts_nsec, record.level, record.len };

		ser_put(w, &ser, sizeof(ser));
		ser_put(w, record.text, record.len);
		w->count++;
		seq++;
	}
	return w->error;
}

static int retrieve_log(struct ser_reader *r, u64 count)
{
	static struct printk_record record;

	while (count--) {
		struct log_ser ser;

		if (!ser_get(r, &ser, sizeof(ser)) || ser.length >= sizeof(record.text))
			return -EINVAL;
		record.ts_nsec = ser.ts_nsec;
		record.level = ser.level;
		record.len = ser.length;
		if (ser.length && !ser_get(r, record.text, ser.length))
			return -EINVAL;
		record.text[ser.length] = 0;
		printk_adopt(&record);
	}
	return 0;
}

const struct liveupdate_class machine_class = {
	.name = "machine",
	.compatible = MACHINE_COMPATIBLE,
	.early = true,
	.preserve = preserve_machine,
	.retrieve = retrieve_machine,
};
const struct liveupdate_class log_class = {
	.name = "log",
	.compatible = LOG_COMPATIBLE,
	.early = true,
	.preserve = preserve_log,
	.retrieve = retrieve_log,
};
