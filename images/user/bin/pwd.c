// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the working directory.
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char path[1024];

	if (!getcwd(path, sizeof(path))) {
		perror("pwd");
		return 1;
	}
	puts(path);
	return 0;
}
