/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record streams of the handover (abi/handover.h): bytes in, bytes out, over a chain of one-page blocks.
 */
#ifndef _LIVEUPDATE_STREAM_H
#define _LIVEUPDATE_STREAM_H

#include <linux/types.h>
#include <abi/handover.h>

struct ser_writer {
	struct handover_block_ser *first;
	struct handover_block_ser *block; /* the last one */
	u64 bytes;
	u64 count;
	int error; /* sticky: -ENOMEM */
};

struct ser_reader {
	const struct handover_block_ser *block;
	u32 offset; /* in block->data */
	u64 left;   /* bytes of the stream not read yet */
	int error;  /* sticky: -EINVAL */
};

void ser_begin(struct ser_writer *w);
void ser_put(struct ser_writer *w, const void *data, size_t size);
void ser_finish(struct ser_writer *w, struct handover_component_ser *component,
		const char *compatible);
void ser_abandon(struct ser_writer *w);

const char *ser_validate(const struct handover_component_ser *component, u64 ram_frames);
void ser_open(struct ser_reader *r, const struct handover_component_ser *component);
bool ser_get(struct ser_reader *r, void *data, size_t size);
bool ser_skip(struct ser_reader *r, u64 size);

u32 crc32_of(u32 crc, const void *data, size_t size);

#endif
