// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends a signal: kill [-NUMBER | -NAME] PID... TERM when none is named.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },	  { "QUIT", SIGQUIT }, { "KILL", SIGKILL },
	{ "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
	{ "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "SEGV", SIGSEGV },
};

static int parse(const char *text)
{
	if (isdigit(*text))
		return atoi(text);
	if (!strncmp(text, "SIG", 3))
		text += 3;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i].name))
			return names[i].number;
	}
	return -1;
}

int main(int argc, char **argv)
{
	int number = SIGTERM, first = 1, result = 0;

	if (argc > 1 && argv[1][0] == '-' && argv[1][1]) {
		number = parse(argv[1] + 1);
		if (number < 0) {
			fprintf(stderr, "kill: %s: invalid signal specification\n", argv[1] + 1);
			return 1;
		}
		first = 2;
	}
	if (first >= argc) {
		fprintf(stderr, "usage: kill [-NUMBER | -NAME] PID...\n");
		return 2;
	}
	for (int i = first; i < argc; i++) {
		if (kill(atoi(argv[i]), number) < 0) {
			fprintf(stderr, "kill: (%s) - %s\n", argv[i], strerror(errno));
			result = 1;
		}
	}
	return result;
}
