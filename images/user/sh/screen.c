// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is seen of the line that is edited. A line may take several rows: its cells are counted from the prompt's first, and the rows
 * follow from the terminal's width. A character typed at the end is only written, so the console shows what a terminal's own echo
 * would; anything else draws the whole line anew.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "edit.h"

#define DEFAULT_COLUMNS 80

static const char *prompt_text = "";
static int columns = DEFAULT_COLUMNS;
static int cell; /* where the cursor is */
/* The cursor has written the last column of a row: a terminal keeps it there until the next character. */
static int pending;

static const struct {
	unsigned int first, last;
	int width;
} widths[] = {
	{ 0x300, 0x36f, 0 },   { 0x1100, 0x115f, 2 },	{ 0x200b, 0x200f, 0 },
	{ 0x2e80, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 },	{ 0xf900, 0xfaff, 2 },
	{ 0xfe00, 0xfe0f, 0 }, { 0xfe30, 0xfe6f, 2 },	{ 0xff00, 0xff60, 2 },
	{ 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
};

/* The columns that a character takes, of the simple sort: no tables of a standard, its large blocks. */
static int width_of(const char *text, size_t length)
{
	unsigned int code = (unsigned char)*text;

	if (length == 1)
		return 1;
	code &= 0xff >> (length + 1);
	for (size_t i = 1; i < length; i++)
		code = code << 6 | (text[i] & 0x3f);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		if (code >= widths[i].first && code <= widths[i].last)
			return widths[i].width;
	}
	return 1;
}

/* The cell behind `length` bytes that begin at cell `from`. A wide character does not straddle two rows. */
static int cell_after(int from, const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t size = 1;
		int width;

		while (at + size < length && (text[at + size] & 0xc0) == 0x80)
			size++;
		width = width_of(text + at, size);
		if (width == 2 && from % columns == columns - 1)
			from++;
		from += width;
		at += size;
	}
	return from;
}

static void moved_by_writing(int to)
{
	if (to == cell)
		return;
	pending = to % columns == 0;
	cell = to;
}

static void write_text(const char *text, size_t length)
{
	fwrite(text, 1, length, stdout);
	moved_by_writing(cell_after(cell, text, length));
}

static int row(void)
{
	return cell / columns - pending;
}

static void move_to(int target)
{
	int up = row() - target / columns;

	if (up > 0)
		printf("\033[%dA", up);
	else if (up < 0)
		printf("\033[%dB", -up);
	putchar('\r');
	if (target % columns)
		printf("\033[%dC", target % columns);
	cell = target;
	pending = 0;
}

int screen_columns(void)
{
	return columns;
}

void screen_begin(const char *prompt)
{
	struct winsize size;

	columns =
		ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : DEFAULT_COLUMNS;
	prompt_text = prompt;
	cell = pending = 0;
	write_text(prompt, strlen(prompt));
	fflush(stdout);
}

void screen_prompt(const char *prompt)
{
	prompt_text = prompt;
}

void screen_append(const char *bytes, size_t length)
{
	write_text(bytes, length);
	fflush(stdout);
}

void screen_show(const struct line *line)
{
	int target;

	move_to(0);
	fputs("\033[J", stdout);
	write_text(prompt_text, strlen(prompt_text));
	target = cell_after(cell, line->text, line->cursor);
	write_text(line->text, line->length);
	if (pending) {
		/* There must be a row for the cursor to stand in. */
		fputs(" \r", stdout);
		pending = 0;
	}
	if (target != cell)
		move_to(target);
	fflush(stdout);
}

void screen_leave(const struct line *line, const char *tail)
{
	int end = cell_after(cell_after(0, prompt_text, strlen(prompt_text)), line->text,
			     line->length);

	if (end != cell)
		move_to(end);
	printf("%s\n", tail);
	cell = pending = 0;
}

void screen_clear(void)
{
	fputs("\033[H\033[2J", stdout);
	cell = pending = 0;
}
