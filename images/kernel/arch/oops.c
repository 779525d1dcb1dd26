// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Telling what went wrong, in Linux's form: registers, code bytes, call trace;
 * and what happens then. An oops kills the task that made it; in an interrupt,
 * in the idle task, in init, or with panic_on_oops it is a panic.
 */
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>
#include <linux/reboot.h>
#include <linux/ktime.h>
#include "arch.h"

int panic_on_oops;
int oops_in_progress;
static int panic_timeout;
static int oops_count;
static DEFINE_SPINLOCK(oops_lock);
static unsigned long tainted;

void add_taint(unsigned int flag, int lockdep_ok)
{
	set_bit(flag, &tainted);
}

int test_taint(unsigned int flag)
{
	return test_bit(flag, &tainted);
}

unsigned long get_taint(void)
{
	return READ_ONCE(tainted);
}

/* "Not tainted" or "Tainted: G      D W    ..." with one letter a flag. */
static const char *print_tainted(void)
{
	static const char letters[] = "PFSRMBUDAWCIOELKXTN";
	static char buf[40];
	char *s = buf;

	if (!tainted)
		return "Not tainted";
	s += sprintf(s, "Tainted: ");
	for (unsigned int i = 0; i < sizeof(letters) - 1; i++)
		*s++ = test_bit(i, &tainted) ? letters[i] : i ? ' ' : 'G';
	while (s[-1] == ' ')
		s--;
	*s = '\0';
	return buf;
}

static void print_address(unsigned long ip, const char *prefix)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol(name, ip);
	printk(KERN_DEFAULT "%s%s\n", prefix, name);
}

void show_trace(struct pt_regs *regs, struct task_struct *task)
{
	struct unwind_state state;

	printk("Call Trace:\n");
	printk(" <TASK>\n");
	unwind_start(&state, task, regs);
	if (regs)
		unwind_next_frame(&state); /* the function itself stands in "RIP:" */
	for (int frames = 0; !state.done && frames < 64; frames++) {
		if (state.regs && user_mode(state.regs)) {
			printk(" RIP: %04lx:0x%lx\n", state.regs->cs, state.regs->ip);
			printk(" RSP: %04lx:%016lx EFLAGS: %08lx ORIG_RAX: %016lx\n",
			       state.regs->ss, state.regs->sp, state.regs->flags,
			       state.regs->orig_ax);
			break;
		}
		print_address(state.ip, " ");
		unwind_next_frame(&state);
	}
	printk(" </TASK>\n");
}

static void dump_stack_print_info(void)
{
	printk("CPU: %u PID: %d Comm: %.20s %s %s %s\n", smp_processor_id(), current->pid,
	       current->comm, print_tainted(), utsname()->release, utsname()->version);
	printk("Hardware name: %s\n", boot_cpu.hypervisor[0] ? boot_cpu.hypervisor : "PC");
}

void dump_stack(void)
{
	dump_stack_print_info();
	show_trace(NULL, current);
}

static void show_code(struct pt_regs *regs)
{
	char line[64 * 5], *s = line;
	u8 byte;

	for (long i = -42; i < 22; i++) {
		unsigned long at = regs->ip + i;
		unsigned long failed =
			user_mode(regs)
				? copy_from_user(&byte, (void *)at, 1)
				: (unsigned long)copy_from_kernel_nofault(&byte, (void *)at, 1);
		if (failed) {
			if (i < 0)
				continue;
			break;
		}
		s += sprintf(s, i ? "%02x " : "<%02x> ", byte);
	}
	*s = '\0';
	printk("Code: %s\n", s == line ? "Unable to access opcode bytes." : line);
}

void show_regs(struct pt_regs *regs)
{
	char name[KSYM_SYMBOL_LEN];

	dump_stack_print_info();
	if (user_mode(regs))
		snprintf(name, sizeof(name), "0x%lx", regs->ip);
	else
		sprint_symbol(name, regs->ip);
	printk("RIP: %04lx:%s\n", regs->cs & 0xffff, name);
	show_code(regs);
	printk("RSP: %04lx:%016lx EFLAGS: %08lx\n", regs->ss & 0xffff, regs->sp, regs->flags);
	printk("RAX: %016lx RBX: %016lx RCX: %016lx\n", regs->ax, regs->bx, regs->cx);
	printk("RDX: %016lx RSI: %016lx RDI: %016lx\n", regs->dx, regs->si, regs->di);
	printk("RBP: %016lx R08: %016lx R09: %016lx\n", regs->bp, regs->r8, regs->r9);
	printk("R10: %016lx R11: %016lx R12: %016lx\n", regs->r10, regs->r11, regs->r12);
	printk("R13: %016lx R14: %016lx R15: %016lx\n", regs->r13, regs->r14, regs->r15);
	printk("FS:  %016lx GS:  %016lx\n", (unsigned long)rdmsr(MSR_FS_BASE),
	       (unsigned long)rdmsr(MSR_GS_BASE));
	printk("CR2: %016lx CR3: %016lx CR4: %016lx\n", read_cr2(), read_cr3(), read_cr4());
	if (!user_mode(regs))
		show_trace(regs, current);
}

unsigned long oops_begin(void)
{
	unsigned long flags;

	local_irq_save(flags);
	oops_in_progress++;
	arch_spin_lock(&oops_lock);
	return flags;
}

void __die(const char *str, struct pt_regs *regs, long error)
{
	liveupdate_panic(str);
	pr_emerg("%s: %04lx [#%d] PREEMPT SMP\n", str, error & 0xffff, ++oops_count);
	show_regs(regs);
	print_modules();
}

void oops_end(unsigned long flags, struct pt_regs *regs, int signr)
{
	add_taint(TAINT_DIE, LOCKDEP_NOW_UNRELIABLE);
	printk("---[ end trace 0000000000000000 ]---\n");
	arch_spin_unlock(&oops_lock);
	oops_in_progress--;
	if (in_interrupt())
		panic("Fatal exception in interrupt");
	if (is_idle_task(current))
		panic("Attempted to kill the idle task!");
	if (panic_on_oops)
		panic("Fatal exception");
	local_irq_restore(flags);
	make_task_dead(signr);
}

void die(const char *str, struct pt_regs *regs, long error)
{
	unsigned long flags = oops_begin();

	__die(str, regs, error);
	oops_end(flags, regs, SIGSEGV);
	__builtin_unreachable();
}

void __bug(const char *file, int line)
{
	pr_crit("------------[ cut here ]------------\n");
	pr_crit("kernel BUG at %s:%d!\n", file, line);
	asm volatile("ud2");
	__builtin_unreachable();
}

void __warn(const char *file, int line, const char *fmt, ...)
{
	char text[160];
	va_list args;

	add_taint(TAINT_WARN, LOCKDEP_STILL_OK);
	pr_warn("------------[ cut here ]------------\n");
	if (fmt) {
		va_start(args, fmt);
		vscnprintf(text, sizeof(text), fmt, args);
		va_end(args);
		pr_warn("%s%s", text, strchr(text, '\n') ? "" : "\n");
	}
	pr_warn("WARNING: CPU: %u PID: %d at %s:%d\n", smp_processor_id(), current->pid, file,
		line);
	dump_stack();
	pr_warn("---[ end trace 0000000000000000 ]---\n");
}

void panic(const char *fmt, ...)
{
	static int panicking;
	char text[256];
	va_list args;

	local_irq_disable();
	if (xchg(&panicking, 1))
		machine_halt();
	oops_in_progress++;
	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	liveupdate_panic(text);
	pr_emerg("Kernel panic - not syncing: %s\n", text);
	if (!test_taint(TAINT_DIE))
		dump_stack();
	smp_send_stop();
	if (panic_timeout) {
		if (panic_timeout > 0)
			mdelay(panic_timeout * 1000);
		emergency_restart();
	}
	pr_emerg("---[ end Kernel panic - not syncing: %s ]---\n", text);
	machine_halt();
}

static int set_panic(char *value)
{
	return kstrtoint(value, 10, &panic_timeout);
}
__setup("panic", set_panic);

static int set_oops(char *value)
{
	panic_on_oops = !strcmp(value, "panic");
	return 0;
}
__setup("oops", set_oops);

bool core_kernel_text(unsigned long addr)
{
	return addr >= (unsigned long)_text && addr < (unsigned long)_etext;
}

bool __kernel_text_address(unsigned long addr)
{
	return core_kernel_text(addr) || is_module_text_address(addr) || is_ftrace_trampoline(addr);
}
