/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions to run while the kernel starts, in levels; inside a level in link
 * order (alphabetical by path). All run in the init task with interrupts on,
 * after memory, scheduler, CPUs, timers and the root file system are up.
 */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#include <linux/types.h>

typedef int (*initcall_t)(void);

#define __init
#define __exit __used
#define __initdata
#define __ro_after_init __section(".data..ro_after_init")

#ifndef MODULE
#define __define_initcall(fn, level) \
	static initcall_t __initcall_##fn##level __used __section(".initcall" #level ".init") = fn
#define early_initcall(fn)  __define_initcall(fn, 0)
#define subsys_initcall(fn) __define_initcall(fn, 4)
#define fs_initcall(fn)	    __define_initcall(fn, 5)
#define device_initcall(fn) __define_initcall(fn, 6)
#define late_initcall(fn)   __define_initcall(fn, 7)
#ifndef module_init
#define module_init(fn) device_initcall(fn)
#endif
#ifndef module_exit
#define module_exit(fn) static void (*__exit_##fn)(void) __unused = fn
#endif

/*
 * "name=value" or "name" on the command line; fn gets the value ("" if none). It
 * may only set variables: it runs before there is memory, and before any message.
 */
struct obs_kernel_param {
	const char *str;
	int (*setup_func)(char *);
};
#define __setup(name, fn)                                                     \
	static const struct obs_kernel_param __setup_##fn __used __aligned(8) \
		__section(".init.setup") = { name, fn }
#endif

/* The command line as it came; a word "name=value" of it, or NULL, in a static buffer per call site. */
extern char saved_command_line[1024];
bool cmdline_find_option_bool(const char *option);
/* copies the value; its length or -1 */
int cmdline_find_option(const char *option, char *buffer, int size);
/* the next "name=value" word after *from for options that may be given many times */
int cmdline_next_option(const char **from, const char *option, char *buffer, int size);

/* kernel/main.c: the steps of a start, each for a machine switched on and for a handover */
void start_kernel_pvh(unsigned long start_info) __noreturn;
void cmdline_setup(void);
void start_memory(void);
void start_core(void);
void bring_up(void);
void start_kernel(void);

#endif
