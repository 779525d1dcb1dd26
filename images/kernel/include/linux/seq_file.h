// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files whose text is made when they are read. show() prints the whole text
 * into a buffer that grows; a reader then takes it in pieces, so one open sees
 * one consistent text. Reading from position 0 again makes it anew.
 * Must not know what is printed.
 */
#ifndef _LINUX_SEQ_FILE_H
#define _LINUX_SEQ_FILE_H

#include <linux/types.h>
#include <linux/stdarg.h>
#include <linux/mutex.h>

struct file;
struct inode;

struct seq_file {
	struct mutex lock; /* protects what follows */
	char *buf;
	size_t size;  /* of buf */
	size_t count; /* bytes of text */
	bool filled;
	bool overflow; /* buf was too small; show() runs again */
	int (*show)(struct seq_file *, void *);
	void *private;
	struct file *file;
};

int single_open(struct file *, int (*show)(struct seq_file *, void *), void *data);
int single_release(struct inode *, struct file *);
ssize_t seq_read(struct file *, char __user *, size_t, loff_t *);
loff_t seq_lseek(struct file *, loff_t, int);

void seq_printf(struct seq_file *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void seq_puts(struct seq_file *, const char *);
void seq_putc(struct seq_file *, char);
int seq_write(struct seq_file *, const void *, size_t);

#endif
