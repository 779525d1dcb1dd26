/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Editing a line on a terminal: what edit.c (keys), screen.c (what is seen), history.c and complete.c share. */
#ifndef EDIT_H
#define EDIT_H

#include <stddef.h>

#define LINE_LIMIT 4096

/* The line in the making: UTF-8, `cursor` between two characters. */
struct line {
	char text[LINE_LIMIT];
	size_t length, cursor;
};

enum edit_result { EDIT_END, EDIT_LINE, EDIT_INTERRUPTED };

/* edit.c: reads a line at the terminal on file 0; its text, with a newline, is in `line` after EDIT_LINE. */
enum edit_result edit_line(const char *prompt, struct line *line);
/* Puts the terminal's modes right for programs, however the shell before this one has left them. */
void edit_begin(void);

/* The text between two places becomes `text`; the cursor is behind it. Nothing happens where there is no room. */
void line_replace(struct line *line, size_t from, size_t to, const char *text, size_t length);
/* The place one character before or after `at`. */
size_t line_before(const struct line *line, size_t at);
size_t line_after(const struct line *line, size_t at);

/* screen.c */
/* Begins a line: reads the terminal's size and shows the prompt. */
void screen_begin(const char *prompt);
/* Shows another prompt in front of the line from the next screen_show() on. */
void screen_prompt(const char *prompt);
/* `bytes` have been put at the end of the line and are all that changes: they are shown as a terminal's own echo would. */
void screen_append(const char *bytes, size_t length);
/* Draws prompt and line, and puts the cursor into its place. */
void screen_show(const struct line *line);
/* Leaves the line, with `tail` behind it: what is printed next begins below. */
void screen_leave(const struct line *line, const char *tail);
void screen_clear(void);
int screen_columns(void);

/* history.c: 0 is the latest entry; NULL where there is none. */
void history_add(const char *text, size_t length);
const char *history_entry(size_t age);
void history_list(void);

/* complete.c: completes the command or path before the cursor; 1 if a list was printed below the line. */
int complete(struct line *line);

#endif
