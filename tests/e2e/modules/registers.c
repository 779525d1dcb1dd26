// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does a traced call see what an untraced one sees? A function that stores all
 * registers is called with a known value in each, through a handler that ruins
 * all that a C function may ruin. /proc/registers tells the differences, one a
 * line, for each of: the function as it is, with a handler, with a handler that
 * sends the call elsewhere, with one that changes the registers; and at both
 * alignments of the stack.
 */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/preempt.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

/* The order of the stores in the assembly below. */
struct image {
	unsigned long ax, bx, cx, dx, si, di, bp, r8, r9, r10, r11, r12, r13, r14, r15;
	unsigned long flags, sp, place, tail;
};

struct image registers_given, registers_seen, registers_after;
static struct image handled;
static char vectors[2][16 * 16] __attribute__((aligned(16)));
unsigned long registers_stack;

#define FLAGS_DF	 0x400
#define FLAGS_IF	 0x200
#define FLAGS_ARITHMETIC 0x8d5 /* CF PF AF ZF SF OF */

extern char registers_subject[], registers_other[], registers_return[];
void registers_call(unsigned long shift);

/* clang-format off */
#define STORE(to, reg, n)	"	movq	%" #reg ", " #to "+" #n "(%rip)\n"
#define STORE_ALL(to)							\
	STORE(to, rax, 0) STORE(to, rbx, 8) STORE(to, rcx, 16) STORE(to, rdx, 24)	\
	STORE(to, rsi, 32) STORE(to, rdi, 40) STORE(to, rbp, 48) STORE(to, r8, 56)	\
	STORE(to, r9, 64) STORE(to, r10, 72) STORE(to, r11, 80) STORE(to, r12, 88)	\
	STORE(to, r13, 96) STORE(to, r14, 104) STORE(to, r15, 112)	\
	STORE(to, rsp, 128)						\
	"	pushfq\n	popq	" #to "+120(%rip)\n"
#define LOAD(reg, n)		"	movq	registers_given+" #n "(%rip), %" #reg "\n"

asm(	"	.pushsection .text\n"
	"	.type registers_subject, @function\n"
	"	.globl registers_subject, registers_other, registers_return, registers_call\n"
	"	.balign 16\n"
	"registers_subject:\n"
	"	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
	STORE_ALL(registers_seen)
	"	movq	$1, registers_seen+136(%rip)\n"
	"	ret\n"
	"	.size registers_subject, . - registers_subject\n"
	"	.type registers_other, @function\n"
	"registers_other:\n"
	STORE_ALL(registers_seen)
	"	movq	$2, registers_seen+136(%rip)\n"
	"	ret\n"
	"	.size registers_other, . - registers_other\n"
	"	.type registers_call, @function\n"
	"registers_call:\n"
	"	pushq	%rbp\n	pushq	%rbx\n	pushq	%r12\n	pushq	%r13\n"
	"	pushq	%r14\n	pushq	%r15\n"
	"	movq	%rsp, registers_after+144(%rip)\n"
	"	subq	%rdi, %rsp\n"
	"	movq	%rsp, registers_stack(%rip)\n"
	LOAD(rax, 0) LOAD(rbx, 8) LOAD(rcx, 16) LOAD(rdx, 24) LOAD(rsi, 32) LOAD(rdi, 40)
	LOAD(rbp, 48) LOAD(r8, 56) LOAD(r9, 64) LOAD(r10, 72) LOAD(r11, 80) LOAD(r12, 88)
	LOAD(r13, 96) LOAD(r14, 104) LOAD(r15, 112)
	"	pushq	registers_given+120(%rip)\n	popfq\n"
	"	call	registers_subject\n"
	"registers_return:\n"
	STORE_ALL(registers_after)
	"	cld\n"
	"	movq	registers_after+144(%rip), %rsp\n"
	"	popq	%r15\n	popq	%r14\n	popq	%r13\n	popq	%r12\n"
	"	popq	%rbx\n	popq	%rbp\n"
	"	ret\n"
	"	.size registers_call, . - registers_call\n"
	"	.popsection\n"
	"	.pushsection __mcount_loc, \"a\", @progbits\n"
	"	.quad	registers_subject\n"
	"	.popsection\n");
/* clang-format on */

static struct seq_file *out;
static const char *when;

static void differs(const char *what, unsigned long got, unsigned long expected)
{
	if (got != expected)
		seq_printf(out, "%s: %s is %lx, not %lx\n", when, what, got, expected);
}

static unsigned long handler_calls, handler_ip, handler_parent, handler_flags, handler_frame;
static void *divert;
static unsigned long change, change_flags; /* bits that the handler turns over */

static notrace void handler(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			    struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);

	handled = (struct image){
		regs->ax,  regs->bx,	regs->cx,  regs->dx,  regs->si,	 regs->di,  regs->bp,
		regs->r8,  regs->r9,	regs->r10, regs->r11, regs->r12, regs->r13, regs->r14,
		regs->r15, regs->flags, regs->sp,  0,	      0,
	};
	handler_calls++;
	handler_ip = ip;
	handler_parent = parent_ip;
	handler_frame = (unsigned long)__builtin_frame_address(0);
	asm volatile("pushfq\n\tpopq %0" : "=r"(handler_flags));
	if (ops->private != &registers_given)
		handler_calls += 1000;
	if (divert)
		ftrace_regs_set_instruction_pointer(fregs, (unsigned long)divert);
	if (change) {
		unsigned long *general[] = {
			&regs->ax,  &regs->bx,	&regs->cx,  &regs->dx,	&regs->si,
			&regs->di,  &regs->bp,	&regs->r8,  &regs->r9,	&regs->r10,
			&regs->r11, &regs->r12, &regs->r13, &regs->r14, &regs->r15,
		};

		for (unsigned int i = 0; i < ARRAY_SIZE(general); i++)
			*general[i] ^= change << i;
		regs->flags ^= change_flags;
	}
	asm volatile("movq $-1, %%rax\n\tmovq $-2, %%rcx\n\tmovq $-3, %%rdx\n\tmovq $-4, %%rsi\n\t"
		     "movq $-5, %%rdi\n\tmovq $-6, %%r8\n\tmovq $-7, %%r9\n\tmovq $-8, %%r10\n\t"
		     "movq $-9, %%r11\n\txorq %%rax, %%rax"
		     :
		     :
		     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc", "memory");
}

static struct ftrace_ops ops = {
	.func = handler,
	.private = &registers_given,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY,
};

/* The general registers and flags of @image beside those that were registers_given, or what became of them. */
static void compare(const char *where, const struct image *image, unsigned long turned,
		    unsigned long turned_flags)
{
	static const char *const names[] = {
		"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
		"r9",  "r10", "r11", "r12", "r13", "r14", "r15",
	};
	char what[40];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(what, sizeof(what), "%s %s", where, names[i]);
		differs(what, (&image->ax)[i], (&registers_given.ax)[i] ^ turned << i);
	}
	snprintf(what, sizeof(what), "%s flags", where);
	differs(what, image->flags & (FLAGS_ARITHMETIC | FLAGS_DF | FLAGS_IF),
		registers_given.flags ^ turned_flags);
}

static void store_vectors(char *to)
{
	asm volatile("movups %%xmm0, (%0)\n\tmovups %%xmm1, 16(%0)\n\tmovups %%xmm7, 112(%0)\n\t"
		     "movups %%xmm8, 128(%0)\n\tmovups %%xmm15, 240(%0)"
		     :
		     : "r"(to)
		     : "memory");
}

static void call_once(const char *name, unsigned long shift, unsigned long place, bool traced)
{
	unsigned long i, calls = handler_calls;

	when = name;
	for (i = 0; i < 15; i++)
		(&registers_given.ax)[i] = 0x1111111111111111UL * (i + 1) ^ shift;
	registers_given.flags = (shift ? 0x8c1 : 0x14) | FLAGS_DF | FLAGS_IF;
	memset(&registers_seen, 0, sizeof(registers_seen));
	memset(&handled, 0, sizeof(handled));
	preempt_disable();
	store_vectors(vectors[0]);
	registers_call(shift);
	store_vectors(vectors[1]);
	preempt_enable();

	compare("function:", &registers_seen, change, change ? change_flags : 0);
	differs("function: rsp", registers_seen.sp, registers_stack - 8);
	differs("which function", registers_seen.place, place);
	differs("caller: rsp", registers_after.sp, registers_stack);
	differs("caller: rbp", registers_after.bp, registers_seen.bp);
	differs("caller: rbx", registers_after.bx, registers_seen.bx);
	differs("caller: r15", registers_after.r15, registers_seen.r15);
	differs("vector registers", memcmp(vectors[0], vectors[1], sizeof(vectors[0])) != 0, 0);
	differs("calls of the handler", handler_calls - calls, traced);
	if (!traced)
		return;
	compare("handler:", &handled, 0, 0);
	differs("handler: rsp", handled.sp, registers_stack - 8);
	differs("ip", handler_ip, (unsigned long)registers_subject);
	differs("parent_ip", handler_parent, (unsigned long)registers_return);
	differs("direction flag in the handler", handler_flags & FLAGS_DF, 0);
	differs("the handler's stack modulo 16", handler_frame & 15, 0);
}

static int registers_show(struct seq_file *m, void *v)
{
	int ret;

	out = m;
	divert = NULL;
	call_once("untraced", 0, 1, false);
	ret = ftrace_set_filter_ip(&ops, (unsigned long)registers_subject, 0, 1);
	if (!ret)
		ret = register_ftrace_function(&ops);
	if (ret) {
		seq_printf(m, "cannot be traced: %d\n", ret);
		return 0;
	}
	call_once("traced", 0, 1, true);
	call_once("traced, stack shifted", 8, 1, true);
	divert = registers_other;
	call_once("sent elsewhere", 0, 2, true);
	call_once("sent elsewhere, stack shifted", 8, 2, true);
	change = 0x0123456789abcdefUL;
	change_flags = FLAGS_ARITHMETIC | FLAGS_DF;
	call_once("sent elsewhere with other registers", 8, 2, true);
	divert = NULL;
	call_once("given other registers", 0, 1, true);
	change = 0;
	call_once("traced again", 8, 1, true);
	ret = unregister_ftrace_function(&ops);
	if (ret)
		seq_printf(m, "cannot be untraced: %d\n", ret);
	call_once("untraced again", 8, 1, false);
	seq_printf(m, "%lu calls\n", handler_calls);
	return 0;
}

static struct proc_dir_entry *entry;

static int registers_init(void)
{
	entry = proc_create_single("registers", 0444, NULL, registers_show);
	return entry ? 0 : -ENOMEM;
}

static void registers_exit(void)
{
	proc_remove(entry);
}

module_init(registers_init);
module_exit(registers_exit);
MODULE_LICENSE("GPL");
