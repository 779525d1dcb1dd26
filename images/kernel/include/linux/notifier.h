/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of functions to be told of an event. Calls and changes are serialised by the chain's mutex. */
#ifndef _LINUX_NOTIFIER_H
#define _LINUX_NOTIFIER_H

#include <linux/types.h>
#include <linux/mutex.h>

struct notifier_block {
	int (*notifier_call)(struct notifier_block *, unsigned long action, void *data);
	struct notifier_block *next;
	int priority;
};
struct blocking_notifier_head {
	struct mutex rwsem;
	struct notifier_block *head;
};
#define BLOCKING_NOTIFIER_HEAD(name) \
	struct blocking_notifier_head name = { .rwsem = __MUTEX_INITIALIZER(name.rwsem) }
#define NOTIFY_DONE	       0
#define NOTIFY_OK	       1
#define NOTIFY_STOP_MASK       0x8000
#define NOTIFY_BAD	       (NOTIFY_STOP_MASK | 2)
#define notifier_from_errno(e) ((e) ? (NOTIFY_STOP_MASK | (NOTIFY_OK - (e))) : NOTIFY_OK)
#define notifier_to_errno(r) \
	(((r) & ~NOTIFY_STOP_MASK) > NOTIFY_OK ? NOTIFY_OK - ((r) & ~NOTIFY_STOP_MASK) : 0)
int blocking_notifier_chain_register(struct blocking_notifier_head *, struct notifier_block *);
int blocking_notifier_chain_unregister(struct blocking_notifier_head *, struct notifier_block *);
int blocking_notifier_call_chain(struct blocking_notifier_head *, unsigned long, void *);

#endif
