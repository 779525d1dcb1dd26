// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * malloc and its kin: one address-ordered list of free blocks, first fit, neighbours joined on free. Memory comes from brk() in
 * steps of 64 KiB and is never given back. Blocks are aligned to 16 bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGNMENT 16
#define GROW	  (64 * 1024)

/* In front of each block, allocated or free; size counts the header. */
struct block {
	size_t size;
	struct block *next;
};

_Static_assert(sizeof(struct block) == ALIGNMENT, "blocks keep the alignment");

static struct block *free_list;

static void insert(struct block *block)
{
	struct block **place = &free_list;
	struct block *before = NULL;

	while (*place && *place < block) {
		before = *place;
		place = &(*place)->next;
	}
	block->next = *place;
	*place = block;
	if (block->next && (char *)block + block->size == (char *)block->next) {
		block->size += block->next->size;
		block->next = block->next->next;
	}
	if (before && (char *)before + before->size == (char *)block) {
		before->size += block->size;
		before->next = block->next;
	}
}

static int grow(size_t size)
{
	char *start = sbrk(0);
	size_t skew = -(unsigned long)start & (ALIGNMENT - 1);
	size_t wanted = (size + GROW - 1) / GROW * GROW;
	struct block *block;

	if (sbrk(wanted + skew) == (void *)-1)
		return -1;
	block = (struct block *)(start + skew);
	block->size = wanted;
	insert(block);
	return 0;
}

void *malloc(size_t size)
{
	if (size > (1ul << 40)) {
		errno = ENOMEM;
		return NULL;
	}
	size = (size + sizeof(struct block) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	for (;;) {
		for (struct block **place = &free_list; *place; place = &(*place)->next) {
			struct block *block = *place;

			if (block->size < size)
				continue;
			if (block->size - size >= 2 * sizeof(*block)) {
				struct block *rest = (struct block *)((char *)block + size);

				rest->size = block->size - size;
				rest->next = block->next;
				block->size = size;
				*place = rest;
			} else {
				*place = block->next;
			}
			return block + 1;
		}
		if (grow(size) < 0)
			return NULL;
	}
}

void free(void *memory)
{
	if (memory)
		insert((struct block *)memory - 1);
}

void *calloc(size_t count, size_t size)
{
	size_t total;
	void *memory;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	memory = malloc(total);
	if (memory)
		memset(memory, 0, total);
	return memory;
}

void *realloc(void *old, size_t size)
{
	size_t held;
	void *memory;

	if (!old)
		return malloc(size);
	held = ((struct block *)old - 1)->size - sizeof(struct block);
	if (size <= held)
		return old;
	memory = malloc(size);
	if (memory) {
		memcpy(memory, old, held);
		free(old);
	}
	return memory;
}
