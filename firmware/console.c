// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * COM1 as the ROM's voice: one line when all is well, one line when it is not. Works without a UART (says nothing) and never
 * waits for ever.
 */
#include "firmware.h"
#include <stdarg.h>

#define COM1	       0x3f8
#define UART_DATA      (COM1 + 0)
#define UART_IER       (COM1 + 1)
#define UART_FCR       (COM1 + 2)
#define UART_LCR       (COM1 + 3)
#define UART_MCR       (COM1 + 4)
#define UART_LSR       (COM1 + 5)
#define UART_SCRATCH   (COM1 + 7)
#define LCR_8N1	       0x03
#define LCR_DLAB       0x80
#define LSR_THRE       0x20
#define TRANSMIT_POLLS 100000

static int present;

void console_init(void)
{
	outb(UART_SCRATCH, 0x5a);
	present = inb(UART_SCRATCH) == 0x5a;
	if (!present)
		return;
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_DLAB | LCR_8N1);
	outb(UART_DATA, 1); /* divisor 1: 115200 baud */
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_8N1);
	outb(UART_FCR, 0x07); /* FIFOs on, both cleared */
	outb(UART_MCR, 0x03); /* DTR, RTS */
}

static void put(char c)
{
	if (!present)
		return;
	if (c == '\n')
		put('\r');
	for (u32 i = 0; i < TRANSMIT_POLLS && !(inb(UART_LSR) & LSR_THRE); i++)
		;
	outb(UART_DATA, c);
}

static void put_number(u32 value, u32 base)
{
	char digits[10];
	u32 count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count)
		put(digits[--count]);
}

static void print_list(const char *format, va_list list)
{
	for (; *format; format++) {
		if (*format != '%') {
			put(*format);
			continue;
		}
		switch (*++format) {
		case 's':
			for (const char *s = va_arg(list, const char *); *s; s++)
				put(*s);
			break;
		case 'u':
			put_number(va_arg(list, u32), 10);
			break;
		case 'x':
			put_number(va_arg(list, u32), 16);
			break;
		case 'c':
			put(va_arg(list, int));
			break;
		default:
			put(*format);
		}
	}
}

void print(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	print_list(format, list);
	va_end(list);
}

/* Say what is wrong, leave through isa-debug-exit where there is one, else stop. */
void fail(const char *format, ...)
{
	va_list list;

	print("firmware: ");
	va_start(list, format);
	print_list(format, list);
	va_end(list);
	print("\n");
	outb(0x501, 0x3f);
	outb(0xf4, 0x3f);
	for (;;)
		asm volatile("cli; hlt");
}
