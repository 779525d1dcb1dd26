// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of ftrace_ops: who is called for what, and what is refused. */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include "checks.h"

#define SUBJECT __attribute__((noipa))

static SUBJECT int first(int x)
{
	return x + 1;
}
static SUBJECT int second(int x)
{
	return x + 2;
}
static SUBJECT int third(int x)
{
	return x + 3;
}
static SUBJECT int fourth(int x)
{
	return x + 4;
}
static SUBJECT int other(int x)
{
	return x + 100;
}

static int (*const subjects[])(int) = { first, second, third, fourth };
#define SUBJECTS ARRAY_SIZE(subjects)

/* How often a handler was called for each subject, and for anything else. */
struct calls {
	unsigned int of[SUBJECTS + 1];
	unsigned long parent_ip;
	void *divert;
};

static struct calls calls[4];

static notrace void count(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			  struct ftrace_regs *fregs)
{
	struct calls *mine = ops->private;
	unsigned int i;

	for (i = 0; i < SUBJECTS; i++)
		if (ip == (unsigned long)subjects[i])
			break;
	mine->of[i]++;
	mine->parent_ip = parent_ip;
	if (mine->divert)
		ftrace_regs_set_instruction_pointer(fregs, (unsigned long)mine->divert);
}

static struct ftrace_ops ops[4];

static unsigned long entry(int n)
{
	return (unsigned long)subjects[n];
}

static void fresh(void)
{
	int i;

	for (i = 0; i < 4; i++) {
		ftrace_free_filter(&ops[i]);
		memset(&ops[i], 0, sizeof(ops[i]));
		memset(&calls[i], 0, sizeof(calls[i]));
		ops[i].func = count;
		ops[i].private = &calls[i];
		ops[i].flags = FTRACE_OPS_FL_SAVE_REGS;
	}
}

/* Calls every subject once; the results must be those of the subjects. */
static noinline void call_all(void)
{
	EXPECT(first(10) == 11);
	EXPECT(second(10) == 12);
	EXPECT(third(10) == 13);
	EXPECT(fourth(10) == 14);
}

/* The calls since the last time, as a number: 1101 = first, second, fourth once each. */
static int taken(int n)
{
	struct calls *c = &calls[n];
	int number = c->of[0] * 1000 + c->of[1] * 100 + c->of[2] * 10 + c->of[3] + c->of[4] * 10000;

	memset(c->of, 0, sizeof(c->of));
	return number;
}

static bool is_nop(int n)
{
	static const u8 nop[5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

	return !memcmp((void *)entry(n), nop, 5);
}

static bool is_call(int n)
{
	return *(u8 *)entry(n) == 0xe8;
}

static void filters(void)
{
	fresh();
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(0) + 1, 0, 0) == -EINVAL);
	EXPECT(ftrace_set_filter_ip(&ops[0], (unsigned long)&ops, 0, 0) == -EINVAL);
	EXPECT(ftrace_set_filter_ip(&ops[0], 0, 0, 0) == -EINVAL);
	EXPECT(ftrace_set_filter_ip(&ops[0], (unsigned long)count, 0, 0) == -EINVAL);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(2), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(0), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(1), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(1), 0, 0) == 0);
	call_all();
	EXPECT(taken(0) == 0);
	EXPECT(is_nop(0) && is_nop(1) && is_nop(2) && is_nop(3));
	EXPECT(unregister_ftrace_function(&ops[0]) != 0);

	EXPECT(register_ftrace_function(&ops[0]) == 0);
	EXPECT(is_call(0) && is_call(1) && is_call(2) && is_nop(3));
	call_all();
	EXPECT(taken(0) == 1110);
	EXPECT(calls[0].parent_ip - (unsigned long)call_all < 4096);
	EXPECT(register_ftrace_function(&ops[0]) == -EBUSY);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(3), 0, 0) == -EBUSY);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(0), 1, 0) == -EBUSY);
	EXPECT(unregister_ftrace_function(&ops[0]) == 0);
	EXPECT(is_nop(0) && is_nop(1) && is_nop(2) && is_nop(3));
	call_all();
	EXPECT(taken(0) == 0);

	EXPECT(ftrace_set_filter_ip(&ops[0], entry(1), 1, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(1), 1, 0) == -ENOENT);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(3), 1, 0) == -ENOENT);
	EXPECT(register_ftrace_function(&ops[0]) == 0);
	call_all();
	EXPECT(taken(0) == 1010);
	EXPECT(unregister_ftrace_function(&ops[0]) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(3), 0, 1) == 0);
	EXPECT(register_ftrace_function(&ops[0]) == 0);
	call_all();
	EXPECT(taken(0) == 1);
	EXPECT(unregister_ftrace_function(&ops[0]) == 0);
}

static void several(void)
{
	fresh();
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(0), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(1), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[1], entry(1), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[1], entry(2), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[2], entry(1), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[2], entry(3), 0, 0) == 0);
	EXPECT(register_ftrace_function(&ops[0]) == 0);
	EXPECT(register_ftrace_function(&ops[1]) == 0);
	call_all();
	EXPECT(taken(0) == 1100 && taken(1) == 110);
	EXPECT(calls[1].parent_ip - (unsigned long)call_all < 4096);
	EXPECT(register_ftrace_function(&ops[2]) == 0);
	call_all();
	EXPECT(taken(0) == 1100 && taken(1) == 110 && taken(2) == 101);
	/* The middle one goes first, then the last, then the first. */
	EXPECT(unregister_ftrace_function(&ops[1]) == 0);
	EXPECT(is_call(0) && is_call(1) && is_nop(2) && is_call(3));
	call_all();
	EXPECT(taken(0) == 1100 && taken(1) == 0 && taken(2) == 101);
	EXPECT(register_ftrace_function(&ops[1]) == 0);
	EXPECT(unregister_ftrace_function(&ops[0]) == 0);
	call_all();
	EXPECT(taken(0) == 0 && taken(1) == 110 && taken(2) == 101);
	EXPECT(unregister_ftrace_function(&ops[2]) == 0);
	call_all();
	EXPECT(taken(0) == 0 && taken(1) == 110 && taken(2) == 0);
	EXPECT(unregister_ftrace_function(&ops[1]) == 0);
	EXPECT(is_nop(0) && is_nop(1) && is_nop(2) && is_nop(3));
	call_all();
	EXPECT(taken(0) == 0 && taken(1) == 0 && taken(2) == 0);
}

static void redirecting(void)
{
	int i;

	fresh();
	for (i = 0; i < 3; i++)
		ops[i].flags |= FTRACE_OPS_FL_IPMODIFY;
	/* It must say which functions, and see the registers. */
	EXPECT(register_ftrace_function(&ops[0]) == -EINVAL);
	ops[0].flags = FTRACE_OPS_FL_IPMODIFY;
	EXPECT(ftrace_set_filter_ip(&ops[0], entry(0), 0, 0) == 0);
	EXPECT(register_ftrace_function(&ops[0]) == -EINVAL);
	ops[0].flags |= FTRACE_OPS_FL_SAVE_REGS;
	EXPECT(is_nop(0));

	/* One for each function: [0] has the first; [1], of the first two, gets none of them. */
	calls[0].divert = other;
	EXPECT(register_ftrace_function(&ops[0]) == 0);
	EXPECT(first(10) == 110 && second(10) == 12 && taken(0) == 1000);
	EXPECT(ftrace_set_filter_ip(&ops[1], entry(1), 0, 0) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[1], entry(0), 0, 0) == 0);
	EXPECT(register_ftrace_function(&ops[1]) == -EBUSY);
	EXPECT(is_nop(1) && first(10) == 110 && second(10) == 12);
	EXPECT(taken(0) == 1000 && taken(1) == 0);
	EXPECT(ftrace_set_filter_ip(&ops[2], entry(1), 0, 0) == 0);
	calls[2].divert = other;
	EXPECT(register_ftrace_function(&ops[2]) == 0);
	EXPECT(first(10) == 110 && second(10) == 110 && taken(0) == 1000 && taken(2) == 100);

	/* Who only looks may look beside it. */
	EXPECT(ftrace_set_filter_ip(&ops[3], entry(0), 0, 0) == 0);
	EXPECT(register_ftrace_function(&ops[3]) == 0);
	EXPECT(first(10) == 110 && taken(0) == 1000 && taken(3) == 1000);
	EXPECT(unregister_ftrace_function(&ops[3]) == 0);
	EXPECT(first(10) == 110 && taken(0) == 1000 && taken(3) == 0);

	/* What was held is free again. */
	EXPECT(unregister_ftrace_function(&ops[0]) == 0);
	EXPECT(register_ftrace_function(&ops[1]) == -EBUSY);
	EXPECT(unregister_ftrace_function(&ops[2]) == 0);
	EXPECT(register_ftrace_function(&ops[1]) == 0);
	call_all();
	EXPECT(taken(1) == 1100);
	EXPECT(unregister_ftrace_function(&ops[1]) == 0);
	call_all();
	EXPECT(taken(0) == 0 && taken(1) == 0 && taken(2) == 0);
}

/* Functions of the kernel, among them one that sleeps; and many rounds, which must not use memory up. */
static void kernels(void)
{
	unsigned long low = ~0UL, high = 0, target;
	s32 disp;
	int i;

	fresh();
	EXPECT(ftrace_set_filter_ip(&ops[0], (unsigned long)msleep, 0, 0) == 0);
	EXPECT(register_ftrace_function(&ops[0]) == 0);
	msleep(1);
	EXPECT(taken(0) == 10000);
	EXPECT(unregister_ftrace_function(&ops[0]) == 0);
	msleep(1);
	EXPECT(taken(0) == 0);

	EXPECT(ftrace_set_filter_ip(&ops[0], entry(0), 0, 1) == 0);
	for (i = 0; i < 40; i++) {
		if (register_ftrace_function(&ops[0]))
			break;
		memcpy(&disp, (void *)(entry(0) + 1), sizeof(disp));
		target = entry(0) + 5 + disp;
		low = min(low, target);
		high = max(high, target);
		if (first(1) != 2 || taken(0) != 1000 || unregister_ftrace_function(&ops[0]))
			break;
	}
	EXPECT(i == 40);
	EXPECT(high - low < 16 * 4096);
}

static void run_checks(void)
{
	filters();
	several();
	redirecting();
	kernels();
	fresh();
}

module_init(checks_init);
module_exit(checks_exit);
