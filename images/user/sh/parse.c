// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text to tree, by recursive descent over the grammar of the POSIX shell:
 *
 *   list     = and-or { (';' | '&' | newline) and-or }
 *   and-or   = pipeline { ('&&' | '||') pipeline }
 *   pipeline = ['!'] command { '|' command }
 *   command  = 'if' list 'then' list { 'elif' list 'then' list } ['else' list] 'fi'
 *            | ('while' | 'until') list 'do' list 'done' | 'for' name ['in' words] 'do' list 'done'
 *            | 'case' word 'in' { ['('] word { '|' word } ')' list ';;' } 'esac'
 *            | '(' list ')' | '{' list '}' | name '(' ')' command | word { word | redirect }
 *
 * Keywords count only where a command may begin.
 */
#include <string.h>
#include "tokens.h"

static struct node *parse_list(void);

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
	if (token_redirect.kind == REDIRECT_HERE)
		expect_here_document(*place);
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

/* One choice of `case`, up to its list's end. */
static struct node *parse_choice(void)
{
	struct node *node = make(NODE_CHOICE, NULL, NULL);

	if (token == TOKEN_OPEN)
		advance();
	while (token == TOKEN_WORD) {
		add_word(node);
		if (token != TOKEN_PIPE)
			break;
		advance();
	}
	if (!node->words || token != TOKEN_CLOSE) {
		needs_more |= token == TOKEN_END;
		fail("a pattern and `)' expected");
		return node;
	}
	advance();
	node->left = parse_list();
	if (token == TOKEN_CHOICE_END) {
		advance();
	} else if (!at_keyword("esac")) {
		needs_more |= token == TOKEN_END;
		fail("`;;' or `esac' expected");
	}
	skip_newlines();
	return node;
}

static struct node *parse_case(void)
{
	struct node *node = make(NODE_CASE, NULL, NULL), **place = &node->left;

	if (token != TOKEN_WORD) {
		fail("`case' names no word");
		return node;
	}
	add_word(node);
	skip_newlines();
	expect("in", "`in' expected");
	skip_newlines();
	while (!problem && !at_keyword("esac")) {
		*place = parse_choice();
		place = &(*place)->right;
	}
	expect("esac", "`esac' expected");
	return node;
}

static struct node *parse_command(void);

/* `node` has the name, and the parenthesis is there. */
static struct node *parse_function(struct node *node)
{
	const char *begin;

	node->kind = NODE_FUNCTION;
	advance();
	if (token != TOKEN_CLOSE) {
		fail("`)' expected");
		return node;
	}
	advance();
	skip_newlines();
	begin = token_begin;
	parse_command();
	node->words->next = arena_take(sizeof(*node->words));
	node->words->next->text = arena_copy(begin, token_begin - begin);
	return node;
}

static struct node *parse_simple_command(void)
{
	struct node *node = make(NODE_COMMAND, NULL, NULL);

	while (token == TOKEN_WORD || token == TOKEN_REDIRECT) {
		if (token == TOKEN_WORD)
			add_word(node);
		else
			add_redirect(node);
		if (token == TOKEN_OPEN && node->words && !node->words->next && !node->redirects)
			return parse_function(node);
	}
	if (!node->words && !node->redirects) {
		needs_more |= token == TOKEN_END;
		fail("a command is missing");
	}
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
	} else if (at_keyword("case")) {
		advance();
		node = parse_case();
	} else {
		return parse_simple_command();
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
	static const char *const ends[] = {
		"then", "elif", "else", "fi", "do", "done", "}", "esac"
	};

	if (token == TOKEN_END || token == TOKEN_CLOSE || token == TOKEN_CHOICE_END)
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

	tokens_begin(text);
	node = parse_list();
	if (!problem && token != TOKEN_END)
		fail("unexpected word or sign");
	*error = problem;
	*incomplete = needs_more;
	return problem ? NULL : node;
}
