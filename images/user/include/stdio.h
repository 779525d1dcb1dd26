/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatted output and buffered files. Output is written when a call has completed a line, at exit, or when the buffer is full, so a line of one call is one write and is never mixed with another process's. */
#ifndef USER_STDIO_H
#define USER_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF    (-1)
#define BUFSIZ 1024

typedef struct {
	int fd;
	int writing;
	int failed;
	int ended;
	size_t used;  /* bytes in the buffer */
	size_t next;  /* next byte to give, when reading */
	char *buffer; /* of BUFSIZ bytes */
} FILE;

extern FILE *const stdin, *const stdout, *const stderr;

FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int fd, const char *mode);
int fclose(FILE *file);
int fflush(FILE *file);
int fgetc(FILE *file);
char *fgets(char *line, int size, FILE *file);
size_t fread(void *to, size_t size, size_t count, FILE *file);
size_t fwrite(const void *from, size_t size, size_t count, FILE *file);
int fputs(const char *text, FILE *file);
int fputc(int c, FILE *file);
int putchar(int c);
int puts(const char *text);
void perror(const char *what);

/* Conversions d i u x X o c s p %, flags - 0 + space #, width and precision (also *), lengths h hh l ll z. No floating point. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vfprintf(FILE *file, const char *format, va_list list);
int vsnprintf(char *to, size_t size, const char *format, va_list list);

int rename(const char *from, const char *to);

#endif
