// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text to tree, by recursive descent over POSIX shell grammar without functions, case and here-documents:
 *
 *   list     = and-or { (';' | '&' | newline) and-or }
 *   and-or   = pipeline { ('&&' | '||') pipeline }
 *   pipeline = ['!'] command { '|' command }
 *   command  = 'if' list 'then' list { 'elif' list 'then' list } ['else' list] 'fi'
 *            | ('while' | 'until') list 'do' list 'done' | 'for' name ['in' words] 'do' list 'done'
 *            | '(' list ')' | '{' list '}' | word { word | redirect }
 *
 * Words keep their quotes; expand.c takes them off. Keywords count only where a command may begin.
 */
#include <ctype.h>
#include <string.h>
#include "shell.h"

enum token {
	TOKEN_END,
	TOKEN_NEWLINE,
	TOKEN_WORD,
	TOKEN_SEMICOLON,
	TOKEN_AMPERSAND,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_PIPE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_REDIRECT,
};

static const char *at;
static enum token token;
static char *token_text;
static struct redirect token_redirect;
static const char *problem;
static int needs_more;

static struct node *parse_list(void);

static void fail(const char *what)
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
	if (token_redirect.kind == REDIRECT_OUT && *from == '>') {
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

static void advance(void)
{
	while (*at == ' ' || *at == '\t' || *at == '\r' || (*at == '\\' && at[1] == '\n'))
		at += *at == '\\' ? 2 : 1;
	if (*at == '#') {
		while (*at && *at != '\n')
			at++;
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
		break;
	case ';':
		token = TOKEN_SEMICOLON;
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

static int at_keyword(const char *keyword)
{
	return token == TOKEN_WORD && !strcmp(token_text, keyword);
}

static void skip_newlines(void)
{
	while (token == TOKEN_NEWLINE)
		advance();
}

static void expect(const char *keyword, const char *what)
{
	if (at_keyword(keyword)) {
		advance();
		return;
	}
	if (token == TOKEN_END)
		needs_more = 1;
	fail(what);
}

static struct node *make(enum node_kind kind, struct node *left, struct node *right)
{
	struct node *node = arena_take(sizeof(*node));

	node->kind = kind;
	node->left = left;
	node->right = right;
	return node;
}

static void add_redirect(struct node *node)
{
	struct redirect **place = &node->redirects;

	while (*place)
		place = &(*place)->next;
	*place = arena_take(sizeof(**place));
	**place = token_redirect;
	advance();
}

static void add_word(struct node *node)
{
	struct word **place = &node->words;

	while (*place)
		place = &(*place)->next;
	*place = arena_take(sizeof(**place));
	(*place)->text = token_text;
	advance();
}

/* After `if` or `elif`. */
static struct node *parse_if(void)
{
	struct node *node = make(NODE_IF, NULL, NULL);

	node->condition = parse_list();
	expect("then", "`then' expected");
	node->left = parse_list();
	if (at_keyword("elif")) {
		advance();
		node->right = parse_if();
		return node;
	}
	if (at_keyword("else")) {
		advance();
		node->right = parse_list();
	}
	expect("fi", "`fi' expected");
	return node;
}

static struct node *parse_loop(enum node_kind kind)
{
	struct node *node = make(kind, NULL, NULL);

	node->condition = parse_list();
	expect("do", "`do' expected");
	node->left = parse_list();
	expect("done", "`done' expected");
	return node;
}

static struct node *parse_for(void)
{
	struct node *node = make(NODE_FOR, NULL, NULL);

	if (token != TOKEN_WORD) {
		fail("`for' names no variable");
		return node;
	}
	add_word(node);
	if (at_keyword("in")) {
		advance();
		while (token == TOKEN_WORD)
			add_word(node);
	}
	if (token == TOKEN_SEMICOLON)
		advance();
	skip_newlines();
	expect("do", "`do' expected");
	node->left = parse_list();
	expect("done", "`done' expected");
	return node;
}

static struct node *parse_command(void)
{
	struct node *node;

	if (at_keyword("if")) {
		advance();
		node = parse_if();
	} else if (at_keyword("while") || at_keyword("until")) {
		enum node_kind kind = at_keyword("while") ? NODE_WHILE : NODE_UNTIL;

		advance();
		node = parse_loop(kind);
	} else if (at_keyword("for")) {
		advance();
		node = parse_for();
	} else if (at_keyword("{")) {
		advance();
		node = make(NODE_GROUP, parse_list(), NULL);
		expect("}", "`}' expected");
	} else if (token == TOKEN_OPEN) {
		advance();
		node = make(NODE_SUBSHELL, parse_list(), NULL);
		if (token != TOKEN_CLOSE) {
			needs_more |= token == TOKEN_END;
			fail("`)' expected");
		}
		advance();
	} else {
		node = make(NODE_COMMAND, NULL, NULL);
		while (token == TOKEN_WORD || token == TOKEN_REDIRECT) {
			if (token == TOKEN_WORD)
				add_word(node);
			else
				add_redirect(node);
		}
		if (!node->words && !node->redirects) {
			needs_more |= token == TOKEN_END;
			fail("a command is missing");
		}
		return node;
	}
	while (token == TOKEN_REDIRECT)
		add_redirect(node);
	return node;
}

static struct node *parse_pipeline(void)
{
	struct node *node;
	int invert = 0;

	while (at_keyword("!")) {
		invert = !invert;
		advance();
	}
	node = parse_command();
	while (token == TOKEN_PIPE) {
		advance();
		skip_newlines();
		node = make(NODE_PIPE, node, parse_command());
	}
	return invert ? make(NODE_NOT, node, NULL) : node;
}

static struct node *parse_and_or(void)
{
	struct node *node = parse_pipeline();

	while (token == TOKEN_AND || token == TOKEN_OR) {
		enum node_kind kind = token == TOKEN_AND ? NODE_AND : NODE_OR;

		advance();
		skip_newlines();
		node = make(kind, node, parse_pipeline());
	}
	return node;
}

static int at_list_end(void)
{
	static const char *const ends[] = { "then", "elif", "else", "fi", "do", "done", "}" };

	if (token == TOKEN_END || token == TOKEN_CLOSE)
		return 1;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (at_keyword(ends[i]))
			return 1;
	}
	return 0;
}

static struct node *parse_list(void)
{
	struct node *list = NULL;

	skip_newlines();
	while (!at_list_end()) {
		struct node *node = parse_and_or();

		if (token == TOKEN_AMPERSAND)
			node = make(NODE_BACKGROUND, node, NULL);
		list = list ? make(NODE_LIST, list, node) : node;
		if (token != TOKEN_SEMICOLON && token != TOKEN_AMPERSAND && token != TOKEN_NEWLINE)
			break;
		advance();
		skip_newlines();
	}
	return list;
}

struct node *parse(const char *text, const char **error, int *incomplete)
{
	struct node *node;

	at = text;
	problem = NULL;
	needs_more = 0;
	advance();
	node = parse_list();
	if (!problem && token != TOKEN_END)
		fail("unexpected word or sign");
	*error = problem;
	*incomplete = needs_more;
	return problem ? NULL : node;
}
