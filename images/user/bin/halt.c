// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stops the machine without switching it off.
 */
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

int main(void)
{
	sync();
	if (reboot(RB_HALT_SYSTEM) < 0) {
		perror("halt");
		return 1;
	}
	return 0;
}
