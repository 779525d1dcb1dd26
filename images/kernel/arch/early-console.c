// SPDX-License-Identifier: GPL-2.0-or-later
/* COM1 by polling, from the first message until the UART's driver takes over. */
#include <linux/printk.h>
#include <asm/io.h>

#define COM1	 0x3f8
#define LSR	 5
#define LSR_THRE 0x20

static void early_write(struct console *con, const char *text, unsigned int len)
{
	while (len--) {
		if (*text == '\n')
			outb('\r', COM1);
		for (int tries = 0; tries < 100000 && !(inb(COM1 + LSR) & LSR_THRE); tries++)
			;
		outb(*text++, COM1);
	}
}

static struct console early_console = { .name = "earlycon", .write = early_write, .early = true };

void early_console_init(void)
{
	if (inb(COM1 + LSR) != 0xff)
		register_console(&early_console);
}
