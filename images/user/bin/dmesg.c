// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the kernel log. -c clears it afterwards, -n LEVEL sets what reaches the console.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/klog.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int action = KLOG_READ_ALL, letter, size, got, raw = 0;
	char *log;

	while ((letter = getopt(argc, argv, "cn:r")) != -1) {
		if (letter == '?')
			return 2;
		if (letter == 'c')
			action = KLOG_READ_CLEAR;
		if (letter == 'r')
			raw = 1;
		if (letter == 'n') {
			if (klogctl(KLOG_CONSOLE_LEVEL, NULL, atoi(optarg)) < 0) {
				perror("dmesg: klogctl failed");
				return 1;
			}
			return 0;
		}
	}
	size = klogctl(KLOG_SIZE_BUFFER, NULL, 0);
	if (size <= 0)
		size = 1 << 18;
	log = malloc(size);
	got = log ? klogctl(action, log, size) : -1;
	if (got < 0) {
		perror("dmesg: read kernel buffer failed");
		return 1;
	}
	/* Each line begins with its level, "<6>"; people do not want to see it. */
	for (int at = 0; at < got;) {
		int end = at, start = at;

		while (end < got && log[end] != '\n')
			end++;
		if (!raw && log[at] == '<') {
			while (start < end && log[start] != '>')
				start++;
			start = start < end ? start + 1 : at;
		}
		fwrite(log + start, 1, end - start, stdout);
		putchar('\n');
		at = end + 1;
	}
	return 0;
}
