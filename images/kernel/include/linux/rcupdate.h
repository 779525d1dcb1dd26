/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers that take no lock: a read section is code that is not preempted, and
 * synchronize_rcu() returns when every CPU has left the sections it was in.
 */
#ifndef _LINUX_RCUPDATE_H
#define _LINUX_RCUPDATE_H

#include <linux/preempt.h>

#define rcu_read_lock()		 preempt_disable()
#define rcu_read_unlock()	 preempt_enable()
#define rcu_dereference(p)	 READ_ONCE(p)
#define rcu_assign_pointer(p, v) smp_store_release(&(p), v)
void synchronize_rcu(void);

#endif
