// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's start, from the first C function to the first user program.
 *
 * Order matters and each step says what it needs: a stack and the boot page
 * tables are all there is at first. After a handover the same steps run, but
 * memory that was preserved is left alone and, in place of the first program,
 * liveupdate/ adopts the ones that are there.
 */
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/workqueue.h>
#include <asm/apic.h>
#include <asm/pgtable.h>
#include "../arch/arch.h"

extern initcall_t __initcall_start[], __initcall_end[];
enum system_states system_state;

/* From arch/boot.S: 32-bit address of the PVH start structure. */
__noreturn notrace void start_kernel_pvh(unsigned long start_info)
{
	cpu_set_gs_early();
	boot_info_from_pvh(start_info);
	start_kernel();
	__builtin_unreachable();
}

static void do_initcalls(void)
{
	for (initcall_t *call = __initcall_start; call < __initcall_end; call++) {
		int error = (*call)();

		if (error)
			pr_err("initcall %px failed: %d\n", *call, error);
	}
}

static bool run_init_process(const char *path)
{
	const char *const argv[] = { path, NULL };
	const char *const envp[] = { "HOME=/", "TERM=linux", "PATH=/bin:/sbin:/usr/bin", NULL };
	int error = kernel_execve(path, argv, envp);

	if (error && error != -ENOENT)
		pr_err("Starting init: %s exists but couldn't execute it (error %d)\n", path,
		       error);
	return !error;
}

/* Everything that may sleep. Process 1 on a machine that has been switched on. */
void bring_up(void)
{
	workqueue_init();
	do_initcalls();
	smp_init();
}

/* A kernel thread that is about to execute a program: signals count from now on. */
static void become_user_task(void)
{
	flush_signal_handlers(current, 1);
	current->flags &= ~PF_KTHREAD;
	current->prio = 1;
	current->signal->pgrp = current->signal->session = 0;
}

static int kernel_init(void *unused)
{
	char path[128];

	vfs_init();
	bring_up();
	if (boot_info.initrd_size)
		populate_rootfs(boot_info.initrd_phys, boot_info.initrd_size);
	free_initrd_mem();
	current->fs = alloc_fs();
	current->files = alloc_files();
	if (open_console())
		pr_err("Warning: unable to open an initial console.\n");
	system_state = SYSTEM_RUNNING;
	become_user_task();

	if (cmdline_find_option("init", path, sizeof(path)) > 0 ||
	    cmdline_find_option("rdinit", path, sizeof(path)) > 0) {
		if (run_init_process(path))
			return 0;
		panic("Requested init %s failed.", path);
	}
	if (run_init_process("/init") || run_init_process("/sbin/init") ||
	    run_init_process("/bin/init") || run_init_process("/bin/sh"))
		return 0;
	panic("No working init found.  Try passing init= option to kernel.");
}

/* ---- the steps, each for a machine switched on and for a handover ---- */

/* Interrupts are off, no other CPU runs yet; there is nothing to allocate from. */
static void start_this_cpu(void)
{
	lockdep_assert_irqs_disabled();
	DEBUG_ASSERT(!(cpu_online_bits() & ~1UL));
	cpu_detect();
	cpu_init(0);
	early_console_init();
	pr_notice("%s\n", linux_banner);
	pr_info("Command line: %s\n", saved_command_line);
}

void start_memory(void)
{
	paging_init();
	mem_init();
	paging_allocator_up();
	slab_init();
	mm_init();
}

void start_core(void)
{
	syscall_table_init();
	hrtimers_init();
	sched_init();
	fork_init();
	apic_init();
	smp_count_cpus();
	init_IRQ();
}

void start_kernel(void)
{
	strlcpy(saved_command_line, boot_info.command_line, sizeof(saved_command_line));
	cmdline_setup();
	start_this_cpu();
	start_memory();
	clock_init();
	start_core();
	apic_timer_calibrate();
	local_irq_enable();
	kernel_thread(kernel_init, NULL, "swapper/init", 0);
	/* this task is now the idle task of the first CPU */
	cpu_startup_entry();
}
