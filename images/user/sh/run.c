// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a tree. Each pipeline of an interactive shell is a process group of its own and has the terminal while it runs, so that
 * Ctrl-C reaches it and not the shell; without a controlling terminal everything stays in the shell's group.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shell.h"

#define SAVED_LIMIT 16

int interactive;
volatile int interrupted;
int breaking, continuing, returning;

void become_child(void)
{
	if (!interactive)
		return;
	interactive = 0;
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	signal(SIGTTIN, SIG_DFL);
}

static int status_of(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return 128 + WTERMSIG(status);
}

/* A file that holds the text of a here-document and has no name any more. */
static int open_here_document(const struct redirect *redirect)
{
	const char *text =
		redirect->literal ? redirect->target : expand_here_document(redirect->target);
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/tmp/.sh-%d", getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return fd;
	unlink(path);
	if (write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Opens and installs redirections. With `saved`, keeps what they hide, for builtins. */
static int redirect(struct redirect *list, int (*saved)[2], int *count)
{
	for (; list; list = list->next) {
		int here = list->kind == REDIRECT_HERE, fd;
		const char *target = here ? "here-document" : expand_single(list->target);

		if (here) {
			fd = open_here_document(list);
		} else if (list->kind == REDIRECT_DUP && strcmp(target, "-")) {
			fd = dup(atoi(target));
		} else if (list->kind == REDIRECT_DUP) {
			close(list->fd);
			continue;
		} else {
			int flags = list->kind == REDIRECT_IN
					    ? O_RDONLY
					    : O_WRONLY | O_CREAT |
						      (list->kind == REDIRECT_APPEND ? O_APPEND
										     : O_TRUNC);

			fd = open(target, flags, 0666);
		}
		if (fd < 0) {
			fprintf(stderr, "sh: %s: %s\n", target, strerror(errno));
			return -1;
		}
		if (saved && *count < SAVED_LIMIT) {
			saved[*count][0] = fcntl(list->fd, F_DUPFD_CLOEXEC, 10);
			saved[(*count)++][1] = list->fd;
		}
		if (fd != list->fd) {
			dup2(fd, list->fd);
			close(fd);
		}
	}
	return 0;
}

static void restore(int (*saved)[2], int count)
{
	fflush(stdout);
	while (count--) {
		if (saved[count][0] >= 0) {
			dup2(saved[count][0], saved[count][1]);
			close(saved[count][0]);
		} else {
			close(saved[count][1]);
		}
	}
}

static size_t assignment(const char *word)
{
	size_t length = 0;

	if (isdigit(*word))
		return 0;
	while (isalnum(word[length]) || word[length] == '_')
		length++;
	return length && word[length] == '=' ? length : 0;
}

/* Takes the assignments in front of a command; the variables are set, and exported when a command follows in a child. */
static struct word *take_assignments(struct word *words, int export_them)
{
	for (; words && assignment(words->text); words = words->next) {
		size_t length = assignment(words->text);
		char *name = arena_copy(words->text, length);

		set_variable(name, expand_single(words->text + length + 1));
		if (export_them)
			export_variable(name);
	}
	return words;
}

static void execute(char **argv)
{
	execvp(argv[0], argv);
	if (errno == ENOENT && !strchr(argv[0], '/'))
		fprintf(stderr, "sh: %s: not found\n", argv[0]);
	else
		fprintf(stderr, "sh: %s: %s\n", argv[0], strerror(errno));
	exit(errno == ENOENT ? 127 : 126);
}

/* Runs a command in this process, which ends with it. */
static void run_in_child(struct node *node)
{
	struct word *words;
	char **argv;
	int argc, status;

	if (node->kind == NODE_SUBSHELL) {
		if (redirect(node->redirects, NULL, NULL) < 0)
			exit(1);
		exit(run(node->left));
	}
	if (node->kind != NODE_COMMAND)
		exit(run(node));
	words = take_assignments(node->words, 1);
	argv = expand_words(words, &argc);
	if (redirect(node->redirects, NULL, NULL) < 0)
		exit(1);
	if (!argc)
		exit(last_status);
	if (run_function(argv, &status) || run_builtin(argc, argv, &status))
		exit(status);
	fflush(stdout);
	execute(argv);
}

static void give_terminal(pid_t group)
{
	if (interactive)
		tcsetpgrp(0, group);
}

/* The wait status of one process, stops included where jobs can be stopped; 0 if it is nobody's child. */
static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, interactive ? WUNTRACED : 0) < 0) {
		if (errno != EINTR)
			return 0;
	}
	return status;
}

int wait_in_foreground(const int *pids, int count, int group, const char *name)
{
	int status = 0, stopped = 0;

	for (int i = 0; i < count; i++) {
		int one = wait_for(pids[i]);

		if (WIFSTOPPED(one)) {
			job_add(pids[i], group, 1, name);
			stopped = pids[i];
			status = 128 + WSTOPSIG(one);
		} else {
			job_finished(pids[i]);
			status = status_of(one);
		}
	}
	if (interactive)
		give_terminal(getpgid(0));
	if (stopped)
		printf("\n[%d] stopped: %s\n", stopped, name);
	else if (interactive && status == 128 + SIGINT)
		putchar('\n');
	else if (interactive && status > 128 && status != 128 + SIGPIPE)
		printf("%s\n", strsignal(status - 128));
	/* A shell that was not interrupted itself, because the child had the terminal, stops its loops all the same. */
	if (status == 128 + SIGINT)
		interrupted = 1;
	return status;
}

/* A pipeline of any length; `group` is the leader's pid, 0 for the first. Returns the last one's status. */
static int run_pipeline(struct node *node, int background)
{
	struct node *parts[64];
	const char *name;
	pid_t pids[64], group = 0;
	int count = 0, input = -1, own_group = interactive;

	for (; node->kind == NODE_PIPE && count < 63; node = node->left)
		parts[count++] = node->right;
	parts[count++] = node;
	name = node->words ? node->words->text : "(...)";
	fflush(stdout);
	for (int i = count - 1, started = 0; i >= 0; i--, started++) {
		int ends[2] = { -1, -1 };
		pid_t pid;

		if (i && pipe(ends) < 0) {
			perror("sh: pipe");
			return 1;
		}
		pid = fork();
		if (pid < 0) {
			perror("sh: fork");
			return 1;
		}
		if (pid == 0) {
			if (own_group) {
				setpgid(0, group);
				if (!background)
					give_terminal(getpgid(0));
			}
			become_child();
			if (background && !own_group) {
				int null = open("/dev/null", O_RDONLY);

				if (null >= 0 && input < 0) {
					dup2(null, 0);
					close(null);
				}
			}
			if (input >= 0) {
				dup2(input, 0);
				close(input);
			}
			if (ends[1] >= 0) {
				close(ends[0]);
				dup2(ends[1], 1);
				close(ends[1]);
			}
			run_in_child(parts[i]);
		}
		if (!group)
			group = pid;
		/* Both sides set the group, because either may run first. */
		if (own_group) {
			setpgid(pid, group);
			if (!background && !started)
				give_terminal(group);
		}
		pids[started] = pid;
		if (input >= 0)
			close(input);
		if (ends[1] >= 0)
			close(ends[1]);
		input = ends[0];
	}
	if (background) {
		last_background = pids[count - 1];
		for (int i = 0; i < count; i++)
			job_add(pids[i], own_group ? group : getpgid(0), 0, name);
		if (interactive)
			printf("[%d]\n", last_background);
		return 0;
	}
	return wait_in_foreground(pids, count, group, name);
}

/*
 * A function or builtin runs here, with redirections that are taken back; everything else in a child. What counts is the word as written: a
 * builtin's name that comes out of a variable runs in the child.
 */
static int run_command(struct node *node)
{
	struct word *words = node->words;
	int saved[SAVED_LIMIT][2], saved_count = 0, status = 0, argc;
	char **argv;

	while (words && assignment(words->text))
		words = words->next;
	if (words && !is_function(words->text) && !is_builtin(words->text))
		return run_pipeline(node, 0);
	words = take_assignments(node->words, 0);
	argv = expand_words(words, &argc);
	if (redirect(node->redirects, saved, &saved_count) < 0)
		status = 1;
	else if (argc && !run_function(argv, &status))
		run_builtin(argc, argv, &status);
	/* `exec` without a command keeps its redirections. */
	if (argc == 1 && !strcmp(argv[0], "exec")) {
		while (saved_count--)
			close(saved[saved_count][0]);
		return status;
	}
	restore(saved, saved_count);
	return status;
}

static int run_loop(struct node *node)
{
	int status = 0, wanted = node->kind == NODE_WHILE;

	while (!interrupted) {
		struct arena_mark mark = arena_mark();

		if ((run(node->condition) == 0) != wanted || breaking || returning) {
			arena_release(mark);
			break;
		}
		status = run(node->left);
		continuing = 0;
		arena_release(mark);
		if (breaking || returning)
			break;
	}
	breaking = 0;
	return status;
}

static int run_for(struct node *node)
{
	int status = 0, count;
	char **values = expand_words(node->words->next, &count);

	for (int i = 0; i < count && !interrupted; i++) {
		struct arena_mark mark = arena_mark();

		set_variable(node->words->text, values[i]);
		status = run(node->left);
		continuing = 0;
		arena_release(mark);
		if (breaking || returning)
			break;
	}
	breaking = 0;
	return status;
}

static int run_case(struct node *node)
{
	const char *text = expand_single(node->words->text);

	for (struct node *choice = node->left; choice; choice = choice->right) {
		for (struct word *word = choice->words; word; word = word->next) {
			if (!matches_pattern(word->text, text))
				continue;
			last_status = 0;
			return run(choice->left);
		}
	}
	return 0;
}

/* A compound command with redirections: they hold for all of it. */
static int run_compound(struct node *node)
{
	int saved[SAVED_LIMIT][2], count = 0, status;

	if (redirect(node->redirects, saved, &count) < 0) {
		restore(saved, count);
		return 1;
	}
	switch (node->kind) {
	case NODE_IF:
		status = run(node->condition) == 0 ? run(node->left)
			 : node->right		   ? run(node->right)
						   : 0;
		break;
	case NODE_FOR:
		status = run_for(node);
		break;
	case NODE_CASE:
		status = run_case(node);
		break;
	case NODE_GROUP:
		status = run(node->left);
		break;
	default:
		status = run_loop(node);
	}
	restore(saved, count);
	return status;
}

static int run_node(struct node *node)
{
	int status;

	switch (node->kind) {
	case NODE_COMMAND:
		return run_command(node);
	case NODE_PIPE:
		return run_pipeline(node, 0);
	case NODE_AND:
		status = run(node->left);
		return status ? status : run(node->right);
	case NODE_OR:
		status = run(node->left);
		return status ? run(node->right) : status;
	case NODE_LIST:
		run(node->left);
		return run(node->right);
	case NODE_BACKGROUND:
		return run_pipeline(node->left, 1);
	case NODE_NOT:
		return !run(node->left);
	case NODE_SUBSHELL:
		return run_pipeline(node, 0);
	case NODE_FUNCTION:
		define_function(node->words->text, node->words->next->text);
		return 0;
	default:
		return run_compound(node);
	}
}

int run(struct node *node)
{
	if (!node || interrupted || breaking || continuing || returning)
		return last_status;
	last_status = run_node(node);
	return last_status;
}
