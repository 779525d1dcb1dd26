// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the paths below folders: find [PATH...] [-name PATTERN] [-type d|f|l|c|b|p]. A pattern knows * and ?.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *pattern, *type;

static int matches(const char *glob, const char *name)
{
	if (!*glob)
		return !*name;
	if (*glob == '*')
		return matches(glob + 1, name) || (*name && matches(glob, name + 1));
	return *name && (*glob == '?' || *glob == *name) && matches(glob + 1, name + 1);
}

static char type_of(mode_t mode)
{
	return S_ISDIR(mode)	? 'd'
	       : S_ISLNK(mode)	? 'l'
	       : S_ISCHR(mode)	? 'c'
	       : S_ISBLK(mode)	? 'b'
	       : S_ISFIFO(mode) ? 'p'
				: 'f';
}

static int complain(const char *path)
{
	fprintf(stderr, "find: '%s': %s\n", path, strerror(errno));
	return 1;
}

static int visit(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash && slash[1] ? slash + 1 : path;
	struct dirent *entry;
	struct stat status;
	int result = 0;
	DIR *directory;

	if (lstat(path, &status) < 0)
		return complain(path);
	if ((!pattern || matches(pattern, name)) && (!type || *type == type_of(status.st_mode)))
		puts(path);
	if (!S_ISDIR(status.st_mode))
		return 0;
	directory = opendir(path);
	if (!directory)
		return complain(path);
	while ((entry = readdir(directory))) {
		char below[1024];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(below, sizeof(below), slash && !slash[1] ? "%s%s" : "%s/%s", path,
			 entry->d_name);
		result |= visit(below);
	}
	closedir(directory);
	return result;
}

int main(int argc, char **argv)
{
	int paths = 1, result = 0;

	while (paths < argc && argv[paths][0] != '-')
		paths++;
	for (int i = paths; i < argc; i += 2) {
		if (i + 1 < argc && !strcmp(argv[i], "-name")) {
			pattern = argv[i + 1];
		} else if (i + 1 < argc && !strcmp(argv[i], "-type")) {
			type = argv[i + 1];
		} else {
			fprintf(stderr,
				"usage: find [PATH...] [-name PATTERN] [-type d|f|l|c|b|p]\n");
			return 1;
		}
	}
	if (paths == 1)
		return visit(".");
	for (int i = 1; i < paths; i++)
		result |= visit(argv[i]);
	return result;
}
