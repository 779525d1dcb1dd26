// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Record streams of the handover: writing by the old kernel, validating and
 * reading by the new one.
 *
 * Promises: a writer allocates whole frames and remembers the first failure, so
 * that a caller checks once at the end. ser_validate() walks a stream that came
 * from another kernel and trusts nothing: magic, index (which also excludes a
 * cycle), extent inside RAM, fill level, CRC, total length. After it has passed,
 * reading cannot leave the stream; ser_get() past the end fails and stays
 * failed. Must not know what the records mean.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "stream.h"

/* [n][byte]: what a byte does to the sum when n bytes come after it */
static u32 crc_table[8][256];

static void make_crc_table(void)
{
	for (u32 i = 0; i < 256; i++) {
		u32 crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0xedb88320u & -(crc & 1));
		crc_table[0][i] = crc;
	}
	for (int n = 1; n < 8; n++)
		for (u32 i = 0; i < 256; i++) {
			u32 crc = crc_table[n - 1][i];

			crc_table[n][i] = (crc >> 8) ^ crc_table[0][crc & 0xff];
		}
}

/* Eight bytes in one step: the sum is linear, so each has its share from a table of its own. */
static u32 crc_of_eight(u32 crc, u64 word)
{
	word ^= crc;
	return crc_table[7][word & 0xff] ^ crc_table[6][word >> 8 & 0xff] ^
	       crc_table[5][word >> 16 & 0xff] ^ crc_table[4][word >> 24 & 0xff] ^
	       crc_table[3][word >> 32 & 0xff] ^ crc_table[2][word >> 40 & 0xff] ^
	       crc_table[1][word >> 48 & 0xff] ^ crc_table[0][word >> 56];
}

/* CRC-32 as in ISO 3309. @crc: of what came before, 0 at the start. */
u32 crc32_of(u32 crc, const void *data, size_t size)
{
	const u8 *byte = data;

	if (!crc_table[0][1])
		make_crc_table();
	crc = ~crc;
	for (; size >= 8; size -= 8, byte += 8) {
		u64 word;

		/* one load, where memcpy() is a call */
		__builtin_memcpy(&word, byte, sizeof(word));
		crc = crc_of_eight(crc, word);
	}
	while (size--)
		crc = (crc >> 8) ^ crc_table[0][(crc ^ *byte++) & 0xff];
	return ~crc;
}

/* ---- writing ---- */

static void close_block(struct handover_block_ser *block)
{
	block->crc32 = crc32_of(0, block->data, block->used);
}

static bool add_block(struct ser_writer *w)
{
	struct handover_block_ser *block = (void *)get_zeroed_page(GFP_KERNEL);

	if (!block) {
		w->error = -ENOMEM;
		return false;
	}
	block->magic = HANDOVER_BLOCK_MAGIC;
	/* this kernel's own way back to it: what lies in the block may be damaged when it is over */
	virt_to_page(block)->private = (unsigned long)w->block;
	if (w->block) {
		block->index = w->block->index + 1;
		w->block->next = __pa(block);
		close_block(w->block);
	} else {
		w->first = block;
	}
	w->block = block;
	return true;
}

void ser_begin(struct ser_writer *w)
{
	memset(w, 0, sizeof(*w));
}

void ser_put(struct ser_writer *w, const void *data, size_t size)
{
	const u8 *from = data;

	while (size && !w->error) {
		size_t room;

		if (!w->block || w->block->used == HANDOVER_BLOCK_DATA) {
			if (!add_block(w))
				return;
		}
		room = HANDOVER_BLOCK_DATA - w->block->used;
		if (room > size)
			room = size;
		memcpy(w->block->data + w->block->used, from, room);
		w->block->used += room;
		w->bytes += room;
		from += room;
		size -= room;
	}
}

void ser_finish(struct ser_writer *w, struct handover_component_ser *component,
		const char *compatible)
{
	memset(component, 0, sizeof(*component));
	strscpy(component->compatible, compatible, HANDOVER_NAME_LEN);
	if (w->block)
		close_block(w->block);
	component->first_block = w->first ? __pa(w->first) : 0;
	component->bytes = w->bytes;
	component->count = w->count;
}

/* Frees the blocks of a stream that will not be handed over. */
void ser_abandon(struct ser_writer *w)
{
	struct handover_block_ser *block = w->block;

	while (block) {
		struct handover_block_ser *before = (void *)virt_to_page(block)->private;

		free_page((unsigned long)block);
		block = before;
	}
	ser_begin(w);
}

/* ---- reading ---- */

/* NULL if the whole stream is sound, else what is wrong with it. */
const char *ser_validate(const struct handover_component_ser *component, u64 ram_frames)
{
	u64 next = component->first_block, bytes = 0;
	u32 index = 0;

	if (component->compatible[HANDOVER_NAME_LEN - 1])
		return "component name is not terminated";
	while (next) {
		const struct handover_block_ser *block;

		if ((next & (PAGE_SIZE - 1)) || next >> PAGE_SHIFT >= ram_frames)
			return "block lies outside of memory";
		block = __va(next);
		if (block->magic != HANDOVER_BLOCK_MAGIC)
			return "block has no magic";
		if (block->index != index)
			return "block is out of order";
		if (block->used == 0 || block->used > HANDOVER_BLOCK_DATA)
			return "block has an impossible length";
		if (crc32_of(0, block->data, block->used) != block->crc32)
			return "block has a bad checksum";
		bytes += block->used;
		index++;
		next = block->next;
	}
	return bytes == component->bytes ? NULL : "stream has another length";
}

void ser_open(struct ser_reader *r, const struct handover_component_ser *component)
{
	r->block = component->first_block ? __va(component->first_block) : NULL;
	r->offset = 0;
	r->left = component->bytes;
	r->error = 0;
}

/* The next part of the stream that lies in one block: at most @size bytes, which count as read. */
static const u8 *next_part(struct ser_reader *r, size_t size, size_t *part)
{
	const u8 *at = r->block->data + r->offset;

	*part = min_t(size_t, size, r->block->used - r->offset);
	r->left -= *part;
	r->offset += *part;
	if (r->offset == r->block->used && r->block->next) {
		r->block = __va(r->block->next);
		r->offset = 0;
	}
	return at;
}

bool ser_get(struct ser_reader *r, void *data, size_t size)
{
	u8 *to = data;

	if (r->error || size > r->left) {
		r->error = -EINVAL;
		memset(data, 0, size);
		return false;
	}
	while (size) {
		size_t part;
		const u8 *from = next_part(r, size, &part);

		memcpy(to, from, part);
		to += part;
		size -= part;
	}
	return true;
}

bool ser_skip(struct ser_reader *r, u64 size)
{
	if (r->error || size > r->left) {
		r->error = -EINVAL;
		return false;
	}
	while (size) {
		size_t part;

		next_part(r, size, &part);
		size -= part;
	}
	return true;
}
