// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * $(( )): integers of 64 bits, C's operators without assignment, ternary and shifts by variables' side effects. Precedence
 * climbing over one table. Division by zero is told and yields 0.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arithmetic.h"
#include "shell.h"

static const char *at;

static const struct operator
{
	const char *sign;
	int level;
}
operators[] = {
	{ "||", 1 }, { "&&", 2 }, { "==", 6 }, { "!=", 6 }, { "<=", 7 }, { ">=", 7 },
	{ "<<", 8 }, { ">>", 8 }, { "|", 3 },  { "^", 4 },  { "&", 5 },	 { "<", 7 },
	{ ">", 7 },  { "+", 9 },  { "-", 9 },  { "*", 10 }, { "/", 10 }, { "%", 10 },
};

static long binary(int level);

static void skip_space(void)
{
	while (isspace(*at))
		at++;
}

static long primary(void)
{
	long value = 0;

	skip_space();
	if (*at == '(') {
		at++;
		value = binary(1);
		skip_space();
		if (*at == ')')
			at++;
	} else if (*at == '-') {
		at++;
		value = -primary();
	} else if (*at == '!') {
		at++;
		value = !primary();
	} else if (*at == '~') {
		at++;
		value = ~primary();
	} else if (isdigit(*at)) {
		char *end;

		value = strtol(at, &end, 0);
		at = end;
	} else if (isalpha(*at) || *at == '_') {
		char name[64];
		size_t length = 0;
		const char *text;

		while (isalnum(*at) || *at == '_') {
			if (length < sizeof(name) - 1)
				name[length++] = *at;
			at++;
		}
		name[length] = 0;
		text = get_variable(name);
		value = text ? strtol(text, NULL, 0) : 0;
	} else if (*at) {
		at++;
	}
	return value;
}

static long apply(const char *sign, long a, long b)
{
	switch (sign[0]) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
	case '%':
		if (!b) {
			fprintf(stderr, "sh: division by zero\n");
			return 0;
		}
		return sign[0] == '/' ? a / b : a % b;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '^':
		return a ^ b;
	case '|':
		return sign[1] ? a || b : a | b;
	case '&':
		return sign[1] ? a && b : a & b;
	case '<':
		return sign[1] == '=' ? a <= b : sign[1] ? a << (b & 63) : a < b;
	default:
		return sign[1] == '=' ? a >= b : sign[1] ? a >> (b & 63) : a > b;
	}
}

static long binary(int level)
{
	long value = primary();

	for (;;) {
		const struct operator* found = NULL;

		skip_space();
		for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]) && !found; i++) {
			if (!strncmp(at, operators[i].sign, strlen(operators[i].sign)))
				found = &operators[i];
		}
		if (!found || found->level < level)
			return value;
		at += strlen(found->sign);
		value = apply(found->sign, value, binary(found->level + 1));
	}
}

long arithmetic(const char *expression)
{
	const char *saved = at;
	long value;

	at = expression;
	value = binary(1);
	at = saved;
	return value;
}
