// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removing a handler waits for those who are still in it: a thread stays in the
 * handler, running on another CPU or, on one CPU, preempted; the remover must
 * come back only when it has left.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/kthread.h>
#include "checks.h"

static __attribute__((noipa)) int subject(int x)
{
	return x + 1;
}

static int inside, leave, removed, result;

static notrace void linger(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			   struct ftrace_regs *fregs)
{
	__atomic_store_n(&inside, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&leave, __ATOMIC_ACQUIRE))
		asm volatile("pause");
}

static struct ftrace_ops ops = { .func = linger, .flags = FTRACE_OPS_FL_SAVE_REGS };

static int caller(void *arg)
{
	result = subject(41);
	return 0;
}

static int remover(void *arg)
{
	int ret = unregister_ftrace_function(&ops);

	__atomic_store_n(&removed, ret ? ret : 1, __ATOMIC_RELEASE);
	return 0;
}

static DECLARE_COMPLETION(conducted);

/* A kernel thread like the others: it gets its turn beside one that never sleeps. */
static int conductor(void *arg)
{
	int i;

	inside = leave = removed = result = 0;
	EXPECT(ftrace_set_filter_ip(&ops, (unsigned long)subject, 0, 1) == 0);
	EXPECT(register_ftrace_function(&ops) == 0);
	EXPECT(!IS_ERR(kthread_run(caller, NULL, "caller")));
	for (i = 0; i < 100 && !READ_ONCE(inside); i++)
		msleep(10);
	EXPECT(READ_ONCE(inside));
	EXPECT(!IS_ERR(kthread_run(remover, NULL, "remover")));
	msleep(400);
	EXPECT(!READ_ONCE(removed));
	EXPECT(!READ_ONCE(result));
	EXPECT(*(u8 *)subject == 0x0f); /* but nobody new comes in */
	__atomic_store_n(&leave, 1, __ATOMIC_RELEASE);
	for (i = 0; i < 100 && !READ_ONCE(removed); i++)
		msleep(10);
	EXPECT(READ_ONCE(removed) == 1);
	EXPECT(READ_ONCE(result) == 42);
	EXPECT(subject(1) == 2);
	complete(&conducted);
	return 0;
}

static void run_checks(void)
{
	reinit_completion(&conducted);
	EXPECT(!IS_ERR(kthread_run(conductor, NULL, "conductor")));
	wait_for_completion(&conducted);
}

module_init(checks_init);
module_exit(checks_exit);
