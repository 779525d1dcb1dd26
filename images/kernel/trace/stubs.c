// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stubs: what a redirected entry calls.
 *
 * One for each ftrace_ops, 16 bytes:
 *
 *	 0	e8 rel32	call ftrace_caller
 *	 5	90 90 90
 *	 8	the ftrace_ops
 *
 * The call leaves stub + 5 on the stack, from where ftrace_caller finds the ops,
 * and where it stays for as long as the ops is in use: so the stacks say which
 * stubs are (quiesce.c).
 *
 * Promises: a stub lies within reach of a rel32 call from the kernel's and any
 * module's text; its page is never writable where it is executable. The code of
 * a place never changes while its page is there, only the word behind it does,
 * which is read as data: a place can be given to another ops without a protocol.
 * ftrace_lock protects everything but the look-up by address.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/page.h>
#include <asm/text-patching.h>
#include "ftrace_internal.h"

#define STUB_SIZE      16
#define STUB_OPS       8
#define STUBS_PER_PAGE (PAGE_SIZE / STUB_SIZE)

enum { FREE, USED, RETIRED };

struct stub_page {
	struct list_head list;
	unsigned long base;
	unsigned int nr_busy; /* not FREE */
	u8 state[STUBS_PER_PAGE];
};

extern char ftrace_caller[];

static LIST_HEAD(pages);

static void write_code(u8 *at)
{
	s32 distance = (long)ftrace_caller - (long)(at + MCOUNT_INSN_SIZE);

	memset(at, 0x90, STUB_OPS);
	at[0] = CALL_INSN_OPCODE;
	memcpy(at + 1, &distance, sizeof(distance));
}

static struct stub_page *add_page(void)
{
	struct stub_page *page = kzalloc(sizeof(*page), GFP_KERNEL);
	u8 *text = page ? module_alloc(PAGE_SIZE) : NULL;

	if (!text)
		goto fail;
	for (unsigned int i = 0; i < STUBS_PER_PAGE; i++)
		write_code(text + i * STUB_SIZE);
	if (set_module_memory(text, PAGE_SIZE, false, true)) {
		module_memfree(text);
		goto fail;
	}
	page->base = (unsigned long)text;
	/* is_ftrace_trampoline() may be on the list */
	page->list.next = &pages;
	page->list.prev = pages.prev;
	smp_store_release(&pages.prev->next, &page->list);
	pages.prev = &page->list;
	return page;

fail:
	kfree(page);
	return NULL;
}

static void set_ops(unsigned long stub, struct ftrace_ops *ops)
{
	text_poke_early((void *)(stub + STUB_OPS), &ops, sizeof(ops));
}

unsigned long ftrace_stub_alloc(struct ftrace_ops *ops)
{
	struct stub_page *page, *room = NULL;
	unsigned long stub;
	unsigned int i = 0;

	/* the first is made before there is anybody else */
	DEBUG_ASSERT(lockdep_is_held(&ftrace_lock) || system_state == SYSTEM_BOOTING);
	list_for_each_entry(page, &pages, list)
		if (page->nr_busy < STUBS_PER_PAGE) {
			room = page;
			break;
		}
	if (!room)
		room = add_page();
	if (!room)
		return 0;
	while (room->state[i] != FREE)
		i++;
	room->state[i] = USED;
	room->nr_busy++;
	stub = room->base + i * STUB_SIZE;
	set_ops(stub, ops);
	return stub;
}

static notrace struct stub_page *page_of(unsigned long addr)
{
	struct list_head *at;

	for (at = READ_ONCE(pages.next); at != &pages; at = READ_ONCE(at->next)) {
		struct stub_page *page = list_entry(at, struct stub_page, list);

		if (addr - page->base < PAGE_SIZE)
			return page;
	}
	return NULL;
}

void ftrace_stub_retire(unsigned long stub)
{
	struct stub_page *page = page_of(stub);

	lockdep_assert_held(&ftrace_lock);
	page->state[(stub - page->base) / STUB_SIZE] = RETIRED;
}

bool ftrace_is_retired_stub(unsigned long addr)
{
	struct stub_page *page = page_of(addr);

	return page && page->state[(addr - page->base) / STUB_SIZE] == RETIRED;
}

/* Nobody is in them any more; a page without others goes. */
void ftrace_free_retired_stubs(void)
{
	struct stub_page *page, *next;

	lockdep_assert_held(&ftrace_lock);
	list_for_each_entry_safe(page, next, &pages, list) {
		for (unsigned int i = 0; i < STUBS_PER_PAGE; i++)
			if (page->state[i] == RETIRED) {
				page->state[i] = FREE;
				page->nr_busy--;
				set_ops(page->base + i * STUB_SIZE, NULL);
			}
		if (!page->nr_busy) {
			/* its own next stays: a reader may stand on it */
			page->list.next->prev = page->list.prev;
			WRITE_ONCE(page->list.prev->next, page->list.next);
			synchronize_rcu();
			module_memfree((void *)page->base);
			kfree(page);
		}
	}
}

bool is_ftrace_trampoline(unsigned long addr)
{
	bool found;

	preempt_disable_notrace();
	found = page_of(addr);
	preempt_enable_notrace();
	return found;
}
