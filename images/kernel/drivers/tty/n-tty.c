// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line discipline: what typed characters mean (termios(3)).
 *
 * Input is a ring with three free-running marks: [tail, canon) can be read in
 * canonical mode, [canon, head) is the line being typed and can still be
 * erased. Each character is processed and echoed when it arrives, in the
 * interrupt, with tty->lock. An end of file is a byte in the ring with its mark
 * set: a read stops there without giving it.
 */
#include <linux/fs.h>
#include <linux/tty.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/uaccess.h>
#include <linux/time.h>
#include "tty-internal.h"

#define AT(i) ((i) % TTY_INPUT)

static bool is_eof_mark(struct tty_state *s, unsigned int i)
{
	return s->eof_marks[AT(i) / 64] & (1UL << (AT(i) % 64));
}

static void set_eof_mark(struct tty_state *s, unsigned int i, bool on)
{
	if (on)
		s->eof_marks[AT(i) / 64] |= 1UL << (AT(i) % 64);
	else
		s->eof_marks[AT(i) / 64] &= ~(1UL << (AT(i) % 64));
}

/* ---- output; with tty->lock ---- */

/* One character with output processing: false if there is no room for it. */
static bool put_output(struct tty_struct *tty, char c)
{
	struct tty_state *s = &tty->s;
	size_t room = tty->ops->write_room(tty);

	lockdep_assert_held(&tty->lock);
	if (s->termios.c_oflag & OPOST) {
		if (c == '\n' && (s->termios.c_oflag & ONLCR)) {
			if (room < 2)
				return false;
			s->column = 0;
			tty->ops->write(tty, "\r\n", 2);
			return true;
		}
		if (c == '\r' && (s->termios.c_oflag & OCRNL))
			c = '\n';
	}
	if (room < 1)
		return false;
	if (c == '\r')
		s->column = 0;
	else if (c == '\b' && s->column)
		s->column--;
	else if (c == '\t')
		s->column = (s->column | 7) + 1;
	else if ((unsigned char)c >= 32 && ((unsigned char)c & 0xc0) != 0x80 && c != 127)
		s->column++;
	tty->ops->write(tty, &c, 1);
	return true;
}

size_t n_tty_write(struct tty_struct *tty, const char *text, size_t count)
{
	unsigned long flags;
	size_t done;

	spin_lock_irqsave(&tty->lock, flags);
	for (done = 0; done < count; done++)
		if (!put_output(tty, text[done]))
			break;
	spin_unlock_irqrestore(&tty->lock, flags);
	return done;
}

/* ---- echo; with tty->lock ---- */

static bool is_control(u8 c)
{
	return (c < 32 && c != '\t' && c != '\n') || c == 127;
}

static void echo_char(struct tty_struct *tty, u8 c)
{
	u32 lflag = tty->s.termios.c_lflag;

	lockdep_assert_held(&tty->lock);
	if (!(lflag & ECHO) && !(c == '\n' && (lflag & ECHONL) && (lflag & ICANON)))
		return;
	if (is_control(c) && (lflag & ECHOCTL)) {
		put_output(tty, '^');
		put_output(tty, c ^ 64);
	} else {
		put_output(tty, c);
	}
}

/* Columns that the line being typed takes up to (not including) @end. */
static unsigned int line_column(struct tty_struct *tty, unsigned int end)
{
	struct tty_state *s = &tty->s;
	unsigned int column = s->canon_column, i;

	for (i = s->canon_head; i != end; i++) {
		u8 c = s->buf[AT(i)];

		if (c == '\t')
			column = (column | 7) + 1;
		else if (is_control(c))
			column += s->termios.c_lflag & ECHOCTL ? 2 : 0;
		else if ((c & 0xc0) != 0x80)
			column++;
	}
	return column;
}

/* Take back the last typed character, and wipe it from the screen. */
static void erase_one(struct tty_struct *tty)
{
	struct tty_state *s = &tty->s;
	unsigned int from = line_column(tty, s->read_head), to;
	bool tab;

	lockdep_assert_held(&tty->lock);
	/* a character of UTF-8 goes as a whole */
	while (s->read_head != s->canon_head + 1 &&
	       ((u8)s->buf[AT(s->read_head - 1)] & 0xc0) == 0x80)
		s->read_head--;
	s->read_head--;
	tab = s->buf[AT(s->read_head)] == '\t';
	if (!(s->termios.c_lflag & ECHO))
		return;
	if (!(s->termios.c_lflag & ECHOE)) {
		echo_char(tty, s->termios.c_cc[VERASE]);
		return;
	}
	to = line_column(tty, s->read_head);
	while (from-- > to) {
		put_output(tty, '\b');
		if (!tab) {
			put_output(tty, ' ');
			put_output(tty, '\b');
		}
	}
}

static void erase_line(struct tty_struct *tty)
{
	struct tty_state *s = &tty->s;

	lockdep_assert_held(&tty->lock);
	if ((s->termios.c_lflag & (ECHO | ECHOKE)) == (ECHO | ECHOKE)) {
		while (s->read_head != s->canon_head)
			erase_one(tty);
		return;
	}
	s->read_head = s->canon_head;
	echo_char(tty, s->termios.c_cc[VKILL]);
	if (s->termios.c_lflag & ECHOK)
		echo_char(tty, '\n');
	s->canon_column = s->column;
}

static void erase_word(struct tty_struct *tty)
{
	struct tty_state *s = &tty->s;

	lockdep_assert_held(&tty->lock);
	while (s->read_head != s->canon_head && s->buf[AT(s->read_head - 1)] == ' ')
		erase_one(tty);
	while (s->read_head != s->canon_head && s->buf[AT(s->read_head - 1)] != ' ')
		erase_one(tty);
}

static void reprint_line(struct tty_struct *tty)
{
	struct tty_state *s = &tty->s;
	unsigned int i;

	lockdep_assert_held(&tty->lock);
	echo_char(tty, s->termios.c_cc[VREPRINT]);
	put_output(tty, '\n');
	s->canon_column = 0;
	for (i = s->canon_head; i != s->read_head; i++)
		echo_char(tty, s->buf[AT(i)]);
}

/* ---- input; with tty->lock ---- */

void n_tty_flush_input(struct tty_struct *tty)
{
	struct tty_state *s = &tty->s;

	lockdep_assert_held(&tty->lock);
	s->read_tail = s->canon_head = s->read_head;
	memset(s->eof_marks, 0, sizeof(s->eof_marks));
}

/* What was typed counts as read-able when lines no longer matter. */
void n_tty_mode_changed(struct tty_struct *tty, const struct ktermios *mode)
{
	struct tty_state *s = &tty->s;

	lockdep_assert_held(&tty->lock);
	if ((s->termios.c_lflag ^ mode->c_lflag) & ICANON) {
		s->canon_head = s->read_head;
		s->canon_column = s->column;
		s->lnext = false;
		if (!(mode->c_lflag & ICANON))
			memset(s->eof_marks, 0, sizeof(s->eof_marks));
	}
	if (!(mode->c_iflag & IXON) && s->stopped) {
		s->stopped = false;
		tty->ops->set_stopped(tty, false);
	}
}

static bool put_input(struct tty_struct *tty, u8 c, bool eof)
{
	struct tty_state *s = &tty->s;
	/* in canonical mode one place stays free for the end of the line */
	unsigned int kept = (s->termios.c_lflag & ICANON) && c != '\n' && !eof;

	if (s->read_head - s->read_tail + kept >= TTY_INPUT)
		return false;
	s->buf[AT(s->read_head)] = c;
	set_eof_mark(s, s->read_head, eof);
	s->read_head++;
	return true;
}

static void line_done(struct tty_struct *tty)
{
	tty->s.canon_head = tty->s.read_head;
	tty->s.canon_column = tty->s.column;
}

/* Gives the signal a character stands for, or 0. */
static int signal_of(struct tty_state *s, u8 c)
{
	if (!(s->termios.c_lflag & ISIG) || !c)
		return 0;
	return c == s->termios.c_cc[VINTR]   ? SIGINT
	       : c == s->termios.c_cc[VQUIT] ? SIGQUIT
	       : c == s->termios.c_cc[VSUSP] ? SIGTSTP
					     : 0;
}

/* In canonical mode: was @c an editing character, now done? */
static bool edit_line(struct tty_struct *tty, u8 c)
{
	struct tty_state *s = &tty->s;
	const u8 *cc = s->termios.c_cc;
	bool extended = s->termios.c_lflag & IEXTEN;

	if (c && (c == cc[VERASE] || (c == '\b' && cc[VERASE] == 127))) {
		if (s->read_head != s->canon_head)
			erase_one(tty);
		return true;
	}
	if (c && c == cc[VKILL]) {
		erase_line(tty);
		return true;
	}
	if (c && c == cc[VEOF]) {
		put_input(tty, 0, true);
		line_done(tty);
		return true;
	}
	if (extended && c && c == cc[VWERASE]) {
		erase_word(tty);
		return true;
	}
	if (extended && c && c == cc[VREPRINT]) {
		reprint_line(tty);
		return true;
	}
	if (extended && c && c == cc[VLNEXT]) {
		s->lnext = true;
		return true;
	}
	return false;
}

static void receive_one(struct tty_struct *tty, u8 c, int *sig)
{
	struct tty_state *s = &tty->s;
	const u8 *cc = s->termios.c_cc;
	u32 iflag = s->termios.c_iflag;
	bool canonical = s->termios.c_lflag & ICANON;
	int signal;

	if (s->lnext) {
		s->lnext = false;
		goto store;
	}
	if (iflag & ISTRIP)
		c &= 127;
	if (iflag & IXON) {
		if (c == cc[VSTOP] || c == cc[VSTART]) {
			s->stopped = c == cc[VSTOP];
			tty->ops->set_stopped(tty, s->stopped);
			return;
		}
		if (s->stopped && (signal_of(s, c))) {
			s->stopped = false;
			tty->ops->set_stopped(tty, false);
		}
	}
	signal = signal_of(s, c);
	if (signal) {
		if (!(s->termios.c_lflag & NOFLSH))
			n_tty_flush_input(tty);
		echo_char(tty, c);
		s->canon_column = s->column;
		*sig = signal;
		return;
	}
	if (c == '\r') {
		if (iflag & IGNCR)
			return;
		if (iflag & ICRNL)
			c = '\n';
	} else if (c == '\n' && (iflag & INLCR)) {
		c = '\r';
	}
	if (canonical) {
		if (edit_line(tty, c))
			return;
		if (c == '\n' || (c && (c == cc[VEOL] || c == cc[VEOL2]))) {
			if (put_input(tty, c, false))
				echo_char(tty, c);
			line_done(tty);
			return;
		}
	}
store:
	if (!put_input(tty, c, false)) {
		put_output(tty, '\a');
		return;
	}
	/* the line begins where the first character is echoed: after a prompt */
	if (s->read_head - 1 == s->canon_head)
		s->canon_column = s->column;
	echo_char(tty, c);
	if (!canonical)
		line_done(tty);
}

void tty_receive(struct tty_struct *tty, const char *text, size_t count)
{
	unsigned long flags;
	bool signals;
	int sig = 0;
	size_t i;

	lockdep_assert_irqs_disabled();
	spin_lock_irqsave(&tty->lock, flags);
	for (i = 0; i < count; i++) {
		receive_one(tty, text[i], &sig);
		if (sig)
			tty->s.signals |= sigmask(sig);
		sig = 0;
	}
	signals = tty->s.signals != 0;
	spin_unlock_irqrestore(&tty->lock, flags);
	/* kill_pgrp() takes tasklist_lock, which is not for interrupts */
	if (signals)
		schedule_work(&tty->signal_work);
	wake_up_interruptible(&tty->read_wait);
}

/* ---- reading ---- */

unsigned int n_tty_readable(struct tty_struct *tty)
{
	struct tty_state *s = &tty->s;
	unsigned int bytes, min;

	bytes = s->canon_head - s->read_tail;
	if (s->termios.c_lflag & ICANON)
		return bytes;
	min = s->termios.c_cc[VTIME] ? 1 : s->termios.c_cc[VMIN];
	return bytes >= (min ? min : 1) ? bytes : 0;
}

/*
 * Take up to @count bytes: to the end of a line in canonical mode, else what is
 * there. *@eof says that an end of file ended it.
 */
static size_t take_input(struct tty_struct *tty, char *buf, size_t count, bool *eof, bool *eol)
{
	struct tty_state *s = &tty->s;
	bool canonical = s->termios.c_lflag & ICANON;
	size_t n = 0;
	char c;

	*eof = *eol = false;
	while (n < count && s->read_tail != s->canon_head) {
		c = s->buf[AT(s->read_tail)];
		if (is_eof_mark(s, s->read_tail)) {
			set_eof_mark(s, s->read_tail, false);
			s->read_tail++;
			*eof = true;
			break;
		}
		s->read_tail++;
		buf[n++] = c;
		if (canonical && (c == '\n' || (c && ((u8)c == s->termios.c_cc[VEOL] ||
						      (u8)c == s->termios.c_cc[VEOL2])))) {
			*eol = true;
			break;
		}
	}
	/* a line that filled the buffer exactly: its end of file goes with it */
	if (canonical && n == count && !*eol && s->read_tail != s->canon_head &&
	    is_eof_mark(s, s->read_tail)) {
		set_eof_mark(s, s->read_tail, false);
		s->read_tail++;
		*eof = true;
	}
	return n;
}

static int wait_for_input(struct tty_struct *tty, struct file *file)
{
	struct tty_state *s = &tty->s;
	unsigned int vtime = s->termios.c_cc[VTIME], vmin = s->termios.c_cc[VMIN];

	if (n_tty_readable(tty))
		return 0;
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	if (!(s->termios.c_lflag & ICANON)) {
		if (!vmin && !vtime)
			return 0;
		if (!vmin) {
			/* VTIME counts tenths of a second from the read on */
			long left = wait_event_interruptible_timeout(tty->read_wait,
								     n_tty_readable(tty),
								     vtime * (HZ / 10));

			return left < 0 ? (int)left : 0;
		}
	}
	return wait_event_interruptible(tty->read_wait, n_tty_readable(tty));
}

ssize_t n_tty_read(struct tty_struct *tty, struct file *file, char __user *buf, size_t count)
{
	char chunk[128];
	unsigned long flags;
	size_t done = 0, n;
	bool eof = false, eol = false;
	int ret;

	do {
		ret = wait_for_input(tty, file);
		if (ret)
			return ret;
		do {
			spin_lock_irqsave(&tty->lock, flags);
			n = take_input(tty, chunk, min_t(size_t, sizeof(chunk), count - done), &eof,
				       &eol);
			spin_unlock_irqrestore(&tty->lock, flags);
			if (copy_to_user(buf + done, chunk, n))
				return done ? (ssize_t)done : -EFAULT;
			done += n;
		} while (n && done < count && !eof && !eol);
		/* another reader was faster: wait again, unless none is wanted */
	} while (!done && !eof &&
		 ((tty->s.termios.c_lflag & ICANON) ||
		  (tty->s.termios.c_cc[VMIN] && !tty->s.termios.c_cc[VTIME])));
	return done;
}
