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

DEFINE_RECORD(uart, UART_RECORD, struct uart_state *port, u32 index)

static int preserve_uarts(struct ser_writer *w)
{
	static struct uart_state port;

	for (u32 i = 0; i < UART_PORTS; i++) {
		uart_get_state(i, &port);
		if (!port.present)
			continue;
		write_uart(w, &port, i);
		w->count++;
	}
	return w->error;
}

static void get_uart(struct ser_reader *r, struct uart_state *ports)
{
	TAKE_RECORD(r, uart, UART_RECORD)

	read_uart(record, &ports[index], index);
	ports[index].present = true;
}

static int retrieve_uarts(struct ser_reader *r, u64 count)
{
	static struct uart_state ports[UART_PORTS];

	while (count--)
		get_uart(r, ports);
	uart_takeover(ports);
	return 0;
}

/* ---- terminals ---- */

DEFINE_RECORD(tty, TTY_RECORD, struct tty_struct *tty, struct tty_state *s)

static int put_tty(struct tty_struct *tty, void *data)
{
	struct ser_writer *w = data;

	write_tty(w, tty, &tty->s);
	w->count++;
	return number_add(&tty_numbers, tty);
}

static int preserve_ttys(struct ser_writer *w)
{
	int ret = tty_for_each(put_tty, w);

	return ret ? ret : w->error;
}

static int get_tty(struct ser_reader *r)
{
	TAKE_RECORD(r, tty, TTY_RECORD)
	struct tty_struct *tty = tty_by_index(index);

	if (!tty)
		return -ENXIO;
	read_tty(record, tty, &tty->s);
	return number_add(&tty_numbers, tty);
}

/* ---- the disk ---- */

DEFINE_RECORD(disk, DISK_RECORD, struct virtio_blk_state *disk)

/* The frames that the device knows the address of. */
static int for_each_disk_frame(const struct virtio_blk_state *disk,
			       int (*fn)(unsigned long pfn, unsigned int kind))
{
	int ret = fn(disk->header_phys >> PAGE_SHIFT, FRAME_DEVICE);

	for (unsigned int i = 0; i < 1U << disk->ring_order && !ret; i++)
		ret = fn((disk->ring_phys >> PAGE_SHIFT) + i, FRAME_DEVICE);
	return ret;
}

static int preserve_disk(struct ser_writer *w)
{
	struct virtio_blk_state disk;
	int ret;

	virtio_blk_get_state(&disk);
	if (!disk.mmio_phys)
		return 0;
	if (disk.in_flight)
		return liveupdate_refuse(-EBUSY, "the disk has %u requests in flight",
					 disk.in_flight);
	write_disk(w, &disk);
	w->count++;
	ret = for_each_disk_frame(&disk, preserve_frame);
	return ret ? ret : w->error;
}

static int retrieve_disk(struct ser_reader *r, u64 count)
{
	struct virtio_blk_state disk = {};
	int ret;

	if (count != 1)
		return count ? -EINVAL : 0;
	read_disk(record_take(r, LAYOUT_disk), &disk);
	ret = for_each_disk_frame(&disk, retrieve_frame);
	return ret ? ret : virtio_blk_takeover(&disk);
}

/* clang-format off */
#define UART_LEFT(LEFT) \
	LEFT(present, "a port that is not there has no record")
#define TTY_LEFT(LEFT) \
	LEFT(name, "the driver gives it") \
	LEFT(ops, "the driver gives it") \
	LEFT(port, "the driver gives it") \
	LEFT(lock, "free when all stand still") \
	LEFT(s, "struct tty_state") \
	LEFT(read_wait, "calls are executed again") \
	LEFT(write_wait, "calls are executed again") \
	LEFT(signal_work, "queued again where signals are typed and not sent")
#define DISK_LEFT(LEFT) \
	LEFT(in_flight, "refused: there is none")
/* clang-format on */
CARRIED(uart_state, port, UART_RECORD, UART_LEFT)
CARRIED(tty_struct, tty, TTY_RECORD, TTY_LEFT)
CARRIED(tty_state, s, TTY_RECORD, NO_ROW)
CARRIED(virtio_blk_state, disk, DISK_RECORD, DISK_LEFT)

const struct liveupdate_class uart_class = {
	.layout = LAYOUT_uart,
	.preserve = preserve_uarts,
	.retrieve = retrieve_uarts,
};
const struct liveupdate_class tty_class = {
	.layout = LAYOUT_tty,
	.preserve = preserve_ttys,
	.retrieve_record = get_tty,
};
const struct liveupdate_class disk_class = {
	.layout = LAYOUT_disk,
	.preserve = preserve_disk,
	.retrieve = retrieve_disk,
};
