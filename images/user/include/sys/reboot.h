/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ending the kernel's run. The numbers are those of Linux; the call supplies the two magic ones. */
#ifndef USER_SYS_REBOOT_H
#define USER_SYS_REBOOT_H

#define RB_AUTOBOOT    0x01234567
#define RB_HALT_SYSTEM 0xcdef0123
#define RB_POWER_OFF   0x4321fedc
#define RB_KEXEC       0x45584543

int reboot(unsigned int command);

#endif
