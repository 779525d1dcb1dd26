/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fast user-space locks: sleeping on a word of user memory. */
#ifndef _LINUX_FUTEX_H
#define _LINUX_FUTEX_H

#include <linux/types.h>

#define FUTEX_WAIT	     0
#define FUTEX_WAKE	     1
#define FUTEX_REQUEUE	     3
#define FUTEX_CMP_REQUEUE    4
#define FUTEX_WAIT_BITSET    9
#define FUTEX_WAKE_BITSET    10
#define FUTEX_PRIVATE_FLAG   128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_WAITERS	     0x80000000
#define FUTEX_OWNER_DIED     0x40000000
#define FUTEX_TID_MASK	     0x3fffffff

struct task_struct;
int futex_wake(u32 __user *uaddr, int nr, u32 bitset);
void exit_robust_list(struct task_struct *);
void mm_release_futex(struct task_struct *);

#endif
