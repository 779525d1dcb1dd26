// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text to tokens. Words keep their quotes; expand.c takes them off. The text of a here-document is read at the end of the line that
 * names it.
 */
#include <ctype.h>
#include <string.h>
#include "tokens.h"

#define HERE_LIMIT 16

enum token token;
const char *token_begin;
char *token_text;
struct redirect token_redirect;
const char *problem;
int needs_more;

static const char *at;
/* The here-documents of this line, whose texts follow it; their targets are the words that end them. */
static struct redirect *here[HERE_LIMIT];
static int here_count;

void fail(const char *what)
{
	if (!problem)
		problem = what;
	token = TOKEN_END;
}

/* Steps over a quoted part, `from` being at its opening character; returns the place after it. */
static const char *skip_quoted(const char *from)
{
	char quote = *from++;

	while (*from && *from != quote) {
		if (quote == '"' && *from == '\\' && from[1])
			from++;
		from++;
	}
	if (!*from) {
		needs_more = 1;
		fail("a quote is not closed");
		return from;
	}
	return from + 1;
}

/* Steps over $(...) or $((...)), `from` being at the first parenthesis. */
static const char *skip_parentheses(const char *from)
{
	int depth = 0;

	while (*from) {
		if (*from == '\'' || *from == '"') {
			from = skip_quoted(from);
			continue;
		}
		if (*from == '(')
			depth++;
		if (*from == ')' && --depth == 0)
			return from + 1;
		from++;
	}
	needs_more = 1;
	fail("a parenthesis is not closed");
	return from;
}

static int ends_word(char c)
{
	return !c || isspace(c) || strchr(";&|<>()", c);
}

static void read_word(void)
{
	const char *from = at;

	while (!ends_word(*at)) {
		if (*at == '\'' || *at == '"')
			at = skip_quoted(at);
		else if (*at == '$' && at[1] == '(')
			at = skip_parentheses(at + 1);
		else if (*at == '\\' && at[1])
			at += 2;
		else
			at++;
	}
	token = TOKEN_WORD;
	token_text = arena_copy(from, at - from);
}

static int read_redirect(void)
{
	const char *from = at;
	int fd = -1;

	if (isdigit(*at)) {
		fd = 0;
		while (isdigit(*from))
			fd = fd * 10 + *from++ - '0';
	}
	if (*from != '<' && *from != '>')
		return 0;
	token_redirect.next = NULL;
	token_redirect.kind = *from == '<' ? REDIRECT_IN : REDIRECT_OUT;
	token_redirect.fd = fd >= 0 ? fd : *from == '>';
	from++;
	token_redirect.literal = 0;
	if (token_redirect.kind == REDIRECT_IN && *from == '<') {
		token_redirect.kind = REDIRECT_HERE;
		from++;
	} else if (token_redirect.kind == REDIRECT_OUT && *from == '>') {
		token_redirect.kind = REDIRECT_APPEND;
		from++;
	} else if (*from == '&') {
		token_redirect.kind = REDIRECT_DUP;
		from++;
	}
	while (*from == ' ' || *from == '\t')
		from++;
	at = from;
	if (ends_word(*at)) {
		fail("a redirection names no file");
		return 1;
	}
	read_word();
	if (problem)
		return 1;
	token_redirect.target = token_text;
	token = TOKEN_REDIRECT;
	return 1;
}

/* Takes the quotes off the word that ends a here-document; 1 if there were any. */
static int unquote(char *word)
{
	char *to = word;
	const char *from = word;

	for (; *from; from++) {
		if (!strchr("'\"\\", *from))
			*to++ = *from;
	}
	*to = 0;
	return to != from;
}

/* `at` is behind the line's end: the text of one here-document, up to the line that is its end. */
static void read_here_document(struct redirect *redirect)
{
	const char *begin = at;
	size_t length;

	redirect->literal = unquote(redirect->target);
	length = strlen(redirect->target);
	while (*at) {
		const char *end = strchr(at, '\n');
		size_t size = end ? (size_t)(end - at) : strlen(at);

		if (size == length && !memcmp(at, redirect->target, size)) {
			redirect->target = arena_copy(begin, at - begin);
			at += size + (end != NULL);
			return;
		}
		at += size + (end != NULL);
	}
	needs_more = 1;
	fail("a here-document is not ended");
}

static void read_here_documents(void)
{
	for (int i = 0; i < here_count && !problem; i++)
		read_here_document(here[i]);
	here_count = 0;
}

void advance(void)
{
	while (*at == ' ' || *at == '\t' || *at == '\r' || (*at == '\\' && at[1] == '\n'))
		at += *at == '\\' ? 2 : 1;
	if (*at == '#') {
		while (*at && *at != '\n')
			at++;
	}
	token_begin = at;
	if (!problem && !*at && here_count) {
		needs_more = 1;
		fail("a here-document is not ended");
	}
	if (problem || !*at) {
		token = TOKEN_END;
		return;
	}
	if (read_redirect())
		return;
	switch (*at) {
	case '\n':
		token = TOKEN_NEWLINE;
		at++;
		read_here_documents();
		return;
	case ';':
		token = at[1] == ';' ? TOKEN_CHOICE_END : TOKEN_SEMICOLON;
		at += token == TOKEN_CHOICE_END;
		break;
	case '(':
		token = TOKEN_OPEN;
		break;
	case ')':
		token = TOKEN_CLOSE;
		break;
	case '&':
		token = at[1] == '&' ? TOKEN_AND : TOKEN_AMPERSAND;
		at += token == TOKEN_AND;
		break;
	case '|':
		token = at[1] == '|' ? TOKEN_OR : TOKEN_PIPE;
		at += token == TOKEN_OR;
		break;
	default:
		read_word();
		return;
	}
	at++;
}

void expect_here_document(struct redirect *redirect)
{
	if (here_count < HERE_LIMIT)
		here[here_count++] = redirect;
	else
		fail("too many here-documents in a line");
}

void tokens_begin(const char *text)
{
	at = text;
	problem = NULL;
	needs_more = 0;
	here_count = 0;
	advance();
}
