// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists directories, names sorted. -a shows names that begin with a dot, -l one line an entry with type, size and links.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int all, details;

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void mode_text(mode_t mode, char *text)
{
	static const char letters[] = "rwxrwxrwx";

	text[0] = S_ISDIR(mode)	   ? 'd'
		  : S_ISLNK(mode)  ? 'l'
		  : S_ISCHR(mode)  ? 'c'
		  : S_ISBLK(mode)  ? 'b'
		  : S_ISFIFO(mode) ? 'p'
				   : '-';
	for (int i = 0; i < 9; i++)
		text[i + 1] = mode & (0400 >> i) ? letters[i] : '-';
	text[10] = 0;
}

static int show(const char *path, const char *name)
{
	struct stat status;
	char mode[11], target[256];
	ssize_t length;

	if (!details) {
		puts(name);
		return 0;
	}
	if (lstat(path, &status) < 0) {
		fprintf(stderr, "ls: cannot access '%s': %s\n", path, strerror(errno));
		return 1;
	}
	mode_text(status.st_mode, mode);
	if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
		printf("%s %2lu %3lu, %3lu %s\n", mode, status.st_nlink, status.st_rdev >> 8,
		       status.st_rdev & 0xff, name);
	else if (S_ISLNK(status.st_mode) && (length = readlink(path, target, sizeof(target))) >= 0)
		printf("%s %2lu %8ld %s -> %.*s\n", mode, status.st_nlink, status.st_size, name,
		       (int)length, target);
	else
		printf("%s %2lu %8ld %s\n", mode, status.st_nlink, status.st_size, name);
	return 0;
}

static int list(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char **names = NULL;
	size_t count = 0;
	int result = 0;

	if (!directory) {
		fprintf(stderr, "ls: cannot open directory '%s': %s\n", path, strerror(errno));
		return 1;
	}
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.' && !all)
			continue;
		if (count % 64 == 0)
			names = realloc(names, (count + 64) * sizeof(*names));
		names[count++] = strdup(entry->d_name);
	}
	closedir(directory);
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count; i++) {
		char place[512];

		snprintf(place, sizeof(place), "%s/%s", path, names[i]);
		result |= show(place, names[i]);
	}
	return result;
}

int main(int argc, char **argv)
{
	int letter, result = 0;

	while ((letter = getopt(argc, argv, "al1")) != -1) {
		if (letter == 'a')
			all = 1;
		else if (letter == 'l')
			details = 1;
		else if (letter == '?')
			return 2;
	}
	if (optind == argc)
		return list(".");
	for (int i = optind; i < argc; i++) {
		struct stat status;

		if (lstat(argv[i], &status) < 0) {
			fprintf(stderr, "ls: cannot access '%s': %s\n", argv[i], strerror(errno));
			result = 2;
		} else if (S_ISDIR(status.st_mode)) {
			if (argc - optind > 1)
				printf("%s:\n", argv[i]);
			result |= list(argv[i]);
		} else {
			result |= show(argv[i], argv[i]);
		}
	}
	return result;
}
