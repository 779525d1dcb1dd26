// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command again and again, each time on an empty screen: watch [-n SECONDS] COMMAND [ARGUMENT...], every 2 seconds until
 * Ctrl-C.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long seconds = 2;
	int first = 1, status;

	if (argc > 2 && !strcmp(argv[1], "-n")) {
		seconds = strtol(argv[2], NULL, 10);
		first = 3;
	}
	if (first >= argc || seconds < 1) {
		fprintf(stderr, "usage: watch [-n SECONDS] COMMAND [ARGUMENT...]\n");
		return 1;
	}
	for (;;) {
		pid_t pid;

		printf("\033[H\033[2JEvery %lds:", seconds);
		for (int i = first; i < argc; i++)
			printf(" %s", argv[i]);
		printf("\n\n");
		pid = fork();
		if (pid == 0) {
			execvp(argv[first], argv + first);
			fprintf(stderr, "watch: %s: %s\n", argv[first], strerror(errno));
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0) {
			perror("watch");
			return 1;
		}
		if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
			return 127;
		sleep((unsigned int)seconds);
	}
}
