// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Powers the machine off.
 */
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

int main(void)
{
	sync();
	if (reboot(RB_POWER_OFF) < 0) {
		perror("poweroff");
		return 1;
	}
	return 0;
}
