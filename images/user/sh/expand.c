// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words to fields: variables, command substitution, arithmetic ($(( ))), splitting at white space, file name patterns, removal of
 * quotes. Each character of a field in the making carries a mark that tells whether it was quoted, because a quoted character
 * neither splits nor is a pattern.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "arithmetic.h"
#include "shell.h"

int last_status;
int last_background;
char **positional;

static struct {
	char *text, *quoted;
	size_t length, capacity;
	int exists; /* "" makes a field, an empty variable does not */
} field;

/* What becomes of an unquoted part of a word. */
enum mode {
	WHOLE,	 /* it is text as a quoted one */
	SPLIT,	 /* white space splits it, and it may be a pattern of file names */
	PATTERN, /* it may be a pattern of `case` */
};

static char **fields;
static int field_count, field_capacity;

static void put(char c, int quoted)
{
	if (field.length + 1 >= field.capacity) {
		field.capacity = field.capacity ? 2 * field.capacity : 256;
		field.text = realloc(field.text, field.capacity);
		field.quoted = realloc(field.quoted, field.capacity);
	}
	field.text[field.length] = c;
	field.quoted[field.length++] = (char)quoted;
	field.exists = 1;
}

static void add_field(char *text)
{
	if (field_count + 1 >= field_capacity) {
		char **more = arena_take((2 * field_capacity + 16) * sizeof(*more));

		memcpy(more, fields, field_count * sizeof(*more));
		fields = more;
		field_capacity = 2 * field_capacity + 16;
	}
	fields[field_count++] = text;
	fields[field_count] = NULL;
}

/* Does `name` match the pattern? Marks say which pattern characters are plain. */
static int matches(const char *pattern, const char *quoted, size_t length, const char *name)
{
	for (; length; pattern++, quoted++, length--) {
		if (*pattern == '*' && !*quoted) {
			for (;; name++) {
				if (matches(pattern + 1, quoted + 1, length - 1, name))
					return 1;
				if (!*name)
					return 0;
			}
		}
		if (!*name)
			return 0;
		if (*pattern == '[' && !*quoted && memchr(pattern + 1, ']', length - 1)) {
			int found = 0;

			pattern++, quoted++, length--;
			for (; *pattern != ']'; pattern++, quoted++, length--) {
				if (length > 2 && pattern[1] == '-' && pattern[2] != ']') {
					found |= *name >= pattern[0] && *name <= pattern[2];
					pattern += 2, quoted += 2, length -= 2;
				} else {
					found |= *name == *pattern;
				}
			}
			if (!found)
				return 0;
		} else if (!(*pattern == '?' && !*quoted) && *pattern != *name) {
			return 0;
		}
		name++;
	}
	return !*name;
}

static int has_pattern(size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++) {
		if (strchr("*?[", field.text[i]) && !field.quoted[i])
			return 1;
	}
	return 0;
}

/* Adds all paths that continue `prefix` by the rest of the pattern, which begins at `begin`. */
static void glob(const char *prefix, size_t begin)
{
	size_t end = begin;
	DIR *directory;
	struct dirent *entry;

	while (end < field.length && field.text[end] != '/')
		end++;
	if (!has_pattern(begin, end)) {
		size_t length = strlen(prefix), stop = end;
		char *path = arena_take(length + end - begin + 2);

		while (stop < field.length && field.text[stop] == '/')
			stop++;
		memcpy(path, prefix, length);
		memcpy(path + length, field.text + begin, end - begin);
		if (stop > end)
			path[length + end - begin] = '/';
		if (stop < field.length)
			glob(path, stop);
		else if (access(path, F_OK) == 0)
			add_field(path);
		return;
	}
	directory = opendir(*prefix ? prefix : ".");
	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		size_t length = strlen(prefix), size = strlen(entry->d_name);
		char *path;

		if (entry->d_name[0] == '.' && field.text[begin] != '.')
			continue;
		if (!matches(field.text + begin, field.quoted + begin, end - begin, entry->d_name))
			continue;
		path = arena_take(length + size + 2);
		memcpy(path, prefix, length);
		memcpy(path + length, entry->d_name, size);
		if (end < field.length) {
			path[length + size] = '/';
			glob(path, end + 1);
		} else {
			add_field(path);
		}
	}
	closedir(directory);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void end_field(void)
{
	int first = field_count;

	if (!field.exists)
		return;
	if (field.length && has_pattern(0, field.length)) {
		if (field.text[0] == '/')
			glob("/", 1);
		else
			glob("", 0);
		if (field_count > first)
			qsort(fields + first, field_count - first, sizeof(*fields), by_name);
	}
	if (field_count == first)
		add_field(arena_copy(field.text ? field.text : "", field.length));
	field.length = 0;
	field.exists = 0;
}

/* Adds the value of an expansion; unquoted and splitting, white space ends a field. */
static void put_value(const char *value, int quoted, enum mode mode)
{
	for (; *value; value++) {
		if (!quoted && mode == SPLIT && isspace(*value))
			end_field();
		else
			put(*value, quoted || mode == WHOLE);
	}
}

/* Runs a command and adds what it prints, without line ends at its end. */
static void substitute_command(const char *text, size_t length, int quoted, enum mode mode)
{
	char *command = arena_copy(text, length), *output = NULL;
	size_t have = 0, size = 0;
	int ends[2], status;
	pid_t pid;
	ssize_t got;

	if (pipe(ends) < 0) {
		perror("sh: pipe");
		return;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		become_child();
		close(ends[0]);
		dup2(ends[1], 1);
		close(ends[1]);
		exit(run_text(command));
	}
	close(ends[1]);
	do {
		if (have + 512 > size) {
			size = size ? 2 * size : 1024;
			output = realloc(output, size);
		}
		got = read(ends[0], output + have, size - have - 1);
		if (got > 0)
			have += got;
	} while (got > 0);
	close(ends[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		last_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	while (have && output[have - 1] == '\n')
		have--;
	output[have] = 0;
	put_value(output, quoted, mode);
	free(output);
}

static const char *positional_value(int index)
{
	for (int i = 0; i <= index; i++) {
		if (!positional[i])
			return "";
	}
	return positional[index];
}

static int positional_count(void)
{
	int count = 0;

	while (positional[0] && positional[count + 1])
		count++;
	return count;
}

static const char *special_value(char name)
{
	static char number[16];

	switch (name) {
	case '?':
		snprintf(number, sizeof(number), "%d", last_status);
		return number;
	case '$':
		snprintf(number, sizeof(number), "%d", getpid());
		return number;
	case '!':
		snprintf(number, sizeof(number), "%d", last_background);
		return number;
	case '#':
		snprintf(number, sizeof(number), "%d", positional_count());
		return number;
	default:
		return isdigit(name) ? positional_value(name - '0') : NULL;
	}
}

/* `at` is behind the $. Returns the place behind the expansion. */
static const char *expand_dollar(const char *at, int quoted, enum mode mode)
{
	const char *end, *value, *other = NULL;
	char *name, sign = 0;

	if (*at == '(') {
		int depth = 0;

		for (end = at; *end; end++) {
			if (*end == '(')
				depth++;
			if (*end == ')' && --depth == 0)
				break;
		}
		if (at[1] == '(' && end[-1] == ')') {
			char number[24];
			char *expression = expand_single(arena_copy(at + 2, end - at - 3));

			snprintf(number, sizeof(number), "%ld", arithmetic(expression));
			put_value(number, quoted, mode);
		} else {
			substitute_command(at + 1, end - at - 1, quoted, mode);
		}
		return *end ? end + 1 : end;
	}
	if (*at == '@' || *at == '*') {
		for (int i = 1; positional[0] && positional[i]; i++) {
			if (i > 1) {
				if (*at == '@' && mode == SPLIT)
					end_field();
				else
					put(' ', quoted);
			}
			put_value(positional[i], quoted, mode);
			field.exists = 1;
		}
		return at + 1;
	}
	if (*at == '{') {
		for (end = at + 1; isalnum(*end) || *end == '_' || *end == '?' || *end == '#';
		     end++)
			;
		name = arena_copy(at + 1, end - at - 1);
		if (end[0] == ':' && strchr("-=+", end[1])) {
			const char *from = end + 2;

			sign = end[1];
			while (*end && *end != '}')
				end++;
			other = arena_copy(from, end - from);
		}
		at = *end == '}' ? end + 1 : end + strlen(end);
	} else if (isalpha(*at) || *at == '_') {
		for (end = at; isalnum(*end) || *end == '_'; end++)
			;
		name = arena_copy(at, end - at);
		at = end;
	} else if (special_value(*at)) {
		name = arena_copy(at, 1);
		at++;
	} else {
		put('$', quoted);
		return at;
	}
	value = name[0] && !name[1] && special_value(*name) ? special_value(*name)
							    : get_variable(name);
	if (sign == '+')
		value = value && *value ? other : "";
	else if (sign && !(value && *value)) {
		if (sign == '=')
			set_variable(name, other);
		value = other;
	}
	if (value)
		put_value(value, quoted, mode);
	return at;
}

static void expand_word(const char *at, enum mode mode)
{
	int quoted = 0;

	if (*at == '~' && (!at[1] || at[1] == '/')) {
		put_value(get_variable("HOME") ? get_variable("HOME") : "/", 1, WHOLE);
		at++;
	}
	while (*at) {
		if (*at == '\'' && !quoted) {
			field.exists = 1;
			for (at++; *at && *at != '\''; at++)
				put(*at, 1);
			if (*at)
				at++;
		} else if (*at == '"') {
			field.exists = 1;
			quoted = !quoted;
			at++;
		} else if (*at == '\\' && at[1] && (!quoted || strchr("\"\\$`", at[1]))) {
			put(at[1], 1);
			at += 2;
		} else if (*at == '$') {
			at = expand_dollar(at + 1, quoted, mode);
		} else {
			put(*at++, quoted || mode == WHOLE);
		}
	}
}

/* The text of a here-document: as between double quotes, but these have no meaning. */
static void expand_text(const char *at)
{
	while (*at) {
		if (*at == '\\' && at[1] == '\n') {
			at += 2;
		} else if (*at == '\\' && at[1] && strchr("\\$`", at[1])) {
			put(at[1], 1);
			at += 2;
		} else if (*at == '$') {
			at = expand_dollar(at + 1, 1, WHOLE);
		} else {
			put(*at++, 1);
		}
	}
}

/*
 * Expansion nests (a command in arithmetic in a word), so the field in the making is set aside. In a child the copies are its own.
 */
static typeof(field) set_aside(void)
{
	typeof(field) saved = field;

	memset(&field, 0, sizeof(field));
	return saved;
}

static char *take_back(typeof(field) saved)
{
	char *result = arena_copy(field.text ? field.text : "", field.length);

	free(field.text);
	free(field.quoted);
	field = saved;
	return result;
}

char *expand_single(const char *word)
{
	typeof(field) saved = set_aside();

	expand_word(word, WHOLE);
	return take_back(saved);
}

char *expand_here_document(const char *text)
{
	typeof(field) saved = set_aside();

	expand_text(text);
	return take_back(saved);
}

int matches_pattern(const char *word, const char *text)
{
	typeof(field) saved = set_aside();
	int answer;

	expand_word(word, PATTERN);
	answer = matches(field.text, field.quoted, field.length, text);
	take_back(saved);
	return answer;
}

char **expand_words(struct word *words, int *count)
{
	fields = NULL;
	field_count = field_capacity = 0;
	for (; words; words = words->next) {
		field.length = 0;
		field.exists = 0;
		expand_word(words->text, SPLIT);
		end_field();
	}
	*count = field_count;
	if (!fields)
		fields = arena_take(sizeof(*fields));
	return fields;
}
