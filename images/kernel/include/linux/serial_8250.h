// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two 16550 UARTs: COM1 is the console, COM2 the agent's channel.
 *
 * Two ways to begin: uart_init() programs the hardware; uart_takeover() adopts
 * hardware that a previous kernel programmed, writing no register. After either
 * one, the state of software is struct uart_state, which an upgrade carries.
 */
#ifndef _LINUX_SERIAL_8250_H
#define _LINUX_SERIAL_8250_H

#include <linux/types.h>

#define UART_PORTS 2
#define UART_XMIT  4096 /* a power of two */

struct uart_state {
	u8 ier; /* what the interrupt enable register holds */
	bool present;
	bool stopped;			   /* output held back by VSTOP */
	unsigned int xmit_head, xmit_tail; /* free-running */
	u64 received, sent, overruns;
	char xmit[UART_XMIT];
};

void uart_init(void);
/* @states: UART_PORTS of them, from the previous kernel */
void uart_takeover(const struct uart_state *states);
/* a copy of the state of port @index */
void uart_get_state(int index, struct uart_state *);
/* after uart_takeover(), once interrupts can be taken: look for a lost edge */
void uart_kick(void);
/* console output that waits for the hardware; usable from the first instruction */
void uart_console_write(const char *, size_t);

#endif
