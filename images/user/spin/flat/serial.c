// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Serves requests over COM1, for a host that can load a Multiboot image but
 * cannot put a request into memory: one byte kernel number, four bytes rounds;
 * answered by 'S' when the kernel begins and by 'E' and four bytes of result
 * when it has ended. Lowest byte first. Says 'R' once it is ready.
 */
#include "flat.h"

static inline uint8_t in(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t receive(void)
{
	while (!(in(0x3fd) & 1))
		;
	return in(0x3f8);
}

static void send(uint8_t byte)
{
	while (!(in(0x3fd) & 0x20))
		;
	out(0x3f8, byte);
}

void serve_serial(void)
{
	send('R');
	for (;;) {
		uint32_t number = receive(), rounds = 0, result;

		for (int i = 0; i < 32; i += 8)
			rounds |= (uint32_t)receive() << i;
		send('S');
		result = run_kernel(number, rounds);
		send('E');
		for (int i = 0; i < 32; i += 8)
			send((uint8_t)(result >> i));
	}
}
