/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of a text at a time: tokens.c gives them to parse.c. */
#ifndef TOKENS_H
#define TOKENS_H

#include "shell.h"

enum token {
	TOKEN_END,
	TOKEN_NEWLINE,
	TOKEN_WORD,
	TOKEN_SEMICOLON,
	TOKEN_CHOICE_END,
	TOKEN_AMPERSAND,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_PIPE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_REDIRECT,
};

/* The token that is next, and where in the text it begins. */
extern enum token token;
extern const char *token_begin;
extern char *token_text;	       /* of a word */
extern struct redirect token_redirect; /* of a redirection */
/* What is wrong with the text, the first that was found; and whether more text would help. */
extern const char *problem;
extern int needs_more;

void tokens_begin(const char *text);
void advance(void);
/* Ends the text here. */
void fail(const char *what);
/* The text of this here-document is read at the end of the line. */
void expect_here_document(struct redirect *redirect);

#endif
