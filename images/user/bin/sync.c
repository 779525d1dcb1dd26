// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waits until what was written has reached the devices.
 */
#include <unistd.h>

int main(void)
{
	sync();
	return 0;
}
