// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Terminals. A tty_struct is the line discipline and what user space sees; a
 * tty_port below it is the hardware. The state of both is plain, so that a live
 * upgrade can take it along: tty_for_each() and struct tty_state.
 *
 * Locking: tty->lock (spin, interrupts off) protects buffers and settings,
 * because characters arrive in interrupts; port->lock the hardware.
 * Order: tty->lock, port->lock.
 */
#ifndef _LINUX_TTY_H
#define _LINUX_TTY_H

#include <linux/types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define NCCS	  19
#define TTY_INPUT 4096 /* bytes of input not read yet; a power of two */

struct ktermios { /* struct termios of the ABI, 36 bytes */
	u32 c_iflag, c_oflag, c_cflag, c_lflag;
	u8 c_line;
	u8 c_cc[NCCS];
};

struct winsize {
	u16 ws_row, ws_col, ws_xpixel, ws_ypixel;
};

/* c_cc */
#define VINTR	 0
#define VQUIT	 1
#define VERASE	 2
#define VKILL	 3
#define VEOF	 4
#define VTIME	 5
#define VMIN	 6
#define VSTART	 8
#define VSTOP	 9
#define VSUSP	 10
#define VEOL	 11
#define VREPRINT 12
#define VWERASE	 14
#define VLNEXT	 15
#define VEOL2	 16
/* c_iflag */
#define ISTRIP	 0000040
#define INLCR	 0000100
#define IGNCR	 0000200
#define ICRNL	 0000400
#define IXON	 0002000
/* c_oflag */
#define OPOST	 0000001
#define ONLCR	 0000004
#define OCRNL	 0000010
/* c_cflag */
#define B115200	 0010002
#define CS8	 0000060
#define CREAD	 0000200
#define CLOCAL	 0004000
/* c_lflag */
#define ISIG	 0000001
#define ICANON	 0000002
#define ECHO	 0000010
#define ECHOE	 0000020
#define ECHOK	 0000040
#define ECHONL	 0000100
#define NOFLSH	 0000200
#define TOSTOP	 0000400
#define ECHOCTL	 0001000
#define ECHOKE	 0004000
#define IEXTEN	 0100000

/* What of a terminal an upgrade takes along. */
struct tty_state {
	struct ktermios termios;
	struct winsize winsize;
	int session, pgrp;	 /* numbers of processes, 0 = none */
	unsigned int read_head;	 /* free-running: [tail, canon) are whole lines, */
	unsigned int canon_head; /* [canon, head) is the line being typed */
	unsigned int read_tail;
	unsigned int column;	   /* where the cursor is, for erasing tabs */
	unsigned int canon_column; /* where the line being typed began */
	bool stopped;		   /* by VSTOP */
	bool lnext;		   /* the next character is taken literally */
	unsigned long signals;	   /* typed, not sent yet: sigmask() of each */
	char buf[TTY_INPUT];
	/* bit i: buf[i] is a line's end by VEOF, that is, of no length */
	unsigned long eof_marks[TTY_INPUT / 64];
};

struct tty_struct;

struct tty_port_operations {
	/* takes what there is room for; gives how many bytes */
	size_t (*write)(struct tty_struct *, const char *, size_t);
	size_t (*write_room)(struct tty_struct *);
	/* bytes not sent yet */
	size_t (*chars_in_buffer)(struct tty_struct *);
	void (*set_stopped)(struct tty_struct *, bool);
};

struct tty_struct {
	const char *name; /* "ttyS0" */
	int index;
	const struct tty_port_operations *ops;
	void *port;
	spinlock_t lock; /* protects s */
	struct tty_state s;
	wait_queue_head_t read_wait, write_wait;
	struct work_struct signal_work; /* sends s.signals; queue it after an adoption */
};

extern const struct file_operations tty_fops;

int tty_register(struct tty_struct *);
void tty_init_state(struct tty_state *);
int tty_for_each(int (*fn)(struct tty_struct *, void *), void *);
struct tty_struct *tty_by_index(int index);
struct file;
struct tty_struct *file_tty(struct file *); /* NULL if not a terminal */
/* a character has arrived; in the interrupt, with interrupts off */
void tty_receive(struct tty_struct *, const char *, size_t);
/* there is room for output again; from the interrupt */
void tty_write_wakeup(struct tty_struct *);
/* the session leader goes: its terminal belongs to nobody */
void tty_session_leader_exit(int session);
void tty_init(void);

#endif
