// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Variables: those that are exported are in the environment, the others here.
 */
#include <stdlib.h>
#include <string.h>
#include "shell.h"

struct variable {
	char *name, *value;
	struct variable *next;
};

static struct variable *variables;

const char *get_variable(const char *name)
{
	for (struct variable *variable = variables; variable; variable = variable->next) {
		if (!strcmp(variable->name, name))
			return variable->value;
	}
	return getenv(name);
}

void set_variable(const char *name, const char *value)
{
	for (struct variable *variable = variables; variable; variable = variable->next) {
		if (!strcmp(variable->name, name)) {
			free(variable->value);
			variable->value = strdup(value);
			return;
		}
	}
	if (getenv(name)) {
		setenv(name, value, 1);
		return;
	}
	struct variable *variable = malloc(sizeof(*variable));

	variable->name = strdup(name);
	variable->value = strdup(value);
	variable->next = variables;
	variables = variable;
}

void export_variable(const char *name)
{
	struct variable **place = &variables;

	for (; *place; place = &(*place)->next) {
		struct variable *variable = *place;

		if (!strcmp(variable->name, name)) {
			setenv(name, variable->value, 1);
			*place = variable->next;
			return;
		}
	}
	if (!getenv(name))
		setenv(name, "", 1);
}
