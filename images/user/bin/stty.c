// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Says and changes how the terminal on standard input behaves: stty [size | -a | sane | [-]raw | [-]echo | rows COUNT | cols COUNT]... .
 * By the name of resize it asks the terminal itself how large it is, and tells the kernel: the cursor is sent to a far corner and
 * reports where it came to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios modes;
static struct winsize size;

static void make_sane(void)
{
	modes.c_iflag |= ICRNL | IXON;
	modes.c_oflag |= OPOST | ONLCR;
	modes.c_lflag |= ICANON | ECHO | ISIG | IEXTEN;
}

static void show(void)
{
	printf("rows %d; columns %d; %sicanon %secho %sisig %sicrnl %sopost\n", size.ws_row,
	       size.ws_col, modes.c_lflag & ICANON ? "" : "-", modes.c_lflag & ECHO ? "" : "-",
	       modes.c_lflag & ISIG ? "" : "-", modes.c_iflag & ICRNL ? "" : "-",
	       modes.c_oflag & OPOST ? "" : "-");
}

/* What the words ask for; 0 if one is not known. */
static int apply(char **words)
{
	for (; *words; words++) {
		if (!strcmp(*words, "rows") && words[1]) {
			size.ws_row = (unsigned short)atoi(*++words);
		} else if (!strncmp(*words, "col", 3) && words[1]) {
			size.ws_col = (unsigned short)atoi(*++words);
		} else if (!strcmp(*words, "size")) {
			printf("%d %d\n", size.ws_row, size.ws_col);
		} else if (!strcmp(*words, "-a")) {
			show();
		} else if (!strcmp(*words, "sane") || !strcmp(*words, "-raw")) {
			make_sane();
		} else if (!strcmp(*words, "raw")) {
			cfmakeraw(&modes);
		} else if (!strcmp(*words, "echo")) {
			modes.c_lflag |= ECHO;
		} else if (!strcmp(*words, "-echo")) {
			modes.c_lflag &= ~ECHO;
		} else {
			fprintf(stderr, "stty: invalid argument '%s'\n", *words);
			return 0;
		}
	}
	return 1;
}

/* The terminal's answer is ESC [ ROWS ; COLUMNS R. One that gives none within a second has no size to tell. */
static int ask_terminal(void)
{
	struct termios asking = modes;
	char answer[32], *separator;
	size_t length = 0;

	asking.c_lflag &= ~(ICANON | ECHO);
	asking.c_cc[VMIN] = 0;
	asking.c_cc[VTIME] = 10;
	tcsetattr(0, TCSANOW, &asking);
	fputs("\0337\033[999;999H\033[6n\0338", stdout);
	fflush(stdout);
	while (length + 1 < sizeof(answer) && read(0, answer + length, 1) == 1 &&
	       answer[length++] != 'R')
		;
	tcsetattr(0, TCSANOW, &modes);
	answer[length] = 0;
	separator = strchr(answer, ';');
	if (!separator || strncmp(answer, "\033[", 2) || answer[length - 1] != 'R') {
		fprintf(stderr, "resize: the terminal does not say how large it is\n");
		return 0;
	}
	size.ws_row = (unsigned short)atoi(answer + 2);
	size.ws_col = (unsigned short)atoi(separator + 1);
	printf("%d rows, %d columns\n", size.ws_row, size.ws_col);
	return 1;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];

	if (tcgetattr(0, &modes) < 0 || ioctl(0, TIOCGWINSZ, &size) < 0) {
		perror(name);
		return 1;
	}
	if (!strcmp(name, "resize")) {
		if (!ask_terminal())
			return 1;
	} else {
		if (argc == 1)
			show();
		if (!apply(argv + 1))
			return 1;
	}
	if (tcsetattr(0, TCSADRAIN, &modes) < 0 || ioctl(0, TIOCSWINSZ, &size) < 0) {
		perror(name);
		return 1;
	}
	return 0;
}
