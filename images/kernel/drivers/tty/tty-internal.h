// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between tty.c (what user space sees) and n-tty.c (what characters mean).
 */
#ifndef _TTY_INTERNAL_H
#define _TTY_INTERNAL_H

#include <linux/tty.h>

struct file;

ssize_t n_tty_read(struct tty_struct *, struct file *, char __user *, size_t);
/* takes as many as there is room for, with output processing */
size_t n_tty_write(struct tty_struct *, const char *, size_t);
/* bytes a read would give now; an end of file counts as one */
unsigned int n_tty_readable(struct tty_struct *);
/* with tty->lock: */
void n_tty_flush_input(struct tty_struct *);
void n_tty_mode_changed(struct tty_struct *, const struct ktermios *mode);

#endif
