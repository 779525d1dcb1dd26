// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Brings up the devices of a machine that has just been switched on. After a
 * live upgrade none of this runs: the devices work already, and liveupdate/
 * hands their state to uart_takeover() and virtio_blk_takeover().
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/serial_8250.h>
#include <linux/virtio_blk.h>

static int probe_devices(void)
{
	if (boot_info.handover)
		return 0;
	uart_init();
	virtio_blk_init();
	return 0;
}
fs_initcall(probe_devices);
