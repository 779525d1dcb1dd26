// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Places where a task can be while a transition runs, each behind a /proc file
 * whose reader stays there until `leave` is written:
 *	places_asleep	asleep in asleep_here()
 *	places_running	running in running_here(), after it has slept outside of it
 *	places_lost	asleep behind a frame pointer that leads nowhere, by `lost`:
 *			1 a stack that ends too early, 2 one that leaves itself,
 *			3 a return address that is no text
 *	places_value	what value() says, and does not stay
 * and kernel threads: one calls worker() for ever without leaving the kernel,
 * another is asleep in dozing_here() until it was woken twice, by whatever.
 */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

static int leave, lost, work, woken;
module_param(leave, int, 0644);
module_param(lost, int, 0644);
module_param(work, int, 0444);
module_param(woken, int, 0444);

#define PLACE __attribute__((noipa))

static PLACE int value(void)
{
	return 1;
}

static void wait_here(void)
{
	while (!READ_ONCE(leave))
		schedule_timeout_uninterruptible(HZ / 20);
}

/* What it says was computed on the way out. */
static PLACE int asleep_here(struct seq_file *m, void *v)
{
	wait_here();
	seq_printf(m, "old place, value %d\n", value());
	return 0;
}

static PLACE void dozing_here(void)
{
	while (woken < 2 && !kthread_should_stop()) {
		schedule_timeout_interruptible(MAX_SCHEDULE_TIMEOUT);
		WRITE_ONCE(woken, woken + 1);
	}
}

static int doze(void *arg)
{
	dozing_here();
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	return 0;
}

/*
 * Where it left its CPU last is the sleep before: it is not preempted here, and
 * the frame is large, so that what interrupts push lies below that one's frames.
 */
static PLACE void running_here(void)
{
	volatile char frame[2048];

	frame[0] = 0;
	preempt_disable();
	while (!READ_ONCE(leave))
		asm volatile("pause" : : "m"(frame));
	preempt_enable();
}

static struct task_struct *runner;

/* Nothing that is called after the sleep goes as deep as that did: the frames of the sleep are still there. */
static PLACE int running_show(struct seq_file *m, void *v)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	WRITE_ONCE(runner, current);
	schedule();
	running_here();
	seq_printf(m, "ran, value %d\n", value());
	return 0;
}

asm("	.pushsection .text\n"
    "	.type places_lose, @function\n"
    "	.globl places_lose\n"
    "places_lose:\n" /* (how, function) */
    "	pushq	%rbp\n"
    "	cmpl	$3, %edi\n	je	3f\n"
    "	cmpl	$2, %edi\n	je	2f\n"
    "	xorl	%ebp, %ebp\n	call	*%rsi\n	popq	%rbp\n	ret\n"
    "2:	movq	$0x1230, %rbp\n	call	*%rsi\n	popq	%rbp\n	ret\n"
    "3:	pushq	$0x5678\n	pushq	%rbp\n	movq	%rsp, %rbp\n"
    "	call	*%rsi\n	addq	$16, %rsp\n	popq	%rbp\n	ret\n"
    "	.size places_lose, . - places_lose\n"
    "	.popsection\n");
void places_lose(int how, void (*function)(void));

static int lost_show(struct seq_file *m, void *v)
{
	places_lose(lost, wait_here);
	seq_printf(m, "found again, value %d\n", value());
	return 0;
}

static int value_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", value());
	return 0;
}

static PLACE void worker(void)
{
	WRITE_ONCE(work, work + 1);
}

static int work_for_ever(void *arg)
{
	while (!kthread_should_stop()) {
		worker();
		if (READ_ONCE(runner)) {
			wake_up_process(runner);
			WRITE_ONCE(runner, NULL);
		}
		schedule_timeout_uninterruptible(1);
	}
	return 0;
}

static struct proc_dir_entry *entries[4];
static struct task_struct *thread, *dozer;

static int places_init(void)
{
	entries[0] = proc_create_single("places_asleep", 0444, NULL, asleep_here);
	entries[1] = proc_create_single("places_running", 0444, NULL, running_show);
	entries[2] = proc_create_single("places_lost", 0444, NULL, lost_show);
	entries[3] = proc_create_single("places_value", 0444, NULL, value_show);
	thread = kthread_run(work_for_ever, NULL, "places_worker");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	dozer = kthread_run(doze, NULL, "places_dozer");
	return IS_ERR(dozer) ? PTR_ERR(dozer) : 0;
}

static void places_exit(void)
{
	int i;

	kthread_stop(thread);
	kthread_stop(dozer);
	for (i = 0; i < 4; i++)
		proc_remove(entries[i]);
}

module_init(places_init);
module_exit(places_exit);
MODULE_LICENSE("GPL");
