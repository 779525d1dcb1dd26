// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists processes from /proc/<pid>/stat: pid, parent, state, name. -a shows kernel threads' livepatch state too, where there is one.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, text, size - 1);
	close(fd);
	text[got > 0 ? got : 0] = 0;
	return got < 0 ? -1 : 0;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int main(int argc, char **argv)
{
	int patch = argc > 1 && !strcmp(argv[1], "-a");
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int *pids = NULL;
	size_t count = 0;

	if (!directory) {
		perror("ps: /proc");
		return 1;
	}
	while ((entry = readdir(directory))) {
		if (!isdigit(entry->d_name[0]))
			continue;
		if (count % 64 == 0)
			pids = realloc(pids, (count + 64) * sizeof(*pids));
		pids[count++] = atoi(entry->d_name);
	}
	closedir(directory);
	qsort(pids, count, sizeof(*pids), by_number);
	puts(patch ? "  PID  PPID S PATCH COMMAND" : "  PID  PPID S COMMAND");
	for (size_t i = 0; i < count; i++) {
		char path[64], text[512], state[16] = "", *open_paren, *close_paren;

		snprintf(path, sizeof(path), "/proc/%d/stat", pids[i]);
		if (read_file(path, text, sizeof(text)) < 0)
			continue;
		open_paren = strchr(text, '(');
		close_paren = strrchr(text, ')');
		if (!open_paren || !close_paren || strlen(close_paren) < 5)
			continue;
		*close_paren = 0;
		if (patch) {
			snprintf(path, sizeof(path), "/proc/%d/patch_state", pids[i]);
			if (read_file(path, state, sizeof(state)) < 0)
				strcpy(state, "?");
			if (strchr(state, '\n'))
				*strchr(state, '\n') = 0;
			printf("%5d %5d %c %5s %s\n", pids[i], atoi(close_paren + 4),
			       close_paren[2], state, open_paren + 1);
		} else {
			printf("%5d %5d %c %s\n", pids[i], atoi(close_paren + 4), close_paren[2],
			       open_paren + 1);
		}
	}
	return 0;
}
