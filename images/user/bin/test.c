// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers a question with its exit status: 0 yes, 1 no, 2 bad question. Also installed as [, which wants a closing ].
 * Strings: -n -z = !=; numbers: -eq -ne -lt -le -gt -ge; files: -e -f -d -r -w -x -s -L; ! in front, -a and -o between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char **words;
static int left;

static int file_test(char letter, const char *path)
{
	struct stat status;

	if (letter == 'L')
		return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
	if (letter == 'r' || letter == 'w' || letter == 'x')
		return access(path, letter == 'r' ? R_OK : letter == 'w' ? W_OK : X_OK) == 0;
	if (stat(path, &status) < 0)
		return 0;
	switch (letter) {
	case 'f':
		return S_ISREG(status.st_mode);
	case 'd':
		return S_ISDIR(status.st_mode);
	case 's':
		return status.st_size > 0;
	default:
		return 1;
	}
}

static int compare(const char *a, const char *how, const char *b)
{
	long x = strtol(a, NULL, 10), y = strtol(b, NULL, 10);

	if (!strcmp(how, "="))
		return !strcmp(a, b);
	if (!strcmp(how, "!="))
		return strcmp(a, b) != 0;
	if (!strcmp(how, "-eq"))
		return x == y;
	if (!strcmp(how, "-ne"))
		return x != y;
	if (!strcmp(how, "-lt"))
		return x < y;
	if (!strcmp(how, "-le"))
		return x <= y;
	if (!strcmp(how, "-gt"))
		return x > y;
	if (!strcmp(how, "-ge"))
		return x >= y;
	fprintf(stderr, "test: %s: unknown operator\n", how);
	exit(2);
}

static int primary(void)
{
	int answer;

	if (left <= 0)
		return 0;
	if (!strcmp(*words, "!")) {
		words++;
		left--;
		return !primary();
	}
	if (left >= 3 && strcmp(words[1], "-a") && strcmp(words[1], "-o")) {
		answer = compare(words[0], words[1], words[2]);
		words += 3;
		left -= 3;
		return answer;
	}
	if (left >= 2 && words[0][0] == '-' && words[0][1] && !words[0][2]) {
		if (words[0][1] == 'n' || words[0][1] == 'z') {
			answer = (words[1][0] != 0) == (words[0][1] == 'n');
		} else if (strchr("efdrwxsL", words[0][1])) {
			answer = file_test(words[0][1], words[1]);
		} else {
			fprintf(stderr, "test: %s: unknown operator\n", words[0]);
			exit(2);
		}
		words += 2;
		left -= 2;
		return answer;
	}
	answer = **words != 0;
	words++;
	left--;
	return answer;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	int answer;

	words = argv + 1;
	left = argc - 1;
	if (!strcmp(name, "[")) {
		if (!left || strcmp(words[left - 1], "]")) {
			fprintf(stderr, "[: missing ']'\n");
			return 2;
		}
		left--;
	}
	answer = primary();
	while (left > 0) {
		int both = !strcmp(*words, "-a");

		if (!both && strcmp(*words, "-o")) {
			fprintf(stderr, "test: too many arguments\n");
			return 2;
		}
		words++;
		left--;
		/* Both sides are read, whatever the first one says. */
		answer = both ? primary() & answer : primary() | answer;
	}
	return !answer;
}
