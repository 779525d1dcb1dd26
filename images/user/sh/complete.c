// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Completion of the word before the cursor: a command where a command may stand, else a path. What all candidates have in common is
 * put in; where that is nothing more, they are listed below the line.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "edit.h"
#include "shell.h"

static struct {
	char **names;
	size_t count, capacity;
} found;

static void add(const char *name, const char *part)
{
	if (strncmp(name, part, strlen(part)))
		return;
	if (found.count == found.capacity) {
		found.capacity = found.capacity ? 2 * found.capacity : 64;
		found.names = realloc(found.names, found.capacity * sizeof(*found.names));
	}
	found.names[found.count++] = strdup(name);
}

static void forget(void)
{
	while (found.count)
		free(found.names[--found.count]);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and takes away what is there twice. */
static void put_in_order(void)
{
	size_t kept = 0;

	qsort(found.names, found.count, sizeof(*found.names), by_name);
	for (size_t i = 0; i < found.count; i++) {
		if (kept && !strcmp(found.names[kept - 1], found.names[i]))
			free(found.names[i]);
		else
			found.names[kept++] = found.names[i];
	}
	found.count = kept;
}

static int is_directory(const char *folder, const char *name)
{
	char path[1024];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The entries of a folder that begin with `part`; folders end with a slash. Names with a dot in front only where one was typed. */
static void find_entries(const char *folder, const char *part, int programs)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char name[300];

		if (strncmp(entry->d_name, part, strlen(part)) ||
		    (entry->d_name[0] == '.' && *part != '.') || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s%s", entry->d_name,
			 !programs && is_directory(folder, entry->d_name) ? "/" : "");
		add(name, part);
	}
	if (directory)
		closedir(directory);
}

static void find_commands(const char *part)
{
	const char *name, *path = get_variable("PATH");

	for (size_t i = 0; (name = builtin_name(i)); i++)
		add(name, part);
	for (size_t i = 0; (name = function_name(i)); i++)
		add(name, part);
	while (path && *path) {
		size_t length =
			strchr(path, ':') ? (size_t)(strchr(path, ':') - path) : strlen(path);
		char *folder = strndup(path, length);

		find_entries(folder, part, 1);
		free(folder);
		path += length + (path[length] == ':');
	}
}

static size_t common_length(void)
{
	size_t length = strlen(found.names[0]);

	for (size_t i = 1; i < found.count; i++) {
		size_t same = 0;

		while (same < length && found.names[0][same] == found.names[i][same])
			same++;
		length = same;
	}
	return length;
}

static void list_found(void)
{
	int width = 0, across;

	for (size_t i = 0; i < found.count; i++) {
		int length = (int)strlen(found.names[i]);

		width = length > width ? length : width;
	}
	across = screen_columns() / (width + 2);
	if (!across)
		across = 1;
	for (size_t i = 0; i < found.count; i++) {
		int last = (i + 1) % across == 0 || i + 1 == found.count;

		printf("%-*s%s", last ? 0 : width + 2, found.names[i], last ? "\n" : "");
	}
}

/* Where the word before the cursor begins; *command tells whether a command may stand there. */
static size_t word_begin(const struct line *line, int *command)
{
	size_t begin = line->cursor, before;

	while (begin && !strchr(" \t;|&<>(=", line->text[begin - 1]))
		begin--;
	for (before = begin; before && line->text[before - 1] == ' '; before--)
		;
	*command = !before || strchr(";|&(", line->text[before - 1]) != NULL;
	return begin;
}

int complete(struct line *line)
{
	int command, listed = 0;
	size_t begin = word_begin(line, &command), length = line->cursor - begin, common;
	char *word = strndup(line->text + begin, length), *slash = strrchr(word, '/');
	const char *part = slash ? slash + 1 : word;

	if (slash) {
		char *folder = strndup(word, slash > word ? (size_t)(slash - word) : 1);

		find_entries(folder, part, 0);
		free(folder);
	} else if (command) {
		find_commands(part);
	} else {
		find_entries(".", part, 0);
	}
	if (found.count) {
		put_in_order();
		common = common_length();
		if (common > strlen(part))
			line_replace(line, line->cursor, line->cursor,
				     found.names[0] + strlen(part), common - strlen(part));
		else if (found.count > 1)
			listed = 1;
		if (found.count == 1 && found.names[0][common - 1] != '/')
			line_replace(line, line->cursor, line->cursor, " ", 1);
	}
	if (listed) {
		screen_leave(line, "");
		list_found();
	}
	forget();
	free(word);
	return listed;
}
