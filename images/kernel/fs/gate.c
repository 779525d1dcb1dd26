// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gates: what stands before functions that may go away, as those of an entry in
 * /proc do with the module that made it.
 *
 * Promises: nobody gets in once gate_close() has begun, and it returns when the
 * last one is out. The count of those inside is the whole state; closing adds
 * CLOSED to it, which makes it negative and leaves it countable.
 */
#include <linux/atomic.h>
#include <linux/sched.h>
#include "internal.h"

#define CLOSED (-0x40000000)

void gate_init(struct gate *gate)
{
	atomic_set(&gate->inside, 0);
	init_waitqueue_head(&gate->drained);
}

bool gate_enter(struct gate *gate)
{
	int old = atomic_read(&gate->inside), seen;

	while (old >= 0) {
		seen = atomic_cmpxchg(&gate->inside, old, old + 1);
		if (seen == old)
			return true;
		old = seen;
	}
	return false;
}

void gate_leave(struct gate *gate)
{
	if (atomic_dec_return(&gate->inside) == CLOSED)
		wake_up(&gate->drained);
}

/* Once, by who removes what is behind it. */
void gate_close(struct gate *gate)
{
	DEBUG_ASSERT(atomic_read(&gate->inside) >= 0);
	atomic_add(CLOSED, &gate->inside);
	wait_event(gate->drained, atomic_read(&gate->inside) == CLOSED);
}
