// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clock: time stamp counter to nanoseconds, and the real-time clock.
 *
 * The TSC is taken to be invariant and equal on all CPUs (SDM 3B 18.17.1). Its
 * frequency comes from CPUID leaf 0x15 where that is there, else it is measured
 * against the 8254. A handover brings the time base along, so that monotonic
 * time goes on without a step.
 */
#include <linux/atomic.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <asm/apic.h>
#include <asm/io.h>
#include <asm/processor.h>
#include "arch.h"

#define PIT_HZ	     1193182
#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43
#define PIT_MS	     10

struct clock_base clock_base;
static u64 tsc_mult; /* ns per tick, 32.32 */

notrace u64 local_clock(void)
{
	u64 delta = rdtsc() - clock_base.tsc_base;

	return clock_base.ns_base + (u64)((unsigned __int128)delta * tsc_mult >> 32);
}

u64 ktime_get_ns(void)
{
	return local_clock();
}

u64 ktime_get_real_ns(void)
{
	return local_clock() + READ_ONCE(clock_base.real_offset_ns);
}

void settimeofday_ns(u64 real_ns)
{
	WRITE_ONCE(clock_base.real_offset_ns, real_ns - local_clock());
}

volatile unsigned long jiffies;

/* Another CPU may have read a later time: the counter does not go back. */
void update_jiffies(void)
{
	unsigned long now = ktime_get_ns() / TICK_NSEC, seen = jiffies;

	while (seen < now) {
		unsigned long old = cmpxchg((unsigned long *)&jiffies, seen, now);

		if (old == seen)
			break;
		seen = old;
	}
}

void clock_set_base(const struct clock_base *base)
{
	clock_base = *base;
	tsc_mult = ((unsigned __int128)NSEC_PER_SEC << 32) / base->tsc_hz;
	update_jiffies();
}

/* The crystal clock, and the TSC's ratio to it; 0 if the processor does not say (SDM 2A CPUID). */
static u32 crystal_from_cpuid(u32 *ticks, u32 *per)
{
	u32 max, b, c, d;

	cpuid(0, &max, &b, &c, &d);
	if (max < 0x15)
		return 0;
	cpuid(0x15, per, ticks, &c, &d);
	return *per && *ticks ? c : 0;
}

u64 crystal_hz_from_cpuid(void)
{
	u32 ticks, per;

	return crystal_from_cpuid(&ticks, &per);
}

static u64 tsc_hz_from_cpuid(void)
{
	u32 ticks, per;
	u64 crystal = crystal_from_cpuid(&ticks, &per);

	return crystal ? crystal * ticks / per : 0;
}

/*
 * Ticks while channel 0 counts PIT_MS milliseconds down once; its output goes
 * high at the end. (Channel 2 would need port 0x61, which small machines lack.)
 * *slack is how many of them may lie outside: more than a few where something,
 * a busy host for one, held the processor up at the start or at the end.
 */
static u64 count_against_pit(u64 *slack)
{
	u16 count = PIT_HZ * PIT_MS / 1000;
	u64 before, start, last, now;
	bool high;

	outb(0x30, PIT_COMMAND); /* channel 0, both bytes, mode 0 */
	outb(count & 0xff, PIT_CHANNEL0);
	before = rdtsc();
	outb(count >> 8, PIT_CHANNEL0);
	start = now = rdtsc();
	do {
		last = now;
		outb(0xe2, PIT_COMMAND); /* read back: status of channel 0 */
		high = inb(PIT_CHANNEL0) & 0x80;
		now = rdtsc();
	} while (!high && now - start < 2000000000UL);
	*slack = start - before + now - last;
	return now - start;
}

/* The best of some tries, the first good one as a rule. 1 GHz if there is no 8254. */
static u64 tsc_hz_from_pit(void)
{
	u64 best = 0, least = ~0ULL, slack;
	unsigned long flags;

	local_irq_save(flags);
	for (int tries = 0; tries < 20 && (!best || least > best / 256); tries++) {
		u64 ticks = count_against_pit(&slack);

		if (ticks >= 2000000000UL || ticks < 200000)
			break;
		if (slack < least) {
			least = slack;
			best = ticks;
		}
	}
	local_irq_restore(flags);
	return best ? best * 1000 / PIT_MS : 1000000000;
}

static u8 cmos(u8 index)
{
	outb(index, 0x70);
	return inb(0x71);
}

static unsigned int cmos_number(u8 index, bool bcd)
{
	unsigned int v = cmos(index);

	return bcd ? (v & 15) + (v >> 4) * 10 : v;
}

static u64 read_rtc(void)
{
	bool bcd = !(cmos(0x0b) & 4);
	unsigned int seconds;
	u64 time;

	do {
		seconds = cmos_number(0, bcd);
		time = days_since_epoch(2000 + cmos_number(9, bcd), cmos_number(8, bcd),
					cmos_number(7, bcd)) *
			       86400ULL +
		       cmos_number(4, bcd) * 3600 + cmos_number(2, bcd) * 60 + seconds;
	} while (seconds != cmos_number(0, bcd));
	return time * NSEC_PER_SEC;
}

void clock_init(void)
{
	struct clock_base base = { .tsc_hz = tsc_hz_from_cpuid() };
	bool known = base.tsc_hz;

	if (!known)
		base.tsc_hz = tsc_hz_from_pit();
	base.tsc_base = rdtsc();
	/* the machine's clock is the TSC: time counts from power-up where we know its unit */
	base.ns_base = (unsigned __int128)base.tsc_base * NSEC_PER_SEC / base.tsc_hz;
	if (!known || base.ns_base > 3600ULL * NSEC_PER_SEC)
		base.ns_base = 0;
	clock_set_base(&base);
	clock_base.real_offset_ns = read_rtc() - local_clock();
	pr_info("tsc: %s %lu.%03lu MHz\n", known ? "Detected" : "Measured",
		(unsigned long)(base.tsc_hz / 1000000), (unsigned long)(base.tsc_hz / 1000 % 1000));
}

/* ---- busy waiting ---- */

static void ndelay(unsigned long ns)
{
	u64 end = local_clock() + ns;

	while (local_clock() < end)
		cpu_relax();
}

void udelay(unsigned long us)
{
	ndelay(us * 1000);
}

void mdelay(unsigned long ms)
{
	ndelay(ms * 1000000);
}
