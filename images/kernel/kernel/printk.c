// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel log: a ring of bytes with one record per line, and the consoles.
 *
 * Promises: works from the first instruction in C to the last line of a panic,
 * in any context. A message that comes while the same CPU is inside (an oops in
 * a console driver, an NMI) goes to the ring without the lock being waited for
 * more than a bounded time. Oldest records make room. Lines that a reader has
 * missed are skipped by printk_read(). Must not know what the consoles are.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>

#define LOG_SIZE  (1 << 17)
#define LINE_MAX  400
#define LOG_ALIGN 8

/* A record in the ring; records never wrap: the rest of the ring is skipped. */
struct log_record {
	u64 ts_nsec;
	u16 total;  /* bytes with this header; 0 = go on at the start */
	u16 length; /* of the text */
	u8 level;
};

static DEFINE_RAW_SPINLOCK(log_lock); /* everything static here but the consoles */
static char log_buffer[LOG_SIZE] __aligned(LOG_ALIGN);
static u32 log_first, log_next; /* offsets */
static u64 log_first_seq, log_next_seq;

/* A line that has no newline yet. */
static char line[LINE_MAX];
static unsigned int line_length, line_level;
static u64 line_time;

static struct console *consoles; /* log_lock */
int console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;
DECLARE_WAIT_QUEUE_HEAD(log_wait);

static struct log_record *record_at(u32 offset)
{
	return (struct log_record *)(log_buffer + offset);
}

static u32 record_after(u32 offset)
{
	u32 next = offset + record_at(offset)->total;

	if (next + sizeof(struct log_record) > LOG_SIZE || !record_at(next)->total)
		return 0;
	return next;
}

static void drop_oldest(void)
{
	log_first = record_after(log_first);
	log_first_seq++;
}

static bool is_free(u32 from, u32 size)
{
	if (log_first_seq == log_next_seq)
		return true;
	return log_first >= from + size || log_first < from;
}

static void store(unsigned int level, u64 ts, const char *text, unsigned int length)
{
	u32 size = ALIGN(sizeof(struct log_record) + length, LOG_ALIGN);
	struct log_record *record;

	if (log_next + size + sizeof(struct log_record) > LOG_SIZE) {
		while (log_first_seq != log_next_seq && log_first >= log_next)
			drop_oldest();
		memset(record_at(log_next), 0, sizeof(struct log_record));
		log_next = 0;
	}
	while (!is_free(log_next, size + sizeof(struct log_record)))
		drop_oldest();
	if (log_first_seq == log_next_seq)
		log_first = log_next;
	record = record_at(log_next);
	record->ts_nsec = ts;
	record->total = size;
	record->length = length;
	record->level = level;
	memcpy(record + 1, text, length);
	log_next += size;
	record_at(log_next)->total = 0;
	log_next_seq++;
}

static void write_consoles(unsigned int level, u64 ts, const char *text, unsigned int length)
{
	char prefix[32];
	int n;

	if ((int)level >= console_loglevel && !oops_in_progress)
		return;
	n = scnprintf(prefix, sizeof(prefix), "[%5lu.%06lu] ", (unsigned long)(ts / 1000000000),
		      (unsigned long)(ts % 1000000000 / 1000));
	for (struct console *con = consoles; con; con = con->next) {
		con->write(con, prefix, n);
		con->write(con, text, length);
		con->write(con, "\n", 1);
	}
}

static void flush_line(void)
{
	store(line_level, line_time, line, line_length);
	write_consoles(line_level, line_time, line, line_length);
	line_length = 0;
}

static void append(char c)
{
	if (line_length == LINE_MAX)
		flush_line();
	line[line_length++] = c;
}

/* Takes the lock; in an oops or NMI gives up after a while and goes on without. */
static bool lock_log(unsigned long *flags)
{
	local_irq_save(*flags);
	preempt_disable();
	for (int i = 0; i < 1000000 || !(oops_in_progress || in_nmi()); i++) {
		if (arch_spin_trylock(&log_lock))
			return true;
		cpu_relax();
	}
	return false;
}

static void unlock_log(bool locked, unsigned long flags)
{
	if (locked)
		arch_spin_unlock(&log_lock);
	local_irq_restore(flags);
	preempt_enable_no_resched();
}

int vprintk(const char *fmt, va_list args)
{
	static char text[1024]; /* log_lock */
	unsigned long flags;
	const char *p = text;
	unsigned int level = 4;
	bool cont = false, complete;
	bool locked = lock_log(&flags);
	int length = vscnprintf(text, sizeof(text), fmt, args);

	while (p[0] == KERN_SOH[0] && p[1]) {
		if (p[1] >= '0' && p[1] <= '7')
			level = p[1] - '0';
		else if (p[1] == 'c')
			cont = true;
		p += 2;
	}
	if (line_length && !cont)
		flush_line();
	for (; *p; p++) {
		if (line_length == 0) {
			line_level = level;
			line_time = local_clock();
		}
		if (*p != '\n')
			append(*p);
		else
			flush_line();
	}
	complete = line_length == 0;
	unlock_log(locked, flags);
	/* A waker takes locks: not from where they may be held. */
	if (complete && !in_interrupt() && !irqs_disabled_flags(flags) && preempt_count() == 0)
		wake_up_interruptible(&log_wait);
	return length;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vprintk(fmt, args);
	va_end(args);
	return length;
}

bool printk_read(u64 *seq, struct printk_record *out)
{
	struct log_record *record;
	unsigned long flags;
	bool locked, found;
	u32 offset;

	locked = lock_log(&flags);
	if (*seq < log_first_seq)
		*seq = log_first_seq;
	found = *seq < log_next_seq;
	if (found) {
		offset = log_first;
		for (u64 at = log_first_seq; at < *seq; at++)
			offset = record_after(offset);
		record = record_at(offset);
		out->seq = *seq;
		out->ts_nsec = record->ts_nsec;
		out->level = record->level;
		out->len = min_t(unsigned int, record->length, sizeof(out->text) - 1);
		memcpy(out->text, record + 1, out->len);
		out->text[out->len] = 0;
	}
	unlock_log(locked, flags);
	return found;
}

u64 printk_next_seq(void)
{
	return READ_ONCE(log_next_seq);
}

/*
 * Live upgrade: puts a record of the old kernel into the ring, before anything
 * of this kernel's own that is younger. Not shown on the consoles again.
 */
void printk_adopt(const struct printk_record *record)
{
	unsigned long flags;
	bool locked = lock_log(&flags);

	if (line_length)
		flush_line();
	store(record->level, record->ts_nsec, record->text, record->len);
	unlock_log(locked, flags);
}

static int set_loglevel(char *value)
{
	return kstrtoint(value, 10, &console_loglevel);
}
__setup("loglevel", set_loglevel);

static int set_quiet(char *unused)
{
	console_loglevel = CONSOLE_LOGLEVEL_QUIET;
	return 0;
}
__setup("quiet", set_quiet);

void register_console(struct console *con)
{
	unsigned long flags;
	bool locked = lock_log(&flags);
	struct console **link = &consoles;

	while (*link) {
		if ((*link)->early && !con->early)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
	con->next = NULL;
	*link = con;
	unlock_log(locked, flags);
}
