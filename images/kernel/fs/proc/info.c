// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says about itself: version, memory, CPUs, interrupts, mounts.
 * The names of the show functions are Linux's (cmdline_proc_show,
 * meminfo_proc_show): live patches written for Linux patch them.
 */
#include <linux/fs.h>
#include <linux/proc_fs.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include "internal.h"

static int version_proc_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s version %s %s\n", utsname()->sysname, utsname()->release,
		   utsname()->version);
	return 0;
}

static u64 idle_ns(void)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_online_cpu(cpu) {
		struct task_struct *idle = idle_task(cpu);

		if (idle)
			sum += idle->sum_exec;
	}
	return sum;
}

static int uptime_proc_show(struct seq_file *m, void *v)
{
	u64 up = ktime_get_ns() / 10000000, idle = idle_ns() / 10000000;

	seq_printf(m, "%llu.%02llu %llu.%02llu\n", up / 100, up % 100, idle / 100, idle % 100);
	return 0;
}

static int loadavg_proc_show(struct seq_file *m, void *v)
{
	unsigned long loads[3];
	struct task_struct *p;
	unsigned long flags;
	int i, tasks = 0;

	get_avenrun(loads);
	local_irq_save(flags);
	spin_lock(&tasklist_lock);
	for_each_process(p)
		tasks++;
	spin_unlock(&tasklist_lock);
	local_irq_restore(flags);
	for (i = 0; i < 3; i++) /* fixed point with 11 bits */
		seq_printf(m, "%lu.%02lu ", loads[i] >> 11, ((loads[i] & 2047) * 100) >> 11);
	seq_printf(m, "%u/%d %d\n", nr_running(), tasks, last_pid);
	return 0;
}

static int meminfo_proc_show(struct seq_file *m, void *v)
{
	unsigned long types[16] = { 0 };

	count_page_types(types);
	seq_printf(m, "MemTotal:       %8lu kB\n", totalram_pages * 4);
	seq_printf(m, "MemFree:        %8lu kB\n", nr_free_pages() * 4);
	seq_printf(m, "MemAvailable:   %8lu kB\n", nr_free_pages() * 4);
	seq_printf(m, "Cached:         %8lu kB\n", types[PAGE_CACHE] * 4);
	seq_printf(m, "AnonPages:      %8lu kB\n", types[PAGE_ANON] * 4);
	seq_printf(m, "Shmem:          %8lu kB\n", types[PAGE_CACHE] * 4);
	seq_printf(m, "Slab:           %8lu kB\n", types[PAGE_SLAB] * 4);
	seq_printf(m, "KernelStack:    %8lu kB\n", types[PAGE_STACK] * 4);
	seq_printf(m, "PageTables:     %8lu kB\n", types[PAGE_TABLE] * 4);
	return 0;
}

/* names of the bits of CPUID.1:EDX and ECX (SDM 2A, CPUID) that are shown */
static const struct {
	u8 ecx, bit;
	const char *name;
} features[] = {
	{ 0, 0, "fpu" },     { 0, 3, "pse" },	      { 0, 4, "tsc" },	  { 0, 5, "msr" },
	{ 0, 6, "pae" },     { 0, 8, "cx8" },	      { 0, 9, "apic" },	  { 0, 11, "sep" },
	{ 0, 13, "pge" },    { 0, 15, "cmov" },	      { 0, 16, "pat" },	  { 0, 19, "clflush" },
	{ 0, 23, "mmx" },    { 0, 24, "fxsr" },	      { 0, 25, "sse" },	  { 0, 26, "sse2" },
	{ 1, 0, "pni" },     { 1, 9, "ssse3" },	      { 1, 13, "cx16" },  { 1, 17, "pcid" },
	{ 1, 19, "sse4_1" }, { 1, 20, "sse4_2" },     { 1, 22, "movbe" }, { 1, 23, "popcnt" },
	{ 1, 30, "rdrand" }, { 1, 31, "hypervisor" },
};

static void show_cpu_names(struct seq_file *m)
{
	u32 a, b, c, d, regs[12];
	char vendor[13];
	unsigned int i;

	cpuid(0, &a, &b, &c, &d);
	memcpy(vendor, &b, 4);
	memcpy(vendor + 4, &d, 4);
	memcpy(vendor + 8, &c, 4);
	vendor[12] = 0;
	seq_printf(m, "vendor_id\t: %s\n", vendor);
	cpuid(1, &a, &b, &c, &d);
	seq_printf(m, "cpu family\t: %u\nmodel\t\t: %u\n", a >> 8 & 15,
		   (a >> 4 & 15) | (a >> 12 & 0xf0));
	cpuid(0x80000000, &a, &b, &c, &d);
	if (a >= 0x80000004) {
		for (i = 0; i < 3; i++)
			cpuid(0x80000002 + i, &regs[4 * i], &regs[4 * i + 1], &regs[4 * i + 2],
			      &regs[4 * i + 3]);
		seq_printf(m, "model name\t: %.48s\n", (char *)regs);
	}
	seq_printf(m, "stepping\t: %u\n", (cpuid(1, &a, &b, &c, &d), a & 15));
}

static int cpuinfo_proc_show(struct seq_file *m, void *v)
{
	u32 a, b, c, d;
	unsigned int cpu, i;

	for_each_online_cpu(cpu) {
		seq_printf(m, "processor\t: %u\n", cpu);
		show_cpu_names(m);
		seq_printf(m, "cpu MHz\t\t: %llu.%03llu\napicid\t\t: %u\n",
			   clock_base.tsc_hz / 1000000, clock_base.tsc_hz / 1000 % 1000,
			   cpu_apic_ids[cpu]);
		seq_puts(m, "flags\t\t:");
		cpuid(1, &a, &b, &c, &d);
		for (i = 0; i < ARRAY_SIZE(features); i++)
			if ((features[i].ecx ? c : d) & (1U << features[i].bit))
				seq_printf(m, " %s", features[i].name);
		seq_puts(m, "\n\n");
	}
	return 0;
}

static int cmdline_proc_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", saved_command_line);
	return 0;
}

static int interrupts_proc_show(struct seq_file *m, void *v)
{
	unsigned int cpu, irq;

	seq_puts(m, "    ");
	for_each_online_cpu(cpu)
		seq_printf(m, "       CPU%u", cpu);
	seq_putc(m, '\n');
	for (irq = 0; irq < NR_IRQS; irq++) {
		struct irq_desc *desc = &irq_desc[irq];
		struct irqaction *action = desc->action;

		if (!action)
			continue;
		seq_printf(m, "%3u:", irq);
		for_each_online_cpu(cpu)
			seq_printf(m, " %10lu", desc->count[cpu]);
		seq_printf(m, "   IO-APIC %4u-%s   ", irq, desc->level ? "level" : "edge");
		for (; action; action = action->next)
			seq_printf(m, " %s", action->name);
		seq_putc(m, '\n');
	}
	return 0;
}

static int stat_proc_show(struct seq_file *m, void *v)
{
	u64 user = 0, system = 0, idle = idle_ns();
	unsigned long interrupts = 0;
	struct task_struct *p, *t;
	unsigned int cpu, irq;
	unsigned long flags;

	local_irq_save(flags);
	spin_lock(&tasklist_lock);
	for_each_process_thread(p, t) {
		user += t->utime;
		system += t->stime;
	}
	spin_unlock(&tasklist_lock);
	local_irq_restore(flags);
	for (irq = 0; irq < NR_IRQS; irq++)
		for_each_online_cpu(cpu)
			interrupts += irq_desc[irq].count[cpu];
	seq_printf(m, "cpu  %llu 0 %llu %llu 0 0 0 0 0 0\n", user / TICK_NSEC, system / TICK_NSEC,
		   idle / TICK_NSEC);
	seq_printf(m, "intr %lu\nctxt %llu\nbtime %llu\nprocesses %d\nprocs_running %u\n",
		   interrupts, nr_context_switches(),
		   (ktime_get_real_ns() - ktime_get_ns()) / NSEC_PER_SEC, last_pid, nr_running());
	return 0;
}

static int mounts_proc_show(struct seq_file *m, void *v)
{
	char *path = kmalloc(PATH_MAX, GFP_KERNEL);
	struct super_block *sb;

	if (!path)
		return -ENOMEM;
	mutex_lock(&vfs_mutex);
	list_for_each_entry(sb, &super_blocks, s_list) {
		if (dentry_path_locked(sb->s_root, path, PATH_MAX) < 0)
			continue;
		seq_printf(m, "%s %s %s %s 0 0\n", sb->s_source, path, sb->s_type->name,
			   sb->s_flags & MS_RDONLY ? "ro" : "rw");
	}
	mutex_unlock(&vfs_mutex);
	kfree(path);
	return 0;
}

static int filesystems_proc_show(struct seq_file *m, void *v)
{
	struct file_system_type *type;

	list_for_each_entry(type, &file_systems, list)
		seq_printf(m, "%s\t%s\n", type->nodev ? "nodev" : "", type->name);
	return 0;
}

static void slab_line(const char *name, unsigned int size, unsigned long objects,
		      unsigned long pages, void *data)
{
	seq_printf(data, "%-17s %6lu %6u %6lu\n", name, objects, size, pages);
}

static int slabinfo_proc_show(struct seq_file *m, void *v)
{
	seq_puts(m, "# name            <active_objs> <objsize> <pages>\n");
	slab_for_each(slab_line, m);
	return 0;
}

void proc_info_init(void)
{
	static const struct {
		const char *name;
		umode_t mode;
		int (*show)(struct seq_file *, void *);
	} files[] = {
		{ "version", 0444, version_proc_show },
		{ "uptime", 0444, uptime_proc_show },
		{ "loadavg", 0444, loadavg_proc_show },
		{ "meminfo", 0444, meminfo_proc_show },
		{ "cpuinfo", 0444, cpuinfo_proc_show },
		{ "cmdline", 0444, cmdline_proc_show },
		{ "interrupts", 0444, interrupts_proc_show },
		{ "stat", 0444, stat_proc_show },
		{ "mounts", 0444, mounts_proc_show },
		{ "filesystems", 0444, filesystems_proc_show },
		{ "slabinfo", 0400, slabinfo_proc_show },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		proc_create_single(files[i].name, files[i].mode, NULL, files[i].show);
}
