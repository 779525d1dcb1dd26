// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory before the page allocator, and the start of the page allocator.
 *
 * early_alloc() gives frames above the arenas, for ever; after a handover only
 * frames that the kernel before has not preserved.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <abi/memory.h>
#include "internal.h"

#define EARLY_RUNS 32

/* mem_map, page tables, stacks, and what init needs to start a shell: measured with one CPU to 16. */
#define WORKING_MEMORY 0x100000

static const struct {
	u32 name_size, size, type;
	char name[8];
	struct memory_note note;
} __attribute__((packed)) memory_note __used __aligned(4) __section(".note.scion") = {
	.name_size = 6,
	.size = sizeof(struct memory_note),
	.type = NT_SCION_MEMORY,
	.name = "Scion",
	.note = { .frames_start = FRAMES_START_PHYS, .working = WORKING_MEMORY },
};

struct frame_run {
	unsigned long first, end;
};

static struct frame_run early_runs[EARLY_RUNS];
static unsigned int nr_early_runs;
unsigned long max_pfn;

/* Is @pfn in [first, end)? Lowers *until to where the answer turns. */
static bool inside(unsigned long pfn, unsigned long first, unsigned long end, unsigned long *until)
{
	if (pfn >= first && pfn < end) {
		*until = min(*until, end);
		return true;
	}
	if (pfn < first)
		*until = min(*until, first);
	return false;
}

/*
 * RAM that is nobody's: not in a hole, an arena, the initrd or the handover,
 * and not taken by early_alloc(). What is true of @pfn is true of every frame
 * before *until.
 */
static bool frame_is_free(unsigned long pfn, unsigned long *until)
{
	bool ram = false, taken;

	*until = max_pfn;
	taken = inside(pfn, 0, FRAMES_START_PHYS >> PAGE_SHIFT, until);
	for (unsigned int i = 0; i < boot_info.nr_ranges; i++) {
		u64 start = boot_info.ranges[i].start, end = start + boot_info.ranges[i].size;

		/* a frame is RAM only as a whole, and touched by any part */
		if (boot_info.ranges[i].usable)
			ram |= inside(pfn, PFN_UP(start), end >> PAGE_SHIFT, until);
		else
			taken |= inside(pfn, start >> PAGE_SHIFT, PFN_UP(end), until);
	}
	if (boot_info.initrd_size)
		taken |= inside(pfn, boot_info.initrd_phys >> PAGE_SHIFT,
				PFN_UP(boot_info.initrd_phys + boot_info.initrd_size), until);
	for (unsigned int i = 0; i < nr_early_runs; i++)
		taken |= inside(pfn, early_runs[i].first, early_runs[i].end, until);
	if (boot_info.handover)
		taken |= handover_run_preserved(pfn, until);
	return ram && !taken;
}

/* The first run of free frames at or after @pfn; false if there is none. */
static bool next_free_run(unsigned long pfn, struct frame_run *run)
{
	unsigned long until;

	while (pfn < max_pfn && !frame_is_free(pfn, &until))
		pfn = until;
	run->first = run->end = pfn;
	while (run->end < max_pfn && frame_is_free(run->end, &until))
		run->end = until;
	return run->first < run->end;
}

static unsigned long last_ram_frame(void)
{
	unsigned long end = 0;

	for (unsigned int i = 0; i < boot_info.nr_ranges; i++)
		if (boot_info.ranges[i].usable)
			end = max_t(unsigned long, end,
				    (boot_info.ranges[i].start + boot_info.ranges[i].size) >>
					    PAGE_SHIFT);
	return end;
}

static void note_early_run(unsigned long first, unsigned long end)
{
	if (nr_early_runs && early_runs[nr_early_runs - 1].end == first) {
		early_runs[nr_early_runs - 1].end = end;
		return;
	}
	if (nr_early_runs == EARLY_RUNS)
		panic("early_alloc: memory is too fragmented");
	early_runs[nr_early_runs].first = first;
	early_runs[nr_early_runs++].end = end;
}

void *early_alloc(unsigned long size)
{
	unsigned long frames = PFN_UP(size);
	struct frame_run run = { 0, 0 };

	DEBUG_ASSERT(!totalram_pages); /* the page allocator gives frames from then on */
	if (!max_pfn)
		max_pfn = last_ram_frame();
	while (next_free_run(run.end, &run)) {
		if (run.end - run.first < frames)
			continue;
		note_early_run(run.first, run.first + frames);
		return memset(__va(PFN_PHYS(run.first)), 0, size);
	}
	panic("early_alloc: out of memory (%lu bytes)", size);
}

void mem_init(void)
{
	struct frame_run run = { 0, 0 };

	if (!max_pfn)
		max_pfn = last_ram_frame();
	page_alloc_init();
	mem_map = early_alloc(max_pfn * sizeof(struct page));
	while (next_free_run(run.end, &run))
		free_reserved_frames(run.first, run.end);
	pr_info("Memory: %luK/%luK available\n", nr_free_pages() * 4, max_pfn * 4);
}

/* The initrd has been unpacked. */
void free_initrd_mem(void)
{
	unsigned long first = boot_info.initrd_phys >> PAGE_SHIFT;
	unsigned long end = min(PFN_UP(boot_info.initrd_phys + boot_info.initrd_size), max_pfn);
	unsigned long until;

	if (!boot_info.initrd_size)
		return;
	boot_info.initrd_size = 0;
	for (unsigned long pfn = first; pfn < end; pfn = until) {
		bool free = frame_is_free(pfn, &until);

		until = min(until, end);
		if (free)
			free_reserved_frames(pfn, until);
	}
}

/*
 * Live upgrade: a preserved frame gets its place in this kernel's books, once
 * for each holder. The first use decides what it is; another kind later is a
 * contradiction.
 */
int page_adopt(unsigned long pfn, enum page_type type)
{
	struct page *page = pfn_to_page(pfn);

	if (!pfn_valid(pfn))
		return -1;
	if (page_count(page) == 0) {
		page->type = type;
		page->order = 0;
		atomic_set(&page->_refcount, 1);
		totalram_pages++;
		return 0;
	}
	if (page->type != type)
		return -1;
	get_page(page);
	return 0;
}
