// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first task: what runs from the first instruction in C, and later the idle
 * task of the CPU that booted. Head of the list of all tasks, parent of init
 * and of the kernel threads. And the kernel's own address space.
 */
#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/sched.h>

extern char init_stack[];

struct mm_struct init_mm = {
	.mm_users = ATOMIC_INIT(1),
	.mm_count = ATOMIC_INIT(2), /* itself, and the first task that runs on it */
	.mmap_lock = __MUTEX_INITIALIZER(init_mm.mmap_lock),
	.mmap = LIST_HEAD_INIT(init_mm.mmap),
};

static struct signal_struct init_signals = {
	.sigcnt = ATOMIC_INIT(1),
	.live = ATOMIC_INIT(1),
	.nr_threads = 1,
	.thread_head = LIST_HEAD_INIT(init_task.thread_node),
	.shared_pending = { .list = LIST_HEAD_INIT(init_signals.shared_pending.list) },
	.wait_chldexit = __WAIT_QUEUE_HEAD_INITIALIZER(init_signals.wait_chldexit),
	.real_timer = { .cpu = -1 },
	.rlim = {
		[0 ... RLIMIT_STACK - 1] = { RLIM_INFINITY, RLIM_INFINITY },
		[RLIMIT_STACK] = { 8 << 20, RLIM_INFINITY },
		[RLIMIT_CORE] = { 0, RLIM_INFINITY },
		[RLIMIT_CORE + 1 ... RLIMIT_NOFILE - 1] = { RLIM_INFINITY, RLIM_INFINITY },
		[RLIMIT_NOFILE] = { 256, 256 },
		[RLIMIT_NOFILE + 1 ... RLIM_NLIMITS - 1] = { RLIM_INFINITY, RLIM_INFINITY },
	},
};

static struct sighand_struct init_sighand = {
	.count = ATOMIC_INIT(1),
	.action = { [0 ... _NSIG - 1] = { .sa = { .sa_handler = SIG_IGN } } },
};

struct task_struct init_task = {
	.thread_info = { .preempt_count = 1 },
	.usage = ATOMIC_INIT(2),
	.stack = init_stack,
	.flags = PF_KTHREAD | PF_IDLE | PF_NOFREEZE,
	.prio = 1,
	.cpus_allowed = 1,
	.on_cpu = true,
	.run_list = LIST_HEAD_INIT(init_task.run_list),
	.comm = "swapper/0",
	.active_mm = &init_mm,
	.tasks = LIST_HEAD_INIT(init_task.tasks),
	.real_parent = &init_task,
	.parent = &init_task,
	.group_leader = &init_task,
	.children = LIST_HEAD_INIT(init_task.children),
	.sibling = LIST_HEAD_INIT(init_task.sibling),
	.thread_node = LIST_HEAD_INIT(init_signals.thread_head),
	.signal = &init_signals,
	.sighand = &init_sighand,
	.pending = { .list = LIST_HEAD_INIT(init_task.pending.list) },
	.patch_state = KLP_TRANSITION_IDLE,
};
