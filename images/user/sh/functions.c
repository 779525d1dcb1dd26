// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of the shell. A body is kept as it was written and parsed at each call, because trees live only as long as their line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shell.h"

#define DEPTH_LIMIT 500

struct function {
	char *name, *body;
	struct function *next;
};

static struct function *functions;
static int depth;

static struct function *find(const char *name)
{
	struct function *function = functions;

	while (function && strcmp(function->name, name))
		function = function->next;
	return function;
}

void define_function(const char *name, const char *body)
{
	struct function *function = find(name);

	if (!function) {
		function = calloc(1, sizeof(*function));
		function->name = strdup(name);
		function->next = functions;
		functions = function;
	}
	free(function->body);
	function->body = strdup(body);
}

int is_function(const char *name)
{
	return find(name) != NULL;
}

const char *function_name(size_t index)
{
	struct function *function = functions;

	while (function && index--)
		function = function->next;
	return function ? function->name : NULL;
}

/* The arguments are the positional words meanwhile, behind the shell's own $0. */
int run_function(char **argv, int *status)
{
	struct function *function = find(argv[0]);
	char **before = positional, *name = argv[0], *body;

	if (!function)
		return 0;
	if (depth >= DEPTH_LIMIT) {
		fprintf(stderr, "sh: %s: functions call each other too deeply\n", name);
		*status = 2;
		return 1;
	}
	/* A copy, because the function may define itself anew. */
	body = strdup(function->body);
	argv[0] = before[0];
	positional = argv;
	depth++;
	last_status = 0;
	*status = run_text(body);
	depth--;
	returning = 0;
	positional = before;
	argv[0] = name;
	free(body);
	return 1;
}
