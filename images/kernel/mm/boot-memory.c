// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory before the page allocator, and the start of the page allocator.
 *
 * Two sources. arena_alloc(): this kernel's own arena behind its image; always
 * there, so an upgrade can start without touching anything that is preserved.
 * early_alloc(): frames above the arenas, for ever; after a handover only frames
 * that the kernel before has not preserved.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>

#define EARLY_RUNS 32

struct frame_run { unsigned long first, end; };

static struct frame_run early_runs[EARLY_RUNS];
static unsigned int nr_early_runs;
static unsigned long early_next = FRAMES_START_PHYS >> PAGE_SHIFT;
static unsigned long arena_next;	/* virtual address */
unsigned long max_pfn;

void page_alloc_init(void);
void free_reserved_frame(unsigned long pfn);

void *arena_alloc(unsigned long size)
{
	void *memory;

	if (!arena_next)
		arena_next = PAGE_ALIGN((unsigned long)_end);
	memory = (void *)arena_next;
	arena_next += PAGE_ALIGN(size);
	if (arena_next > arena_virt + ARENA_SIZE)
		panic("the arena is too small: %lu bytes more than it has",
		      arena_next - arena_virt - ARENA_SIZE);
	memset(memory, 0, size);
	return memory;
}

static bool in_range(unsigned long pfn, u64 start, u64 size)
{
	return pfn >= start >> PAGE_SHIFT && pfn < PFN_UP(start + size);
}

/* RAM that is nobody's: not in a hole, an arena, the initrd or the handover. */
static bool frame_is_free(unsigned long pfn)
{
	u64 phys = PFN_PHYS(pfn);
	bool ram = false;

	if (pfn < FRAMES_START_PHYS >> PAGE_SHIFT)
		return false;
	for (unsigned int i = 0; i < boot_info.nr_ranges; i++) {
		const struct memory_range *range = &boot_info.ranges[i];

		if (phys >= range->start && phys + PAGE_SIZE <= range->start + range->size)
			ram = range->usable;
		else if (!range->usable && phys < range->start + range->size &&
			 phys + PAGE_SIZE > range->start)
			return false;
	}
	if (!ram)
		return false;
	if (boot_info.initrd_size &&
	    in_range(pfn, boot_info.initrd_phys, boot_info.initrd_size))
		return false;
	return !boot_info.handover || !handover_frame_preserved(pfn);
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

void *early_alloc(unsigned long size)
{
	unsigned long frames = PFN_UP(size), run = 0;

	if (!max_pfn)
		max_pfn = last_ram_frame();
	for (unsigned long pfn = early_next; pfn < max_pfn; pfn++) {
		run = frame_is_free(pfn) ? run + 1 : 0;
		if (run < frames)
			continue;
		if (nr_early_runs && early_runs[nr_early_runs - 1].end == pfn + 1 - frames) {
			early_runs[nr_early_runs - 1].end = pfn + 1;
		} else {
			if (nr_early_runs == EARLY_RUNS)
				panic("early_alloc: memory is too fragmented");
			early_runs[nr_early_runs].first = pfn + 1 - frames;
			early_runs[nr_early_runs++].end = pfn + 1;
		}
		early_next = pfn + 1;
		return memset(__va(PFN_PHYS(pfn + 1 - frames)), 0, size);
	}
	panic("early_alloc: out of memory (%lu bytes)", size);
}

static bool taken_early(unsigned long pfn)
{
	for (unsigned int i = 0; i < nr_early_runs; i++)
		if (pfn >= early_runs[i].first && pfn < early_runs[i].end)
			return true;
	return false;
}

void mem_init(void)
{
	if (!max_pfn)
		max_pfn = last_ram_frame();
	page_alloc_init();
	mem_map = early_alloc(max_pfn * sizeof(struct page));
	for (unsigned long pfn = 0; pfn < max_pfn; pfn++)
		pfn_to_page(pfn)->type = PAGE_RESERVED;
	for (unsigned long pfn = 0; pfn < max_pfn; pfn++)
		if (frame_is_free(pfn) && !taken_early(pfn))
			free_reserved_frame(pfn);
	pr_info("Memory: %luK/%luK available\n", nr_free_pages() * 4, max_pfn * 4);
}

/* The initrd has been unpacked. */
void free_initrd_mem(void)
{
	unsigned long first = boot_info.initrd_phys >> PAGE_SHIFT;
	unsigned long end = PFN_UP(boot_info.initrd_phys + boot_info.initrd_size);

	if (!boot_info.initrd_size)
		return;
	boot_info.initrd_size = 0;
	for (unsigned long pfn = first; pfn < end; pfn++)
		if (pfn_valid(pfn) && frame_is_free(pfn))
			free_reserved_frame(pfn);
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
