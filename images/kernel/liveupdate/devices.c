// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes uart, tty, disk: devices go on as they are. The hardware is not
 * programmed again; the drivers get the state of their software and of the
 * registers that they remember. What the disk knows the address of stays.
 */
#include <linux/serial_8250.h>
#include <linux/tty.h>
#include <linux/virtio_blk.h>
#include <linux/workqueue.h>
#include "internal.h"

/* ---- UARTs ---- */

static int preserve_uarts(struct ser_writer *w)
{
	static struct uart_state state;
	static struct uart_ser record;

	for (int i = 0; i < UART_PORTS; i++) {
		uart_get_state(i, &state);
		memset(&record, 0, sizeof(record));
		record.ier = state.ier;
		record.present = state.present;
		record.stopped = state.stopped;
		record.xmit_head = state.xmit_head;
		record.xmit_tail = state.xmit_tail;
		record.received = state.received;
		record.sent = state.sent;
		record.overruns = state.overruns;
		memcpy(record.xmit, state.xmit, sizeof(record.xmit));
		ser_put(w, &record, sizeof(record));
		w->count++;
	}
	return w->error;
}

static int retrieve_uarts(struct ser_reader *r, u64 count)
{
	static struct uart_state states[UART_PORTS];
	static struct uart_ser record;

	if (count != UART_PORTS)
		return -EINVAL;
	for (int i = 0; i < UART_PORTS; i++) {
		if (!ser_get(r, &record, sizeof(record)))
			return -EINVAL;
		states[i].ier = record.ier;
		states[i].present = record.present;
		states[i].stopped = record.stopped;
		states[i].xmit_head = record.xmit_head;
		states[i].xmit_tail = record.xmit_tail;
		states[i].received = record.received;
		states[i].sent = record.sent;
		states[i].overruns = record.overruns;
		memcpy(states[i].xmit, record.xmit, sizeof(states[i].xmit));
		ledger[LEDGER_DEVICES].kept += record.present;
	}
	uart_takeover(states);
	return 0;
}

/* ---- terminals ---- */

static int put_tty(struct tty_struct *tty, void *data)
{
	static struct tty_ser record;
	const struct tty_state *s = &tty->s;
	struct ser_writer *w = data;

	memset(&record, 0, sizeof(record));
	record.index = tty->index;
	record.iflag = s->termios.c_iflag;
	record.oflag = s->termios.c_oflag;
	record.cflag = s->termios.c_cflag;
	record.lflag = s->termios.c_lflag;
	record.line = s->termios.c_line;
	memcpy(record.cc, s->termios.c_cc, sizeof(record.cc));
	record.row = s->winsize.ws_row;
	record.col = s->winsize.ws_col;
	record.xpixel = s->winsize.ws_xpixel;
	record.ypixel = s->winsize.ws_ypixel;
	record.session = s->session;
	record.pgrp = s->pgrp;
	record.read_head = s->read_head;
	record.canon_head = s->canon_head;
	record.read_tail = s->read_tail;
	record.column = s->column;
	record.canon_column = s->canon_column;
	record.stopped = s->stopped;
	record.lnext = s->lnext;
	record.signals = s->signals;
	for (int i = 0; i < TTY_INPUT / 64; i++)
		record.eof_marks[i] = s->eof_marks[i];
	memcpy(record.buf, s->buf, sizeof(record.buf));
	ser_put(w, &record, sizeof(record));
	w->count++;
	return w->error;
}

static int preserve_ttys(struct ser_writer *w)
{
	return tty_for_each(put_tty, w);
}

static int retrieve_ttys(struct ser_reader *r, u64 count)
{
	static struct tty_ser record;

	while (count--) {
		struct tty_struct *tty;
		struct tty_state *s;

		if (!ser_get(r, &record, sizeof(record)))
			return -EINVAL;
		tty = tty_by_index(record.index);
		if (!tty)
			return -ENXIO;
		s = &tty->s;
		s->termios.c_iflag = record.iflag;
		s->termios.c_oflag = record.oflag;
		s->termios.c_cflag = record.cflag;
		s->termios.c_lflag = record.lflag;
		s->termios.c_line = record.line;
		memcpy(s->termios.c_cc, record.cc, sizeof(record.cc));
		s->winsize.ws_row = record.row;
		s->winsize.ws_col = record.col;
		s->winsize.ws_xpixel = record.xpixel;
		s->winsize.ws_ypixel = record.ypixel;
		s->session = record.session;
		s->pgrp = record.pgrp;
		s->read_head = record.read_head;
		s->canon_head = record.canon_head;
		s->read_tail = record.read_tail;
		s->column = record.column;
		s->canon_column = record.canon_column;
		s->stopped = record.stopped;
		s->lnext = record.lnext;
		s->signals = record.signals;
		for (int i = 0; i < TTY_INPUT / 64; i++)
			s->eof_marks[i] = record.eof_marks[i];
		memcpy(s->buf, record.buf, sizeof(record.buf));
	}
	return 0;
}

/* ---- the disk ---- */

static int preserve_disk(struct ser_writer *w)
{
	struct virtio_blk_state s;
	struct disk_ser record;
	int ret = 0;

	virtio_blk_get_state(&s);
	if (!s.mmio_phys)
		return 0;
	if (s.in_flight)
		return liveupdate_refuse(-EBUSY, "the disk has %u requests in flight", s.in_flight);
	record = (struct disk_ser){
		.mmio_phys = s.mmio_phys,
		.capacity = s.capacity,
		.ring_phys = s.ring_phys,
		.header_phys = s.header_phys,
		.irq = s.irq,
		.queue_size = s.queue_size,
		.ring_order = s.ring_order,
		.last_used = s.last_used,
		.read_only = s.read_only,
	};
	ser_put(w, &record, sizeof(record));
	w->count++;
	for (unsigned int i = 0; i < 1U << s.ring_order && !ret; i++)
		ret = preserve_frame((s.ring_phys >> PAGE_SHIFT) + i, FRAME_DEVICE);
	if (!ret)
		ret = preserve_frame(s.header_phys >> PAGE_SHIFT, FRAME_DEVICE);
	return ret ? ret : w->error;
}

static int retrieve_disk(struct ser_reader *r, u64 count)
{
	struct virtio_blk_state s;
	struct disk_ser record;
	int ret = 0;

	if (!count)
		return 0;
	if (count != 1 || !ser_get(r, &record, sizeof(record)) || record.ring_order > 4)
		return -EINVAL;
	s = (struct virtio_blk_state){
		.mmio_phys = record.mmio_phys,
		.irq = record.irq,
		.queue_size = record.queue_size,
		.capacity = record.capacity,
		.ring_phys = record.ring_phys,
		.ring_order = record.ring_order,
		.header_phys = record.header_phys,
		.last_used = record.last_used,
		.read_only = record.read_only,
	};
	for (unsigned int i = 0; i < 1U << s.ring_order && !ret; i++)
		ret = retrieve_frame((s.ring_phys >> PAGE_SHIFT) + i, FRAME_DEVICE);
	if (!ret)
		ret = retrieve_frame(s.header_phys >> PAGE_SHIFT, FRAME_DEVICE);
	if (!ret)
		ret = virtio_blk_takeover(&s);
	ledger[LEDGER_DEVICES].kept++;
	return ret;
}

const struct liveupdate_class uart_class = {
	.name = "uart",
	.compatible = UART_COMPATIBLE,
	.preserve = preserve_uarts,
	.retrieve = retrieve_uarts,
};
const struct liveupdate_class tty_class = {
	.name = "tty",
	.compatible = TTY_COMPATIBLE,
	.preserve = preserve_ttys,
	.retrieve = retrieve_ttys,
};
const struct liveupdate_class disk_class = {
	.name = "disk",
	.compatible = DISK_COMPATIBLE,
	.preserve = preserve_disk,
	.retrieve = retrieve_disk,
};
