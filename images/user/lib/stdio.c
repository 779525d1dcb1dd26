// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Buffered files over read() and write(). A file is either read or written. Output leaves at the end of a call that completed a
 * line, and at exit; so fork() finds nothing to write twice unless a program printed half a line before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_LIMIT 4096

/* The buffers lie outside, so that a program's file does not carry them. */
static char buffers[3][BUFSIZ];
static FILE standard[3] = { { .fd = 0, .buffer = buffers[0] },
			    { .fd = 1, .writing = 1, .buffer = buffers[1] },
			    { .fd = 2, .writing = 1, .buffer = buffers[2] } };
FILE *const stdin = &standard[0], *const stdout = &standard[1], *const stderr = &standard[2];

FILE *fdopen(int fd, const char *mode)
{
	FILE *file = calloc(1, sizeof(*file) + BUFSIZ);

	if (file) {
		file->buffer = (char *)(file + 1);
		file->fd = fd;
		file->writing = mode[0] != 'r';
	}
	return file;
}

FILE *fopen(const char *path, const char *mode)
{
	int flags = mode[0] == 'r'   ? O_RDONLY
		    : mode[0] == 'a' ? O_WRONLY | O_CREAT | O_APPEND
				     : O_WRONLY | O_CREAT | O_TRUNC;
	int fd = open(path, flags, 0666);

	return fd < 0 ? NULL : fdopen(fd, mode);
}

int fflush(FILE *file)
{
	if (!file->writing || !file->used)
		return 0;
	if (write_all(file->fd, file->buffer, file->used) < 0)
		file->failed = 1;
	file->used = 0;
	return file->failed ? EOF : 0;
}

int fclose(FILE *file)
{
	int result = fflush(file);

	if (close(file->fd) < 0)
		result = EOF;
	free(file);
	return result;
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file)
{
	const char *bytes = from;
	size_t left = size * count;

	if (left > BUFSIZ - file->used) {
		fflush(file);
		if (left > BUFSIZ) {
			if (write_all(file->fd, bytes, left) < 0)
				file->failed = 1;
			return file->failed ? 0 : count;
		}
	}
	memcpy(file->buffer + file->used, bytes, left);
	file->used += left;
	if (memchr(bytes, '\n', left) || file == stderr)
		fflush(file);
	return file->failed ? 0 : count;
}

static int fill(FILE *file)
{
	ssize_t got;

	if (file->next < file->used)
		return 1;
	if (file->ended)
		return 0;
	got = read(file->fd, file->buffer, BUFSIZ);
	file->next = 0;
	file->used = got > 0 ? (size_t)got : 0;
	if (got < 0)
		file->failed = 1;
	return got > 0;
}

int fgetc(FILE *file)
{
	return fill(file) ? (unsigned char)file->buffer[file->next++] : EOF;
}

char *fgets(char *line, int size, FILE *file)
{
	int length = 0;

	while (length < size - 1) {
		int c = fgetc(file);

		if (c == EOF)
			break;
		line[length++] = (char)c;
		if (c == '\n')
			break;
	}
	line[length] = 0;
	return length ? line : NULL;
}

size_t fread(void *to, size_t size, size_t count, FILE *file)
{
	size_t wanted = size * count, done = 0;

	while (done < wanted && fill(file)) {
		size_t part = file->used - file->next;

		if (part > wanted - done)
			part = wanted - done;
		memcpy((char *)to + done, file->buffer + file->next, part);
		file->next += part;
		done += part;
	}
	return size ? done / size : 0;
}

int fputs(const char *text, FILE *file)
{
	return fwrite(text, 1, strlen(text), file) || !*text ? 0 : EOF;
}

int fputc(int c, FILE *file)
{
	char byte = (char)c;

	return fwrite(&byte, 1, 1, file) ? c : EOF;
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int puts(const char *text)
{
	return printf("%s\n", text) < 0 ? EOF : 0;
}

int vfprintf(FILE *file, const char *format, va_list list)
{
	char line[LINE_LIMIT];
	va_list again;
	char *text = line;
	int length;

	va_copy(again, list);
	length = vsnprintf(line, sizeof(line), format, list);
	if (length >= (int)sizeof(line)) {
		text = malloc(length + 1);
		if (!text) {
			va_end(again);
			return -1;
		}
		vsnprintf(text, length + 1, format, again);
	}
	va_end(again);
	if (length && !fwrite(text, 1, length, file))
		length = -1;
	if (text != line)
		free(text);
	return length;
}

int fprintf(FILE *file, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vfprintf(file, format, list);
	va_end(list);
	return length;
}

int printf(const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vfprintf(stdout, format, list);
	va_end(list);
	return length;
}

void perror(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
}
