// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The load average: how many tasks run, wait for a CPU, or sleep but soon go on.
 */
#include <linux/ktime.h>
#include <linux/sched.h>

static unsigned long avenrun[3];
static u64 avenrun_next;

void loadavg_init(void)
{
	avenrun_next = local_clock() + 5 * NSEC_PER_SEC;
}

/* Exponential means over 1, 5 and 15 minutes of 5 s samples, 11 bits of fraction. */
void update_load(u64 now)
{
	static const unsigned long decay[3] = { 1884, 2014, 2037 };
	unsigned long active;

	if (now < avenrun_next)
		return;
	active = nr_active();
	for (; now >= avenrun_next; avenrun_next += 5 * NSEC_PER_SEC)
		for (int i = 0; i < 3; i++)
			avenrun[i] =
				(avenrun[i] * decay[i] + (active << 11) * (2048 - decay[i])) >> 11;
}

void get_avenrun(unsigned long loads[3])
{
	for (int i = 0; i < 3; i++)
		loads[i] = avenrun[i];
}
