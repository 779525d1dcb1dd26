/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for one thing to be done. */
#ifndef _LINUX_COMPLETION_H
#define _LINUX_COMPLETION_H

#include <linux/wait.h>

struct completion {
	unsigned int done; /* wait.lock; UINT_MAX = for ever */
	wait_queue_head_t wait;
};

#define COMPLETION_INITIALIZER(x)                          \
	{                                                  \
		0, __WAIT_QUEUE_HEAD_INITIALIZER((x).wait) \
	}
#define DECLARE_COMPLETION(x)	      struct completion x = COMPLETION_INITIALIZER(x)
#define DECLARE_COMPLETION_ONSTACK(x) DECLARE_COMPLETION(x)

static inline void init_completion(struct completion *x)
{
	x->done = 0;
	init_waitqueue_head(&x->wait);
}
static inline void reinit_completion(struct completion *x)
{
	x->done = 0;
}
void complete(struct completion *);
void complete_all(struct completion *);
void wait_for_completion(struct completion *);
bool try_wait_for_completion(struct completion *);

#endif
