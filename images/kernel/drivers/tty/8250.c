// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * 16550 UARTs: COM1 (the console) and COM2 (the agent's channel).
 *
 * Promises: received characters go to the terminal in the interrupt; output
 * waits in a ring and is fed to the 16-byte FIFO by interrupts. Two entry
 * points: uart_init() programs the hardware, uart_takeover() adopts hardware
 * that is programmed already and writes no register. Console messages wait for
 * the transmitter and go before what is in the ring, whole lines only. Must not
 * know what the characters mean.
 *
 * 1. Interrupts are edge-triggered (ISA): the handler goes on until the
 *    identification register says that no port has anything pending, else an
 *    edge could be missed (PC16550D, section 8.6.2).
 * 2. The transmit interrupt is enabled only while the ring has something: the
 *    hardware raises it once when enabled with an empty transmitter, and that
 *    is what starts the sending.
 * 3. Everything of one port is under port->lock; the order is tty->lock, then
 *    port->lock, so characters are handed up after port->lock is released.
 */
#include <linux/kernel.h>
#include <linux/serial_8250.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/tty.h>
#include <linux/init.h>
#include <linux/fs.h>

/* registers, as offsets from the base port (PC16550D, table II) */
#define UART_RX	 0
#define UART_TX	 0
#define UART_DLL 0 /* with LCR_DLAB */
#define UART_IER 1
#define UART_DLM 1 /* with LCR_DLAB */
#define UART_IIR 2
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define UART_SCR 7

#define IER_RDI	      0x01
#define IER_THRI      0x02
#define IIR_NO_INT    0x01
#define FCR_ENABLE    0x01
#define FCR_CLEAR     0x06
#define FCR_TRIGGER_8 0x80
#define LCR_8N1	      0x03
#define LCR_DLAB      0x80
#define MCR_DTR_RTS   0x03
#define MCR_OUT2      0x08 /* connects the interrupt line on a PC */
#define LSR_DR	      0x01
#define LSR_OE	      0x02
#define LSR_THRE      0x20

#define FIFO_SIZE 16

static struct uart_port {
	const u16 base;
	const unsigned int irq;
	spinlock_t lock; /* protects what follows and the hardware */
	struct uart_state s;
	bool irq_ready;
	struct tty_struct tty;
} ports[UART_PORTS] = {
	{ .base = 0x3f8, .irq = 4, .tty = { .name = "ttyS0", .index = 0 } },
	{ .base = 0x2f8, .irq = 3, .tty = { .name = "ttyS1", .index = 1 } },
};

static void set_ier(struct uart_port *port, u8 ier)
{
	if (port->s.ier != ier) {
		port->s.ier = ier;
		outb(ier, port->base + UART_IER);
	}
}

/* Fill the FIFO from the ring; with the lock. */
static void transmit(struct uart_port *port)
{
	struct uart_state *s = &port->s;
	int room;

	lockdep_assert_held(&port->lock);
	if (s->stopped || s->xmit_head == s->xmit_tail) {
		set_ier(port, s->ier & ~IER_THRI);
		return;
	}
	if (!(inb(port->base + UART_LSR) & LSR_THRE))
		return;
	for (room = FIFO_SIZE; room && s->xmit_tail != s->xmit_head; room--) {
		outb(s->xmit[s->xmit_tail++ % UART_XMIT], port->base + UART_TX);
		s->sent++;
	}
	if (s->xmit_tail == s->xmit_head)
		set_ier(port, s->ier & ~IER_THRI);
}

static size_t receive(struct uart_port *port, char *buf, size_t size)
{
	size_t n = 0;
	u8 lsr;

	while (n < size && ((lsr = inb(port->base + UART_LSR)) & LSR_DR)) {
		buf[n++] = inb(port->base + UART_RX);
		if (lsr & LSR_OE)
			port->s.overruns++;
	}
	port->s.received += n;
	return n;
}

static irqreturn_t uart_interrupt(int irq, void *data)
{
	struct uart_port *port = data;
	char buf[64];
	bool handled = false, woke = false;
	size_t n;

	for (;;) {
		spin_lock(&port->lock);
		/* reading it also takes back the transmit interrupt */
		if (inb(port->base + UART_IIR) & IIR_NO_INT) {
			spin_unlock(&port->lock);
			break;
		}
		handled = true;
		n = receive(port, buf, sizeof(buf));
		if (port->s.ier & IER_THRI) {
			transmit(port);
			woke = true;
		}
		spin_unlock(&port->lock);
		if (n)
			tty_receive(&port->tty, buf, n);
	}
	if (woke)
		tty_write_wakeup(&port->tty);
	return handled ? IRQ_HANDLED : IRQ_NONE;
}

/* ---- what the terminal layer asks for ---- */

static size_t uart_write(struct tty_struct *tty, const char *text, size_t count)
{
	struct uart_port *port = tty->port;
	struct uart_state *s = &port->s;
	unsigned long flags;
	size_t n;

	spin_lock_irqsave(&port->lock, flags);
	for (n = 0; n < count && s->xmit_head - s->xmit_tail < UART_XMIT; n++)
		s->xmit[s->xmit_head++ % UART_XMIT] = text[n];
	if (!s->stopped && s->xmit_head != s->xmit_tail)
		set_ier(port, s->ier | IER_THRI);
	spin_unlock_irqrestore(&port->lock, flags);
	return n;
}

static size_t uart_write_room(struct tty_struct *tty)
{
	struct uart_port *port = tty->port;

	return UART_XMIT - (READ_ONCE(port->s.xmit_head) - READ_ONCE(port->s.xmit_tail));
}

static size_t uart_chars_in_buffer(struct tty_struct *tty)
{
	struct uart_port *port = tty->port;

	return READ_ONCE(port->s.xmit_head) - READ_ONCE(port->s.xmit_tail);
}

static void uart_set_stopped(struct tty_struct *tty, bool stopped)
{
	struct uart_port *port = tty->port;
	struct uart_state *s = &port->s;
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	s->stopped = stopped;
	if (stopped)
		set_ier(port, s->ier & ~IER_THRI);
	else if (s->xmit_head != s->xmit_tail)
		set_ier(port, s->ier | IER_THRI);
	spin_unlock_irqrestore(&port->lock, flags);
}

static const struct tty_port_operations uart_operations = {
	.write = uart_write,
	.write_room = uart_write_room,
	.chars_in_buffer = uart_chars_in_buffer,
	.set_stopped = uart_set_stopped,
};

/* ---- console ---- */

static void put_and_wait(u16 base, char c)
{
	while (!(inb(base + UART_LSR) & LSR_THRE))
		cpu_relax();
	outb(c, base + UART_TX);
}

/*
 * Straight to the hardware, waiting for it. The lock is tried only, a bounded
 * number of times: an oops inside this driver must still be seen.
 */
void uart_console_write(const char *text, size_t count)
{
	struct uart_port *port = &ports[0];
	unsigned long flags;
	unsigned int tries;
	bool locked = false;

	local_irq_save(flags);
	for (tries = 0; tries < 1000000 && !locked; tries++)
		locked = spin_trylock(&port->lock);
	/* what a program wrote before goes before */
	while (locked && !port->s.stopped && port->s.xmit_tail != port->s.xmit_head) {
		put_and_wait(port->base, port->s.xmit[port->s.xmit_tail++ % UART_XMIT]);
		port->s.sent++;
	}
	while (count--) {
		if (*text == '\n')
			put_and_wait(port->base, '\r');
		put_and_wait(port->base, *text++);
	}
	if (locked)
		spin_unlock(&port->lock);
	local_irq_restore(flags);
}

static void console_write(struct console *con, const char *text, unsigned int count)
{
	uart_console_write(text, count);
}

static struct console uart_console = {
	.name = "ttyS",
	.write = console_write,
};

/* ---- beginning ---- */

static void register_port(struct uart_port *port)
{
	port->tty.ops = &uart_operations;
	port->tty.port = port;
	tty_init_state(&port->tty.s);
	tty_register(&port->tty);
	if (request_irq(port->irq, uart_interrupt, 0, port->tty.name, port))
		printk(KERN_ERR "%s: no interrupt %u\n", port->tty.name, port->irq);
}

static bool probe(struct uart_port *port)
{
	/* an empty bus gives ones; the scratch register keeps what it is given */
	outb(0x5a, port->base + UART_SCR);
	if (inb(port->base + UART_SCR) != 0x5a)
		return false;
	outb(0, port->base + UART_IER);
	outb(LCR_8N1 | LCR_DLAB, port->base + UART_LCR);
	outb(1, port->base + UART_DLL); /* 115200 */
	outb(0, port->base + UART_DLM);
	outb(LCR_8N1, port->base + UART_LCR);
	outb(FCR_ENABLE | FCR_CLEAR | FCR_TRIGGER_8, port->base + UART_FCR);
	outb(MCR_DTR_RTS | MCR_OUT2, port->base + UART_MCR);
	return true;
}

void uart_init(void)
{
	int i;

	tty_init();
	for (i = 0; i < UART_PORTS; i++) {
		struct uart_port *port = &ports[i];

		port->s.present = probe(port);
		if (!port->s.present)
			continue;
		register_port(port);
		spin_lock_irq(&port->lock);
		inb(port->base + UART_RX);
		inb(port->base + UART_IIR);
		set_ier(port, IER_RDI);
		spin_unlock_irq(&port->lock);
		printk(KERN_INFO "%s at I/O 0x%x (irq = %u) is a 16550A\n", port->tty.name,
		       port->base, port->irq);
	}
	if (ports[0].s.present)
		register_console(&uart_console);
}

void uart_takeover(const struct uart_state *states)
{
	int i;

	tty_init();
	for (i = 0; i < UART_PORTS; i++) {
		struct uart_port *port = &ports[i];

		port->s = states[i];
		if (port->s.present)
			register_port(port);
	}
	register_console(&uart_console);
}

/*
 * After uart_takeover(), when interrupts can be taken: an edge may have been
 * lost between the kernels, so look once.
 */
void uart_kick(void)
{
	unsigned long flags;
	int i;

	for (i = 0; i < UART_PORTS; i++) {
		if (!ports[i].s.present)
			continue;
		local_irq_save(flags);
		uart_interrupt(ports[i].irq, &ports[i]);
		local_irq_restore(flags);
	}
}

void uart_get_state(int index, struct uart_state *state)
{
	struct uart_port *port = &ports[index];
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	*state = port->s;
	spin_unlock_irqrestore(&port->lock, flags);
}
