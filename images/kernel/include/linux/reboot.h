/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving: reboot(2), power off, restart. */
#ifndef _LINUX_REBOOT_H
#define _LINUX_REBOOT_H

#define LINUX_REBOOT_MAGIC1	   0xfee1dead
#define LINUX_REBOOT_MAGIC2	   672274793
#define LINUX_REBOOT_MAGIC2A	   85072278
#define LINUX_REBOOT_MAGIC2B	   369367448
#define LINUX_REBOOT_MAGIC2C	   537993216
#define LINUX_REBOOT_CMD_RESTART   0x01234567
#define LINUX_REBOOT_CMD_HALT	   0xCDEF0123
#define LINUX_REBOOT_CMD_CAD_ON	   0x89ABCDEF
#define LINUX_REBOOT_CMD_CAD_OFF   0
#define LINUX_REBOOT_CMD_POWER_OFF 0x4321FEDC
#define LINUX_REBOOT_CMD_RESTART2  0xA1B2C3D4
#define LINUX_REBOOT_CMD_KEXEC	   0x45584543

void machine_restart(void) __attribute__((noreturn));
void machine_power_off(void) __attribute__((noreturn));
void machine_halt(void) __attribute__((noreturn));
void emergency_restart(void) __attribute__((noreturn));
/* LINUX_REBOOT_CMD_KEXEC: 0 after a cancelled or refused upgrade is -errno; defined by liveupdate/ */
int kernel_kexec(void);

#endif
