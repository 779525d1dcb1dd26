// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Editing of a line at the terminal. The terminal gives bytes as they are typed while a line is edited, and has its own modes while a
 * command runs. Ctrl-C stays a signal: it ends the read. The keys are those of other shells: arrows, Home, End, Delete, Backspace,
 * Ctrl-A B D E F K L N P R U W Y, Alt-B D F and Alt-Backspace, Tab. In a bracketed paste only line ends are more than text.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "edit.h"

#define CONTROL(letter) ((letter)&0x1f)

/* Keys beside bytes. */
enum key {
	KEY_END_OF_INPUT = -1,
	KEY_INTERRUPTED = -2,
	KEY_UP = 0x100,
	KEY_DOWN,
	KEY_RIGHT,
	KEY_LEFT,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_WORD_LEFT,
	KEY_WORD_RIGHT,
	KEY_ERASE_WORD,
	KEY_DELETE_WORD,
	KEY_PASTE_BEGINS,
	KEY_PASTE_ENDS,
	KEY_NONE,
};

static char killed[LINE_LIMIT];
static size_t killed_length;
static int pasting;
/* How far up the history goes, and the line that was left for it. */
static size_t age;
static struct line unfinished;

size_t line_before(const struct line *line, size_t at)
{
	while (at && (line->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

size_t line_after(const struct line *line, size_t at)
{
	while (at < line->length && (line->text[++at] & 0xc0) == 0x80)
		;
	return at < line->length ? at : line->length;
}

void line_replace(struct line *line, size_t from, size_t to, const char *text, size_t length)
{
	if (line->length - (to - from) + length + 2 > LINE_LIMIT)
		return;
	memmove(line->text + from + length, line->text + to, line->length - to);
	memcpy(line->text + from, text, length);
	line->length += length - (to - from);
	line->cursor = from + length;
}

static int read_byte(void)
{
	unsigned char byte;
	ssize_t got = read(0, &byte, 1);

	if (got == 1)
		return byte;
	return got < 0 && errno == EINTR ? KEY_INTERRUPTED : KEY_END_OF_INPUT;
}

/* ESC [ NUMBER ; MODIFIER LETTER, behind the bracket. Sequences that mean nothing here are read to their end. */
static int read_sequence(void)
{
	int numbers[2] = { 0, 0 }, at = 0, c;

	while ((c = read_byte()) >= 0 && (c < 0x40 || c > 0x7e)) {
		if (c == ';' && at < 1)
			at++;
		else if (isdigit(c) && numbers[at] < 1000)
			numbers[at] = numbers[at] * 10 + c - '0';
	}
	switch (c) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return numbers[1] > 1 ? KEY_WORD_RIGHT : KEY_RIGHT;
	case 'D':
		return numbers[1] > 1 ? KEY_WORD_LEFT : KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	case '~':
		break;
	default:
		return c < 0 ? c : KEY_NONE;
	}
	switch (numbers[0]) {
	case 1:
	case 7:
		return KEY_HOME;
	case 4:
	case 8:
		return KEY_END;
	case 3:
		return KEY_DELETE;
	case 200:
		return KEY_PASTE_BEGINS;
	case 201:
		return KEY_PASTE_ENDS;
	default:
		return KEY_NONE;
	}
}

static int read_key(void)
{
	int c = read_byte();

	if (c != 0x1b)
		return c;
	c = read_byte();
	switch (c) {
	case '[':
		return read_sequence();
	case 'O':
		c = read_byte();
		return c == 'A'	  ? KEY_UP
		       : c == 'B' ? KEY_DOWN
		       : c == 'C' ? KEY_RIGHT
		       : c == 'D' ? KEY_LEFT
		       : c == 'H' ? KEY_HOME
		       : c == 'F' ? KEY_END
		       : c < 0	  ? c
				  : KEY_NONE;
	case 'b':
		return KEY_WORD_LEFT;
	case 'f':
		return KEY_WORD_RIGHT;
	case 'd':
		return KEY_DELETE_WORD;
	case 0x7f:
		return KEY_ERASE_WORD;
	default:
		return c < 0 ? c : KEY_NONE;
	}
}

static size_t word_left(const struct line *line, int (*part)(int))
{
	size_t at = line->cursor;

	while (at && !part((unsigned char)line->text[at - 1]))
		at--;
	while (at && part((unsigned char)line->text[at - 1]))
		at--;
	return at;
}

static size_t word_right(const struct line *line, int (*part)(int))
{
	size_t at = line->cursor;

	while (at < line->length && !part((unsigned char)line->text[at]))
		at++;
	while (at < line->length && part((unsigned char)line->text[at]))
		at++;
	return at;
}

/* Bytes of a character beyond ASCII are part of a word. */
static int in_name(int c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

static int not_space(int c)
{
	return !isspace(c);
}

static void erase(struct line *line, size_t from, size_t to)
{
	line_replace(line, from, to, "", 0);
}

static void kill_text(struct line *line, size_t from, size_t to)
{
	killed_length = to - from;
	memcpy(killed, line->text + from, killed_length);
	erase(line, from, to);
}

static int is_text(int key)
{
	return key >= ' ' && key < 0x100 && key != 0x7f;
}

/* Reads the rest of a character of UTF-8 whose first byte is `first`; its length, 0 if it did not come. */
static size_t read_character(int first, char bytes[4])
{
	size_t length = 1, size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;

	bytes[0] = (char)first;
	while (length < size) {
		int c = read_byte();

		if (c < 0)
			return 0;
		bytes[length++] = (char)c;
	}
	return length;
}

static void insert_character(struct line *line, int first)
{
	int at_end = line->cursor == line->length;
	size_t before = line->length, length;
	char bytes[4];

	length = read_character(first, bytes);
	line_replace(line, line->cursor, line->cursor, bytes, length);
	if (line->length == before)
		return;
	if (at_end)
		screen_append(bytes, length);
	else
		screen_show(line);
}

static void take_entry(struct line *line, const char *text)
{
	line->length = 0;
	line->cursor = 0;
	line_replace(line, 0, 0, text, strlen(text));
}

/* `step` lines up the history, or down; below the latest is the line that was being typed. */
static void go_through_history(struct line *line, int step)
{
	if (step < 0 && !age)
		return;
	if (step > 0 && !history_entry(age))
		return;
	if (step > 0 && !age)
		unfinished = *line;
	age += step;
	if (age)
		take_entry(line, history_entry(age - 1));
	else
		*line = unfinished;
}

/* The next older entry from `from` on that contains the pattern; its age, or -1. */
static long find_in_history(const char *pattern, size_t from)
{
	const char *entry;

	for (size_t i = from; (entry = history_entry(i)); i++) {
		if (strstr(entry, pattern))
			return (long)i;
	}
	return -1;
}

/* Ctrl-R: each character narrows, Ctrl-R again goes on, Ctrl-G gives the line back; any other key is done to what was found. */
static int search_history(struct line *line, const char *prompt)
{
	static char shown[128];
	char pattern[64] = "";
	size_t length = 0;
	long found = -1;
	int key;

	unfinished = *line;
	for (;;) {
		snprintf(shown, sizeof(shown), "(reverse-i-search)`%s': ", pattern);
		screen_prompt(shown);
		screen_show(line);
		key = read_key();
		if (key == CONTROL('R')) {
			long next = length ? find_in_history(pattern, found + 1) : -1;

			found = next < 0 ? found : next;
		} else if ((key == 0x7f || key == CONTROL('H')) && length) {
			while (length && (pattern[--length] & 0xc0) == 0x80)
				;
			pattern[length] = 0;
			found = length ? find_in_history(pattern, 0) : -1;
		} else if (key >= ' ' && key < 0x100 && key != 0x7f &&
			   length + 1 < sizeof(pattern)) {
			long next;

			pattern[length++] = (char)key;
			pattern[length] = 0;
			next = find_in_history(pattern, found < 0 ? 0 : found);
			found = next < 0 ? found : next;
		} else {
			break;
		}
		if (found >= 0)
			take_entry(line, history_entry(found));
	}
	if (key == CONTROL('G')) {
		*line = unfinished;
		key = KEY_NONE;
	}
	age = 0;
	screen_prompt(prompt);
	screen_show(line);
	return key;
}

/* What a key does to the line's text and cursor; 0 for a key that has no meaning. */
static int apply(struct line *line, int key)
{
	switch (key) {
	case KEY_UP:
	case CONTROL('P'):
		go_through_history(line, 1);
		break;
	case KEY_DOWN:
	case CONTROL('N'):
		go_through_history(line, -1);
		break;
	case KEY_LEFT:
	case CONTROL('B'):
		line->cursor = line_before(line, line->cursor);
		break;
	case KEY_RIGHT:
	case CONTROL('F'):
		line->cursor = line_after(line, line->cursor);
		break;
	case KEY_HOME:
	case CONTROL('A'):
		line->cursor = 0;
		break;
	case KEY_END:
	case CONTROL('E'):
		line->cursor = line->length;
		break;
	case KEY_WORD_LEFT:
		line->cursor = word_left(line, in_name);
		break;
	case KEY_WORD_RIGHT:
		line->cursor = word_right(line, in_name);
		break;
	case KEY_DELETE:
	case CONTROL('D'): {
		size_t at = line->cursor;

		erase(line, at, line_after(line, at));
		break;
	}
	case 0x7f:
	case CONTROL('H'):
		erase(line, line_before(line, line->cursor), line->cursor);
		break;
	case KEY_DELETE_WORD:
		kill_text(line, line->cursor, word_right(line, in_name));
		break;
	case KEY_ERASE_WORD:
		kill_text(line, word_left(line, in_name), line->cursor);
		break;
	case CONTROL('W'):
		kill_text(line, word_left(line, not_space), line->cursor);
		break;
	case CONTROL('U'):
		kill_text(line, 0, line->cursor);
		break;
	case CONTROL('K'):
		kill_text(line, line->cursor, line->length);
		break;
	case CONTROL('Y'):
		line_replace(line, line->cursor, line->cursor, killed, killed_length);
		break;
	case CONTROL('L'):
		screen_clear();
		break;
	default:
		return 0;
	}
	return 1;
}

static enum edit_result edit(const char *prompt, struct line *line)
{
	for (;;) {
		int key = read_key();

		if (key == CONTROL('R') && !pasting)
			key = search_history(line, prompt);
		if (key == KEY_PASTE_BEGINS || key == KEY_PASTE_ENDS) {
			pasting = key == KEY_PASTE_BEGINS;
			continue;
		}
		if (key == KEY_INTERRUPTED) {
			screen_leave(line, "^C");
			return EDIT_INTERRUPTED;
		}
		if (key == KEY_END_OF_INPUT || (key == CONTROL('D') && !line->length))
			return EDIT_END;
		if (key == '\n' || key == '\r') {
			screen_leave(line, "");
			history_add(line->text, line->length);
			line->text[line->length++] = '\n';
			line->text[line->length] = 0;
			return EDIT_LINE;
		}
		if (pasting && key == '\t')
			key = ' ';
		if (is_text(key)) {
			insert_character(line, key);
		} else if (pasting) {
			continue;
		} else if (key == '\t') {
			if (complete(line))
				screen_begin(prompt);
			screen_show(line);
		} else if (apply(line, key)) {
			screen_show(line);
		}
	}
}

void edit_begin(void)
{
	struct termios modes;

	if (tcgetattr(0, &modes) < 0)
		return;
	modes.c_iflag |= ICRNL;
	modes.c_oflag |= OPOST | ONLCR;
	modes.c_lflag |= ICANON | ECHO | ISIG | IEXTEN;
	tcsetattr(0, TCSANOW, &modes);
}

enum edit_result edit_line(const char *prompt, struct line *line)
{
	struct termios modes, raw;
	enum edit_result result;

	age = 0;
	pasting = 0;
	line->length = line->cursor = 0;
	tcgetattr(0, &modes);
	raw = modes;
	raw.c_lflag &= ~(ICANON | ECHO | IEXTEN);
	raw.c_lflag |= ISIG;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(0, TCSANOW, &raw);
	screen_begin(prompt);
	result = edit(prompt, line);
	fflush(stdout);
	tcsetattr(0, TCSANOW, &modes);
	return result;
}
