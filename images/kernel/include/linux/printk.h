/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel log. A message has a level ("<0>" to "<7>" as KERN_* prefixes), a
 * time stamp and goes to a ring of records; records at or above the console
 * level also go to the consoles. May be called from anywhere, NMI included.
 */
#ifndef _LINUX_PRINTK_H
#define _LINUX_PRINTK_H

#include <linux/dynamic_debug.h>
#include <linux/stdarg.h>
#include <linux/types.h>

#define KERN_SOH     "\001"
#define KERN_EMERG   KERN_SOH "0"
#define KERN_ALERT   KERN_SOH "1"
#define KERN_CRIT    KERN_SOH "2"
#define KERN_ERR     KERN_SOH "3"
#define KERN_WARNING KERN_SOH "4"
#define KERN_NOTICE  KERN_SOH "5"
#define KERN_INFO    KERN_SOH "6"
#define KERN_DEBUG   KERN_SOH "7"
#define KERN_DEFAULT ""
#define KERN_CONT    KERN_SOH "c"

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

/* For "%pV": a message inside a message. */
struct va_format {
	const char *fmt;
	va_list *va;
};

int printk(const char *fmt, ...) __printf(1, 2);
int vprintk(const char *fmt, va_list args);

#define pr_emerg(fmt, ...)   printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)   printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)    printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)     printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)    printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)  printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)    printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)    printk(KERN_CONT fmt, ##__VA_ARGS__)
#define pr_debug(fmt, ...)   dynamic_pr_debug(fmt, ##__VA_ARGS__)
#define pr_debug_ratelimited pr_debug
#define pr_warn_once(fmt, ...)                       \
	({                                           \
		static bool __o;                     \
		if (!__o) {                          \
			__o = true;                  \
			pr_warn(fmt, ##__VA_ARGS__); \
		}                                    \
	})
#define pr_info_once(fmt, ...)                       \
	({                                           \
		static bool __o;                     \
		if (!__o) {                          \
			__o = true;                  \
			pr_info(fmt, ##__VA_ARGS__); \
		}                                    \
	})

/*
 * An event in the trace rather than a message, once there is memory for one: a
 * tracer, a marker, or a look at /sys/kernel/tracing/trace asks for it.
 */
int __trace_printk(unsigned long ip, const char *fmt, ...) __printf(2, 3);
#define trace_printk(fmt, ...) __trace_printk(_THIS_IP_, fmt, ##__VA_ARGS__)
#define _THIS_IP_                        \
	({                               \
		__label__ __here;        \
__here:                                  \
		(unsigned long)&&__here; \
	})
void tracing_on(void);
void tracing_off(void);

/* Messages below this level are shown on the consoles: /proc/sys/kernel/printk, dmesg -n. */
#define CONSOLE_LOGLEVEL_SILENT	    0
#define CONSOLE_LOGLEVEL_MIN	    1
#define CONSOLE_LOGLEVEL_QUIET	    4
#define CONSOLE_LOGLEVEL_DEFAULT    7
#define CONSOLE_LOGLEVEL_DEBUG	    10
#define CONSOLE_LOGLEVEL_MOTORMOUTH 15
extern int console_loglevel;

/* Where messages go besides the ring. write() runs with interrupts off. */
struct console {
	const char *name;
	void (*write)(struct console *, const char *text, unsigned int len);
	struct console *next;
	bool early; /* leaves when a console that is not early arrives */
};
void register_console(struct console *);
void early_console_init(void);
struct printk_record; /* abi/records.h */
void printk_adopt(const struct printk_record *);

/*
 * Reading the ring: *seq is the record wanted next (0 = oldest). False if there
 * is nothing yet; *seq jumps forward if records were overwritten.
 */
struct printk_record {
	u64 seq;
	u64 ts_nsec;
	unsigned int level;
	unsigned int len;
	char text[400];
};
bool printk_read(u64 *seq, struct printk_record *rec);
u64 printk_next_seq(void);
struct wait_queue_head;
extern struct wait_queue_head log_wait; /* woken when a record arrives */
void dump_stack(void);

#endif
