// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shell's beginning and its reading loop: sh (interactive on a terminal), sh FILE [WORD...], sh -c TEXT [NAME [WORD...]]. A line
 * that is not complete (an open quote, `if` without `fi`) is joined with the next ones before it is run.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "edit.h"
#include "shell.h"

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static int run_parsed(const char *text, int *incomplete)
{
	struct arena_mark mark = arena_mark();
	const char *error;
	struct node *tree = parse(text, &error, incomplete);

	if (error) {
		if (!*incomplete) {
			fprintf(stderr, "sh: %s\n", error);
			last_status = 2;
		}
	} else if (tree) {
		run(tree);
	}
	fflush(stdout);
	arena_release(mark);
	return last_status;
}

int run_text(const char *text)
{
	int incomplete;

	run_parsed(text, &incomplete);
	if (incomplete) {
		fprintf(stderr, "sh: unexpected end of text\n");
		last_status = 2;
	}
	return last_status;
}

static const char *prompt(int more)
{
	static char text[256];
	char path[240];

	if (more)
		return "> ";
	snprintf(text, sizeof(text), "%s # ", getcwd(path, sizeof(path)) ? path : "");
	return text;
}

/*
 * Reads line by line and byte by byte: a program that the script starts must find its input where the script's text ends. A file
 * of its own is read in larger steps by the FILE.
 */
static int read_line(FILE *file, char **text, size_t *length, size_t *size)
{
	for (;;) {
		int c;

		if (*length + 2 > *size) {
			*size = *size ? 2 * *size : 256;
			*text = realloc(*text, *size);
		}
		if (file == stdin) {
			char byte;
			ssize_t got = read(0, &byte, 1);

			if (got < 0 && errno == EINTR)
				return -1;
			c = got == 1 ? (unsigned char)byte : EOF;
		} else {
			c = fgetc(file);
		}
		if (c == EOF)
			return 0;
		(*text)[(*length)++] = (char)c;
		(*text)[*length] = 0;
		if (c == '\n')
			return 1;
	}
}

/* A line from the hand at the terminal: 1, 0 at the end of input, -1 if it was given up. */
static int edit_and_append(char **text, size_t *length, size_t *size)
{
	static struct line line;
	enum edit_result result;

	fflush(stdout);
	result = edit_line(prompt(*length > 0), &line);
	if (result != EDIT_LINE)
		return result == EDIT_INTERRUPTED ? -1 : 0;
	if (*length + line.length + 1 > *size) {
		*size = *length + line.length + 1;
		*text = realloc(*text, *size);
	}
	memcpy(*text + *length, line.text, line.length + 1);
	*length += line.length;
	return 1;
}

static int run_file(FILE *file)
{
	char *text = NULL;
	size_t length = 0, size = 0;

	for (;;) {
		int incomplete = 0, result;

		jobs_collect();
		interrupted = 0;
		result = interactive ? edit_and_append(&text, &length, &size)
				     : read_line(file, &text, &length, &size);
		if (result < 0) {
			length = 0;
			last_status = 130;
			continue;
		}
		if (!length)
			break;
		run_parsed(text, &incomplete);
		if (incomplete && result) {
			continue;
		} else if (incomplete) {
			fprintf(stderr, "sh: unexpected end of text\n");
			last_status = 2;
		}
		breaking = continuing = returning = 0;
		length = 0;
		if (!result)
			break;
	}
	free(text);
	if (interactive)
		putchar('\n');
	return last_status;
}

static void become_interactive(void)
{
	struct sigaction action = { .sa_handler = interrupt };
	int motd = open("/etc/motd", O_RDONLY);
	char buffer[256];
	ssize_t got;

	interactive = 1;
	/* Without SA_RESTART: Ctrl-C ends the read of a line. */
	sigaction(SIGINT, &action, NULL);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	setpgid(0, 0);
	tcsetpgrp(0, getpgid(0));
	edit_begin();
	while (motd >= 0 && (got = read(motd, buffer, sizeof(buffer))) > 0)
		write_all(1, buffer, got);
	if (motd >= 0)
		close(motd);
}

int main(int argc, char **argv)
{
	FILE *file = stdin;

	if (argc > 2 && !strcmp(argv[1], "-c")) {
		positional = argc > 3 ? argv + 3 : argv;
		if (argc == 3)
			positional[1] = NULL;
		return run_text(argv[2]);
	}
	positional = argv;
	if (argc > 1 && strcmp(argv[1], "-i")) {
		positional = argv + 1;
		file = fopen(argv[1], "r");
		if (!file) {
			fprintf(stderr, "sh: %s: %s\n", argv[1], strerror(errno));
			return 127;
		}
		fcntl(file->fd, F_SETFD, FD_CLOEXEC);
	} else if (isatty(0)) {
		become_interactive();
	}
	return run_file(file);
}
