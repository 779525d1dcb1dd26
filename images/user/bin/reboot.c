// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Restarts the machine.
 */
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

int main(void)
{
	sync();
	if (reboot(RB_AUTOBOOT) < 0) {
		perror("reboot");
		return 1;
	}
	return 0;
}
