// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's one random number generator: xoshiro256** (Blackman, Vigna 2018),
 * public domain algorithm, 256 bits of state. See linux/random.h for what it is
 * not for.
 */
#include <linux/random.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include <linux/export.h>

static DEFINE_SPINLOCK(random_lock);	/* protects what follows */
static u64 state[4] = {
	0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0x2545f4914f6cdd1d,
};
static bool seeded;

static u64 rotate(u64 x, int k)
{
	return x << k | x >> (64 - k);
}

static u64 next(void)
{
	u64 result = rotate(state[1] * 5, 7) * 9, t = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= t;
	state[3] = rotate(state[3], 45);
	return result;
}

void get_random_bytes(void *buf, size_t len)
{
	unsigned char *p = buf;
	unsigned long flags;
	size_t n;
	u64 v;

	spin_lock_irqsave(&random_lock, flags);
	if (!seeded) {
		seeded = true;
		state[0] ^= local_clock() * 0x9e3779b97f4a7c15;
		next();
	}
	for (; len; len -= n, p += n) {
		v = next();
		n = min_t(size_t, len, sizeof(v));
		memcpy(p, &v, n);
	}
	spin_unlock_irqrestore(&random_lock, flags);
}
EXPORT_SYMBOL(get_random_bytes);

void add_device_randomness(const void *buf, size_t len)
{
	const unsigned char *p = buf;
	unsigned long flags;

	spin_lock_irqsave(&random_lock, flags);
	while (len--) {
		state[len & 3] ^= (u64)*p++ << (len % 7 * 8);
		next();
	}
	spin_unlock_irqrestore(&random_lock, flags);
}
