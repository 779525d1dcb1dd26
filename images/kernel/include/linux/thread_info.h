/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flags of a task that the way out of the kernel looks at; numbers as Linux's where it has them. */
#ifndef _LINUX_THREAD_INFO_H
#define _LINUX_THREAD_INFO_H

#define TIF_NOTIFY_RESUME 1 /* task_work to run */
#define TIF_SIGPENDING	  2 /* look for signals */
#define TIF_NEED_RESCHED  3
#define TIF_SINGLESTEP	  4
#define TIF_PATCH_PENDING 13 /* klp_update_patch_state() */
#define TIF_FREEZE	  14 /* liveupdate_freeze_task(): stop at the boundary to user mode */
#define TIF_NOTIFY_SIGNAL 17 /* leave blocking system calls, restart them; no signal */
#define TIF_MEMDIE	  18

#define _TIF_NOTIFY_RESUME (1UL << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING	   (1UL << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED  (1UL << TIF_NEED_RESCHED)
#define _TIF_PATCH_PENDING (1UL << TIF_PATCH_PENDING)
#define _TIF_FREEZE	   (1UL << TIF_FREEZE)
#define _TIF_NOTIFY_SIGNAL (1UL << TIF_NOTIFY_SIGNAL)
#define EXIT_TO_USER_MODE_WORK                                                           \
	(_TIF_NOTIFY_RESUME | _TIF_SIGPENDING | _TIF_NEED_RESCHED | _TIF_PATCH_PENDING | \
	 _TIF_FREEZE | _TIF_NOTIFY_SIGNAL)

#ifndef __ASSEMBLER__
struct thread_info {
	unsigned long flags; /* TIF_*, atomic bits */
	int preempt_count;   /* only the task itself */
	unsigned int cpu;    /* runs or ran here; rq_lock */
};
#endif
#endif
