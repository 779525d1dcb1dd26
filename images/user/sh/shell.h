/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the shell share. A line is read (main.c), cut into a tree (parse.c), and the tree is run (run.c), words being
 * expanded at the last moment (expand.c). The tree and the expansions live in an arena that is emptied by mark and release, so
 * that a loop of a million rounds needs no more memory than one round.
 */
#ifndef SHELL_H
#define SHELL_H

#include <stddef.h>

struct word {
	char *text; /* as written, with quotes */
	struct word *next;
};

enum redirect_kind { REDIRECT_IN, REDIRECT_OUT, REDIRECT_APPEND, REDIRECT_DUP, REDIRECT_HERE };

struct redirect {
	enum redirect_kind kind;
	int fd;
	char *target; /* a word; of a here-document its text */
	int literal;  /* a here-document whose end was quoted: nothing in it is expanded */
	struct redirect *next;
};

enum node_kind {
	NODE_COMMAND,	 /* words, assignments in front among them */
	NODE_PIPE,	 /* left | right */
	NODE_AND,	 /* left && right */
	NODE_OR,	 /* left || right */
	NODE_LIST,	 /* left ; right */
	NODE_BACKGROUND, /* left & */
	NODE_NOT,	 /* ! left */
	NODE_IF,	 /* if condition then left else right */
	NODE_WHILE,	 /* while condition do left */
	NODE_UNTIL,	 /* until condition do left */
	NODE_FOR,	 /* for words[0] in words[1..] do left */
	NODE_SUBSHELL,	 /* ( left ) */
	NODE_GROUP,	 /* { left } */
	NODE_CASE,	 /* case words[0] in left esac, left being a chain of choices */
	NODE_CHOICE,	 /* words ) left ;; and the next choice is right */
	NODE_FUNCTION,	 /* words[0] is the name, words[1] the body as written */
};

struct node {
	enum node_kind kind;
	struct word *words;
	struct redirect *redirects;
	struct node *condition, *left, *right;
};

/* arena.c */
void *arena_take(size_t size);
char *arena_copy(const char *text, size_t length);
struct arena_mark {
	void *chunk;
	size_t used;
};
struct arena_mark arena_mark(void);
void arena_release(struct arena_mark mark);

/* parse.c: the tree of `text`, NULL for an empty one. *error names what is wrong; *incomplete says that more lines would help. */
struct node *parse(const char *text, const char **error, int *incomplete);

/* expand.c */
extern int last_status;
extern int last_background;
extern char **positional; /* $0, $1, ... NULL */
/* Expands a list of words to argv; the number of fields in *count. NULL after an error, which has been told. */
char **expand_words(struct word *words, int *count);
/* Expands one word to one field, without splitting and globbing. */
char *expand_single(const char *word);
char *expand_here_document(const char *text);
/* Does the text match a pattern of `case`, a word? */
int matches_pattern(const char *word, const char *text);

/* variables.c */
void set_variable(const char *name, const char *value);
const char *get_variable(const char *name);
void export_variable(const char *name);

/* run.c */
extern int interactive;
extern volatile int interrupted;
int run(struct node *node);
/* Runs a whole text, as for sh -c and $( ). */
int run_text(const char *text);
/*
 * Waits for processes of one group that have the terminal, and takes it back; the last one's status. If they are stopped they become
 * a job of that name.
 */
int wait_in_foreground(const int *pids, int count, int group, const char *name);
/* Puts back the signals that an interactive shell ignores. Called in every child. */
void become_child(void);

/* What break, continue and return ask for; until it is done no command is run. */
extern int breaking, continuing, returning;

/* functions.c */
void define_function(const char *name, const char *body);
int is_function(const char *name);
/* By number, NULL after the last. */
const char *function_name(size_t index);
/* Returns 1 and the status when argv[0] is a function; a function goes before a builtin of its name. */
int run_function(char **argv, int *status);

/* builtin.c: returns 1 and the status when argv[0] is a builtin. */
int run_builtin(int argc, char **argv, int *status);
int is_builtin(const char *name);
/* By number, NULL after the last. */
const char *builtin_name(size_t index);

/* jobs.c */
void job_add(int pid, int group, int stopped, const char *command);
void job_finished(int pid);
/* Lets the job of that pid, 0 for the latest, go on; in the foreground also waits for it. */
int job_continue(int pid, int foreground);
/* Collects finished jobs; tells of them when interactive. */
void jobs_collect(void);
int jobs_wait(int pid); /* 0: all */
void jobs_list(void);

#endif
