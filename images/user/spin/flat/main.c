// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a kernel by its number for a host that can put a request into memory.
 */
#include "flat.h"

struct request {
	/*  0 */ uint32_t kernel;
	/*  4 */ uint32_t rounds;
	/*  8 */ uint32_t result;
};

#define REQUEST ((volatile struct request *)0x9000)

uint32_t *chase_area = (uint32_t *)0x800000, *stream_area = (uint32_t *)0x1000000;

static uint32_t (*const kernels[])(uint32_t rounds) = {
#define ENTRY(name) kernel_##name,
	EACH_KERNEL(ENTRY)
#undef ENTRY
};

#define COUNT (sizeof(kernels) / sizeof(kernels[0]))

/* For start.S, which cannot count. */
__asm__(".globl kernel_count_value\n\t.set kernel_count_value, "
	"0"
#define ENTRY(name) " + 1"
	EACH_KERNEL(ENTRY)
#undef ENTRY
);

/* Each name ends with a zero. */
const char kernel_names[] =
#define ENTRY(name) #name "\0"
	EACH_KERNEL(ENTRY)
#undef ENTRY
	;

uint32_t run_kernel(uint32_t number, uint32_t rounds)
{
	const uint32_t mxcsr = 0x1f80;

	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
	return number < COUNT ? kernels[number](rounds) : 0;
}

void run_request(void)
{
	REQUEST->result = run_kernel(REQUEST->kernel, REQUEST->rounds);
}

/* The compiler may call these even in free-standing code. */
void *memcpy(void *to, const void *from, unsigned long count)
{
	uint8_t *target = to;
	const uint8_t *source = from;

	while (count--)
		*target++ = *source++;
	return to;
}

void *memset(void *to, int value, unsigned long count)
{
	uint8_t *target = to;

	while (count--)
		*target++ = (uint8_t)value;
	return to;
}
