// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The trace: a ring of events for each CPU.
 *
 * Only its CPU writes a ring, with interrupts off; an NMI that finds a write half
 * done drops its event (@busy). An event's number is 0 from before its first byte
 * is written until after its last one: a reader copies, and takes the copy only
 * if the number was the same before and after. What is on the way from an entry
 * to its event calls nothing, for whatever it called might be traced too.
 *
 * The oldest events make room. ring_mutex keeps readers apart.
 */
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>
#include "trace.h"

#define PER_PAGE (PAGE_SIZE / sizeof(struct trace_entry))
#define PAGES	 256
#define ENTRIES	 (PER_PAGE * PAGES)

struct ring {
	struct trace_entry **pages; /* NULL: nothing is recorded */
	u64 written;		    /* events so far: the number of the last */
	u64 consumed;		    /* events that readers have had; ring_mutex */
	bool busy;
};

static DEFINE_PER_CPU(struct ring, rings);
DEFINE_MUTEX(ring_mutex);
bool ring_is_on = true;

/* ---- writing ---- */

static __always_inline struct trace_entry *entry_at(const struct ring *ring, u64 number)
{
	u64 slot = number % ENTRIES;

	return &ring->pages[slot / PER_PAGE][slot % PER_PAGE];
}

/* memcpy() may be traced. */
static __always_inline void copy_bytes(char *to, const char *from, unsigned long count)
{
	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static __always_inline void describe_context(struct trace_entry *entry, unsigned long flags)
{
	const struct task_struct *task = current;
	unsigned int count = preempt_count();

	entry->pid = task->pid;
	copy_bytes(entry->comm, task->comm, TASK_COMM_LEN);
	entry->irqs_off = irqs_disabled_flags(flags);
	entry->need_resched = task->thread_info.flags & _TIF_NEED_RESCHED;
	entry->hardirq = count & HARDIRQ_MASK;
	entry->nmi = count & NMI_MASK;
	entry->preempt_depth = count & PREEMPT_MASK;
}

static __always_inline void write_entry(enum trace_type type, unsigned long ip,
					unsigned long parent_ip, const char *text,
					unsigned int length)
{
	struct trace_entry *entry;
	struct ring *ring;
	unsigned long flags;

	local_irq_save(flags);
	ring = this_cpu_ptr(&rings);
	if (READ_ONCE(ring->pages) && !ring->busy && READ_ONCE(ring_is_on)) {
		ring->busy = true;
		barrier();
		entry = entry_at(ring, ring->written + 1);
		WRITE_ONCE(entry->number, 0);
		smp_wmb();
		entry->time = local_clock();
		entry->ip = ip;
		entry->parent_ip = parent_ip;
		entry->cpu = smp_processor_id();
		entry->type = type;
		describe_context(entry, flags);
		entry->length = length;
		copy_bytes(entry->text, text, length);
		smp_store_release(&entry->number, ring->written + 1);
		smp_store_release(&ring->written, ring->written + 1);
		barrier();
		ring->busy = false;
	}
	local_irq_restore(flags);
}

notrace void ring_write_function(unsigned long ip, unsigned long parent_ip)
{
	write_entry(TRACE_FN, ip, parent_ip, NULL, 0);
}

notrace void ring_write_text(unsigned long ip, const char *text, unsigned int length)
{
	write_entry(TRACE_PRINT, ip, 0, text, min_t(unsigned int, length, TRACE_TEXT_MAX));
}

int __trace_printk(unsigned long ip, const char *fmt, ...)
{
	char text[TRACE_TEXT_MAX];
	va_list args;
	int length;

	va_start(args, fmt);
	length = vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ring_write_text(ip, text, length);
	return length;
}
EXPORT_SYMBOL(__trace_printk);

void tracing_on(void)
{
	WRITE_ONCE(ring_is_on, true);
}

void tracing_off(void)
{
	WRITE_ONCE(ring_is_on, false);
}
EXPORT_SYMBOL(tracing_on);
EXPORT_SYMBOL(tracing_off);

/* ---- memory ---- */

static struct trace_entry **alloc_pages_of_ring(void)
{
	struct trace_entry **pages = (void *)get_zeroed_page(GFP_KERNEL);
	unsigned int i;

	for (i = 0; pages && i < PAGES; i++) {
		pages[i] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!pages[i])
			break;
	}
	if (!pages || i == PAGES)
		return pages;
	while (i--)
		free_page((unsigned long)pages[i]);
	free_page((unsigned long)pages);
	return NULL;
}

_Static_assert(PAGES * sizeof(void *) <= PAGE_SIZE, "a page has the pointers of a ring");

int ring_alloc(void)
{
	unsigned int cpu;
	int ret = 0;

	mutex_lock(&ring_mutex);
	for_each_online_cpu(cpu) {
		struct ring *ring = &per_cpu(rings, cpu);
		struct trace_entry **pages = ring->pages ? ring->pages : alloc_pages_of_ring();

		if (!pages)
			ret = -ENOMEM;
		/* complete before the CPU may see it */
		smp_store_release(&ring->pages, pages);
	}
	mutex_unlock(&ring_mutex);
	return ret;
}

/* ---- reading ---- */

static u64 oldest_of(const struct ring *ring)
{
	u64 written = smp_load_acquire(&ring->written);

	/* the one after the last may be being written, where the oldest was */
	return max_t(u64, ring->consumed, written >= ENTRIES ? written - ENTRIES + 1 : 0) + 1;
}

void ring_start(struct ring_reader *reader)
{
	unsigned int cpu;

	lockdep_assert_held(&ring_mutex);
	for_each_online_cpu(cpu)
		reader->next[cpu] = oldest_of(&per_cpu(rings, cpu));
}

/* False: it is not there any more. */
static bool take_copy(const struct ring *ring, u64 number, struct trace_entry *copy)
{
	const struct trace_entry *entry = entry_at(ring, number);

	if (smp_load_acquire(&entry->number) != number)
		return false;
	*copy = *entry;
	smp_rmb();
	return READ_ONCE(entry->number) == number;
}

/* The event that @cpu has next, if there is one. */
static bool peek(struct ring_reader *reader, unsigned int cpu, struct trace_entry *copy)
{
	const struct ring *ring = &per_cpu(rings, cpu);

	if (!ring->pages)
		return false;
	while (reader->next[cpu] <= smp_load_acquire(&ring->written)) {
		reader->next[cpu] = max_t(u64, reader->next[cpu], oldest_of(ring));
		if (take_copy(ring, reader->next[cpu], copy))
			return true;
		reader->next[cpu]++;
	}
	return false;
}

bool ring_next(struct ring_reader *reader, struct trace_entry *first)
{
	static struct trace_entry copy; /* ring_mutex */
	bool found = false;
	unsigned int cpu;

	lockdep_assert_held(&ring_mutex);
	for_each_online_cpu(cpu) {
		if (!peek(reader, cpu, &copy) || (found && copy.time >= first->time))
			continue;
		*first = copy;
		found = true;
	}
	if (found)
		reader->next[first->cpu]++;
	return found;
}

void ring_consume(const struct ring_reader *reader)
{
	unsigned int cpu;

	lockdep_assert_held(&ring_mutex);
	for_each_online_cpu(cpu)
		per_cpu(rings, cpu).consumed = reader->next[cpu] - 1;
}

void ring_clear(void)
{
	unsigned int cpu;

	mutex_lock(&ring_mutex);
	for_each_online_cpu(cpu)
		per_cpu(rings, cpu).consumed = per_cpu(rings, cpu).written;
	mutex_unlock(&ring_mutex);
}

u64 ring_written(void)
{
	u64 written = 0;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		written += READ_ONCE(per_cpu(rings, cpu).written);
	return written;
}
