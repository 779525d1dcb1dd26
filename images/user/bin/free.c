// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shows how much memory there is, in KiB.
 */
#include <stdio.h>
#include <sys/sysinfo.h>

int main(void)
{
	struct sysinfo info;
	unsigned long unit;

	if (sysinfo(&info) < 0) {
		perror("free");
		return 1;
	}
	unit = info.mem_unit ? info.mem_unit : 1;
	printf("%16s %11s %11s\n", "total", "used", "free");
	printf("Mem: %11lu %11lu %11lu\n", info.totalram * unit / 1024,
	       (info.totalram - info.freeram) * unit / 1024, info.freeram * unit / 1024);
	return 0;
}
