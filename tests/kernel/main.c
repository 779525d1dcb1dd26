// SPDX-License-Identifier: GPL-2.0-or-later
/* The frame of each test program (host.h). */
#include "host.h"

unsigned long random_state, checks, wrong;

int main(int count, char **words);
int main(int count, char **words)
{
	random_state = strtoul(words[1], NULL, 10) * 2 + 1;
	test(count - 2, words + 2);
	printf("checks %lu\n", checks);
	return wrong ? 1 : 0;
}
