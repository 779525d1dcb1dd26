// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shell's memory for trees and words: chunks that are filled from the front and emptied back to a mark. A mark is taken and
 * released in the manner of a stack.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shell.h"

#define CHUNK 16384

struct chunk {
	struct chunk *before;
	size_t size;
	char bytes[];
};

static struct chunk *top;
static size_t used;

void *arena_take(size_t size)
{
	void *place;

	size = (size + 15) & ~(size_t)15;
	if (!top || used + size > top->size) {
		size_t wanted = size > CHUNK ? size : CHUNK;
		struct chunk *chunk = malloc(sizeof(*chunk) + wanted);

		if (!chunk) {
			fprintf(stderr, "sh: out of memory\n");
			exit(2);
		}
		chunk->before = top;
		chunk->size = wanted;
		top = chunk;
		used = 0;
	}
	place = top->bytes + used;
	used += size;
	memset(place, 0, size);
	return place;
}

char *arena_copy(const char *text, size_t length)
{
	char *copy = arena_take(length + 1);

	memcpy(copy, text, length);
	return copy;
}

struct arena_mark arena_mark(void)
{
	return (struct arena_mark){ top, used };
}

void arena_release(struct arena_mark mark)
{
	while (top != mark.chunk) {
		struct chunk *chunk = top;

		top = chunk->before;
		free(chunk);
	}
	used = mark.used;
}
