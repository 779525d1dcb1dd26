// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Says how long the kernel has run, or what it says it has, and how many processes there are.
 */
#include <stdio.h>
#include <sys/sysinfo.h>

int main(void)
{
	struct sysinfo info;

	if (sysinfo(&info) < 0) {
		perror("uptime");
		return 1;
	}
	printf("up %ld:%02ld:%02ld, %u processes\n", info.uptime / 3600, info.uptime / 60 % 60,
	       info.uptime % 60, info.procs);
	return 0;
}
