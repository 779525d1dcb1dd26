// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists loaded kernel modules from /proc/modules: name, size, users.
 */
#include <stdio.h>
#include <string.h>

int main(void)
{
	FILE *file = fopen("/proc/modules", "r");
	char line[512];

	if (!file) {
		perror("lsmod: /proc/modules");
		return 1;
	}
	puts("Module                  Size  Used by");
	while (fgets(line, sizeof(line), file)) {
		char *fields[4] = { line, "", "", "" };
		int count = 1;

		for (char *c = line; *c; c++) {
			if (*c == '\n')
				*c = 0;
			if (*c == ' ' && count < 4) {
				*c = 0;
				fields[count++] = c + 1;
			}
		}
		if (strchr(fields[3], ' '))
			*strchr(fields[3], ' ') = 0;
		if (!strcmp(fields[3], "-"))
			fields[3] = "";
		printf("%-19s %8s  %s %s\n", fields[0], fields[1], fields[2], fields[3]);
	}
	fclose(file);
	return 0;
}
