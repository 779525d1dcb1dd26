// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which frames stay where they are, and whether both kernels agree on it.
 *
 * The old kernel names each frame once for each holder: a page-table entry, a
 * slot of a file, a buffer of a pipe. At the end the number of holders must be
 * the reference count in its own books, so nothing holds a frame that is not
 * known here. The new kernel enters the frames into its books in the same way,
 * and must come to the same counts (verify.c).
 *
 * Constraints:
 *  1. A preserved frame is RAM above the arenas. Anything else is refused.
 *  2. The bitmap also has the frames of the handover itself (blocks, bitmap);
 *     they are freed by release_handover_frames(), and are in no record.
 *  3. handover_frame_preserved() works before the new kernel has any memory: it
 *     reads the old kernel's bitmap through the direct map.
 */
#include <linux/bitops.h>
#include <linux/slab.h>
#include "internal.h"

struct holders {
	u32 count : 24;
	u32 kind : 8;
};

static struct holders *holders; /* by frame; old kernel */
static u64 *bitmap;		/* old kernel: being made; new kernel: given */
static u64 bitmap_frames;

int preserve_begin(void)
{
	size_t bytes = DIV_ROUND_UP(max_pfn, 64) * sizeof(u64);

	holders = vzalloc(max_pfn * sizeof(*holders));
	bitmap = vzalloc(bytes);
	bitmap_frames = max_pfn;
	if (holders && bitmap)
		return 0;
	preserve_abandon();
	return liveupdate_refuse(-ENOMEM, "no memory for the map of %lu frames", max_pfn);
}

void preserve_abandon(void)
{
	vfree(holders);
	vfree(bitmap);
	holders = NULL;
	bitmap = NULL;
	bitmap_frames = 0;
}

static void mark(unsigned long pfn)
{
	BUG_UNLESS_CONSTRAINT("liveupdate/preserve.c 1",
			      pfn_valid(pfn) && pfn >= FRAMES_START_PHYS >> PAGE_SHIFT);
	bitmap[pfn / 64] |= 1ULL << (pfn % 64);
}

int preserve_frame(unsigned long pfn, unsigned int kind)
{
	if (!pfn_valid(pfn) || pfn < FRAMES_START_PHYS >> PAGE_SHIFT)
		return liveupdate_refuse(-EOPNOTSUPP,
					 "frame %lx lies outside of the memory that is carried",
					 pfn);
	if (holders[pfn].count && holders[pfn].kind != kind) {
		/* a page of a file that is mapped: the file has named it first */
		if (kind != FRAME_ANON ||
		    (holders[pfn].kind != FRAME_CACHE && holders[pfn].kind != FRAME_PIPE))
			return liveupdate_refuse(-EOPNOTSUPP,
						 "frame %lx is used for two things (%u and %u)",
						 pfn, holders[pfn].kind, kind);
		kind = holders[pfn].kind;
	}
	holders[pfn].kind = kind;
	holders[pfn].count++;
	mark(pfn);
	return 0;
}

/* Page tables of the start and blocks of a device have no count of their own. */
static bool has_own_count(unsigned long pfn)
{
	return holders[pfn].kind != FRAME_DEVICE &&
	       !(holders[pfn].kind == FRAME_TABLE && pfn_to_page(pfn)->type != PAGE_TABLE);
}

DEFINE_MADE_RECORD(frames, FRAMES_RECORD, unsigned long pfn, const struct holders *holder)

static int preserve_frames(struct ser_writer *w)
{
	for (unsigned long pfn = 0; pfn < max_pfn; pfn++) {
		if (!holders[pfn].count)
			continue;
		if (has_own_count(pfn) && page_count(pfn_to_page(pfn)) != (int)holders[pfn].count)
			return liveupdate_refuse(-EBUSY,
						 "frame %lx has %d references, %u are known", pfn,
						 page_count(pfn_to_page(pfn)), holders[pfn].count);
		write_frames(w, pfn, &holders[pfn]);
		w->count++;
	}
	return w->error;
}

/* A frame of the handover itself. */
static void mark_own(unsigned long pfn)
{
	ASSERT_CONSTRAINT("liveupdate/preserve.c 2", !holders[pfn].count);
	mark(pfn);
}

static void mark_stream(const struct handover_component_ser *component)
{
	u64 next = component->first_block;

	while (next) {
		mark_own(next >> PAGE_SHIFT);
		next = ((struct handover_block_ser *)__va(next))->next;
	}
}

/* All records are written: the handover's own frames, and the sums. */
int preserve_finish(struct handover_root_ser *root)
{
	size_t bytes = DIV_ROUND_UP(max_pfn, 64) * sizeof(u64);

	for (u32 i = 0; i < root->components; i++)
		mark_stream(&root->component[i]);
	for (size_t at = 0; at < bytes; at += PAGE_SIZE)
		mark_own((__pa(bitmap) + at) >> PAGE_SHIFT);
	root->ram_frames = max_pfn;
	root->bitmap = __pa(bitmap);
	root->bitmap_bytes = bytes;
	root->preserved_frames = 0;
	for (size_t i = 0; i < bytes / sizeof(u64); i++)
		root->preserved_frames += __builtin_popcountll(bitmap[i]);
	return 0;
}

/* Of the root page, whose own sum, status and refusal are zero, and the map of frames. */
u32 handover_sum(const struct handover_root_ser *root)
{
	return crc32_of(crc32_of(0, root, sizeof(*root)), __va(root->bitmap), root->bitmap_bytes);
}

/* ---- the new kernel ---- */

const char *validate_bitmap(const struct handover_root_ser *root)
{
	const u64 *bits = __va(root->bitmap);
	u64 words = root->bitmap_bytes / sizeof(u64), set = 0;

	if (!root->ram_frames || root->ram_frames > 1ULL << 20)
		return "memory has an impossible size";
	if (words != DIV_ROUND_UP(root->ram_frames, 64) || root->bitmap_bytes % sizeof(u64) ||
	    root->bitmap & (PAGE_SIZE - 1) || root->bitmap < FRAMES_START_PHYS ||
	    root->bitmap + root->bitmap_bytes > root->ram_frames << PAGE_SHIFT)
		return "the map of preserved frames lies outside of memory";
	for (u64 i = 0; i < words; i++) {
		if (i < (FRAMES_START_PHYS >> PAGE_SHIFT) / 64 && bits[i])
			return "a preserved frame lies in an arena";
		set += __builtin_popcountll(bits[i]);
	}
	return set == root->preserved_frames ? NULL : "the map of preserved frames has another sum";
}

void handover_open_bitmap(const struct handover_root_ser *root)
{
	bitmap = __va(root->bitmap);
	bitmap_frames = root->ram_frames;
	ASSERT_CONSTRAINT("liveupdate/preserve.c 3",
			  !max_pfn && handover_frame_preserved(root->bitmap >> PAGE_SHIFT));
}

bool handover_frame_preserved(unsigned long pfn)
{
	return pfn < bitmap_frames && bitmap[pfn / 64] >> (pfn % 64) & 1;
}

bool handover_run_preserved(unsigned long pfn, unsigned long *until)
{
	const unsigned long *bits = (const unsigned long *)bitmap;
	bool preserved = handover_frame_preserved(pfn);
	unsigned long turn;

	if (pfn >= bitmap_frames)
		return false;
	if (preserved)
		turn = find_next_zero_bit(bits, bitmap_frames, pfn);
	else
		turn = find_next_bit(bits, bitmap_frames, pfn);
	*until = min(*until, turn);
	return preserved;
}

u8 frame_page_type(unsigned int kind)
{
	static const u8 types[FRAME_KINDS] = {
		[FRAME_TABLE] = PAGE_TABLE,   [FRAME_ANON] = PAGE_ANON,
		[FRAME_CACHE] = PAGE_CACHE,   [FRAME_PIPE] = PAGE_PIPE,
		[FRAME_DEVICE] = PAGE_KERNEL,
	};

	return types[kind];
}

int retrieve_frame(unsigned long pfn, unsigned int kind)
{
	if (!handover_frame_preserved(pfn))
		return -EINVAL;
	/* a mapped page of a file, or of a pipe: its holder has entered it already */
	if (kind == FRAME_ANON && page_count(pfn_to_page(pfn)) > 0) {
		get_page(pfn_to_page(pfn));
		return 0;
	}
	return page_adopt(pfn, frame_page_type(kind)) ? -EINVAL : 0;
}

static void release_stream(const struct handover_component_ser *component)
{
	u64 next = component->first_block;

	while (next) {
		u64 this = next;

		next = ((struct handover_block_ser *)__va(next))->next;
		free_reserved_frames(this >> PAGE_SHIFT, (this >> PAGE_SHIFT) + 1);
	}
}

/* Everything is retrieved and verified: the handover's own frames are free. */
void release_handover_frames(struct handover_root_ser *root)
{
	bitmap_frames = 0;
	bitmap = NULL;
	for (u32 i = 0; i < root->components; i++)
		release_stream(&root->component[i]);
	free_reserved_frames(root->bitmap >> PAGE_SHIFT, PFN_UP(root->bitmap + root->bitmap_bytes));
}

/* What it carries is for verify.c, which reads it itself. */
const struct liveupdate_class frames_class = {
	.layout = LAYOUT_frames,
	.preserve = preserve_frames,
};
