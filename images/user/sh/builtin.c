// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that must run in the shell itself because they change it: cd, exit, export, set of positional words, wait, read and
 * loop control; and a few that are here because a child would be waste: true, false, :.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "edit.h"
#include "shell.h"

static int builtin_cd(int argc, char **argv)
{
	const char *target = argc > 1 ? argv[1] : get_variable("HOME");
	char path[1024];

	if (!target)
		target = "/";
	if (chdir(target) < 0) {
		fprintf(stderr, "sh: cd: %s: %s\n", target, strerror(errno));
		return 1;
	}
	if (getcwd(path, sizeof(path)))
		set_variable("PWD", path);
	return 0;
}

static int builtin_exit(int argc, char **argv)
{
	exit(argc > 1 ? atoi(argv[1]) & 0xff : last_status);
}

static int builtin_export(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *sign = strchr(argv[i], '=');

		if (sign) {
			*sign = 0;
			set_variable(argv[i], sign + 1);
		}
		export_variable(argv[i]);
	}
	return 0;
}

static int builtin_unset(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		set_variable(argv[i], "");
		unsetenv(argv[i]);
	}
	return 0;
}

static int builtin_wait(int argc, char **argv)
{
	int status = 0;

	if (argc == 1)
		return jobs_wait(0);
	for (int i = 1; i < argc; i++)
		status = jobs_wait(atoi(argv[i]));
	return status;
}

/* Byte by byte, because what follows the line belongs to the next command. */
static int builtin_read(int argc, char **argv)
{
	char line[1024];
	size_t length = 0;
	ssize_t got;
	char c = 0;

	while ((got = read(0, &c, 1)) == 1 && c != '\n') {
		if (length < sizeof(line) - 1)
			line[length++] = c;
	}
	line[length] = 0;
	if (argc > 1) {
		char *rest = line;

		for (int i = 1; i < argc; i++) {
			char *end;

			while (*rest == ' ' || *rest == '\t')
				rest++;
			end = rest;
			while (i + 1 < argc && *end && *end != ' ' && *end != '\t')
				end++;
			if (i + 1 == argc)
				end = rest + strlen(rest);
			c = *end;
			*end = 0;
			set_variable(argv[i], rest);
			rest = c ? end + 1 : end;
		}
	} else {
		set_variable("REPLY", line);
	}
	return got == 1 ? 0 : 1;
}

static int builtin_set(int argc, char **argv)
{
	static char **own;
	int first = argc > 1 && !strcmp(argv[1], "--") ? 2 : 1;
	char **list = malloc((argc - first + 2) * sizeof(*list));

	list[0] = positional[0];
	for (int i = first; i < argc; i++)
		list[i - first + 1] = strdup(argv[i]);
	list[argc - first + 1] = NULL;
	free(own);
	own = positional = list;
	return 0;
}

static int builtin_shift(int argc, char **argv)
{
	if (!positional[0] || !positional[1])
		return 1;
	positional[1] = positional[0];
	positional++;
	return 0;
}

static int builtin_break(int argc, char **argv)
{
	breaking = 1;
	return 0;
}

static int builtin_continue(int argc, char **argv)
{
	continuing = 1;
	return 0;
}

static int builtin_clear(int argc, char **argv)
{
	fputs("\033[H\033[2J", stdout);
	return 0;
}

static int builtin_help(int argc, char **argv)
{
	puts("Commands of the shell:");
	for (size_t i = 0; builtin_name(i); i++)
		printf("%s%s", i ? " " : "  ", builtin_name(i));
	puts("\nPrograms are in /bin (ls /bin); Tab completes names, Up and Ctrl-R bring lines back.\n"
	     "The kernel: dmesg, ps -a, lsmod, /proc, /sys/kernel/livepatch, /sys/kernel/liveupdate.\n"
	     "Patches: insmod FILE.ko, rmmod NAME. Another kernel: kexec -l FILE && kexec -e.");
	return 0;
}

/* Tells what each word would run; 1 if one is nothing. */
static int builtin_which(int argc, char **argv)
{
	int result = 0;

	for (int i = 1; i < argc; i++) {
		const char *folder = get_variable("PATH");
		char path[512];
		int found = 0;

		if (is_function(argv[i])) {
			printf("%s: function\n", argv[i]);
			continue;
		}
		if (is_builtin(argv[i])) {
			printf("%s: shell builtin\n", argv[i]);
			continue;
		}
		while (folder && *folder && !found) {
			const char *end = strchr(folder, ':');
			size_t length = end ? (size_t)(end - folder) : strlen(folder);

			snprintf(path, sizeof(path), "%.*s/%s", (int)length, folder, argv[i]);
			found = access(path, X_OK) == 0;
			folder += length + (folder[length] == ':');
		}
		if (found)
			puts(path);
		result |= !found;
	}
	return result;
}

static int builtin_return(int argc, char **argv)
{
	returning = 1;
	return argc > 1 ? atoi(argv[1]) & 0xff : last_status;
}

static int builtin_jobs(int argc, char **argv)
{
	jobs_list();
	return 0;
}

static int builtin_fg(int argc, char **argv)
{
	return job_continue(argc > 1 ? atoi(argv[1]) : 0, 1);
}

static int builtin_bg(int argc, char **argv)
{
	return job_continue(argc > 1 ? atoi(argv[1]) : 0, 0);
}

static int builtin_exec(int argc, char **argv)
{
	if (argc == 1)
		return 0;
	fflush(stdout);
	execvp(argv[1], argv + 1);
	fprintf(stderr, "sh: exec: %s: %s\n", argv[1], strerror(errno));
	exit(errno == ENOENT ? 127 : 126);
}

static int builtin_history(int argc, char **argv)
{
	history_list();
	return 0;
}

static int builtin_true(int argc, char **argv)
{
	return 0;
}

static int builtin_false(int argc, char **argv)
{
	return 1;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} builtins[] = {
	{ ":", builtin_true },		{ "bg", builtin_bg },
	{ "break", builtin_break },	{ "cd", builtin_cd },
	{ "clear", builtin_clear },	{ "continue", builtin_continue },
	{ "exec", builtin_exec },	{ "exit", builtin_exit },
	{ "export", builtin_export },	{ "false", builtin_false },
	{ "fg", builtin_fg },		{ "help", builtin_help },
	{ "history", builtin_history }, { "jobs", builtin_jobs },
	{ "read", builtin_read },	{ "return", builtin_return },
	{ "set", builtin_set },		{ "shift", builtin_shift },
	{ "true", builtin_true },	{ "unset", builtin_unset },
	{ "wait", builtin_wait },	{ "which", builtin_which },
};

int is_builtin(const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (!strcmp(name, builtins[i].name))
			return 1;
	}
	return 0;
}

const char *builtin_name(size_t index)
{
	return index < sizeof(builtins) / sizeof(builtins[0]) ? builtins[index].name : NULL;
}

int run_builtin(int argc, char **argv, int *status)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (!strcmp(argv[0], builtins[i].name)) {
			*status = builtins[i].run(argc, argv);
			return 1;
		}
	}
	return 0;
}
