// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Terminals as user space sees them: reading, writing, settings, job control.
 *
 * Promises: /dev/tty is the terminal of the caller's session, /dev/console that
 * of the kernel's messages; a background process that reads gets SIGTTIN, one
 * that writes with TOSTOP gets SIGTTOU (termios(3), setpgid(2)); a read waits
 * with no character taken, so it can be taken back to the system call's
 * boundary. What characters mean is in n-tty.c, the hardware in 8250.c.
 */
#include <linux/fs.h>
#include <linux/tty.h>
#include <linux/errno.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/uaccess.h>
#include <linux/poll.h>
#include "tty-internal.h"

#define MAX_TTYS 4

#define TCGETS	   0x5401
#define TCSETS	   0x5402
#define TCSETSW	   0x5403
#define TCSETSF	   0x5404
#define TCSBRK	   0x5409
#define TCXONC	   0x540A
#define TCFLSH	   0x540B
#define TIOCEXCL   0x540C
#define TIOCSCTTY  0x540E
#define TIOCGPGRP  0x540F
#define TIOCSPGRP  0x5410
#define TIOCOUTQ   0x5411
#define TIOCSTI	   0x5412
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define FIONREAD   0x541B
#define TIOCNOTTY  0x5422
#define TIOCGSID   0x5429

static struct tty_struct *ttys[MAX_TTYS];

void tty_init_state(struct tty_state *s)
{
	static const u8 control[NCCS] = {
		[VINTR] = 3,  [VQUIT] = 28,    [VERASE] = 127, [VKILL] = 21,
		[VEOF] = 4,   [VMIN] = 1,      [VSTART] = 17,  [VSTOP] = 19,
		[VSUSP] = 26, [VREPRINT] = 18, [VWERASE] = 23, [VLNEXT] = 22,
	};

	memset(s, 0, sizeof(*s));
	s->termios.c_iflag = ICRNL | IXON;
	s->termios.c_oflag = OPOST | ONLCR;
	s->termios.c_cflag = B115200 | CS8 | CREAD | CLOCAL;
	s->termios.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(s->termios.c_cc, control, sizeof(control));
	s->winsize.ws_row = 24;
	s->winsize.ws_col = 80;
}

/* Ctrl-C and its like: the foreground process group gets what has been typed. */
static void send_typed_signals(struct work_struct *work)
{
	struct tty_struct *tty = container_of(work, struct tty_struct, signal_work);
	unsigned long flags, signals;
	int pgrp, sig;

	spin_lock_irqsave(&tty->lock, flags);
	signals = tty->s.signals;
	tty->s.signals = 0;
	pgrp = tty->s.pgrp;
	spin_unlock_irqrestore(&tty->lock, flags);
	for (sig = 1; pgrp && sig < _NSIG; sig++)
		if (signals & sigmask(sig))
			kill_pgrp(pgrp, sig, 1);
}

int tty_register(struct tty_struct *tty)
{
	INIT_WORK(&tty->signal_work, send_typed_signals);
	if (tty->index >= MAX_TTYS)
		return -EINVAL;
	spin_lock_init(&tty->lock);
	init_waitqueue_head(&tty->read_wait);
	init_waitqueue_head(&tty->write_wait);
	ttys[tty->index] = tty;
	return register_device(tty->name, S_IFCHR, MKDEV(4, 64 + tty->index), 0620, &tty_fops, tty);
}

struct tty_struct *tty_by_index(int index)
{
	return index >= 0 && index < MAX_TTYS ? ttys[index] : NULL;
}

int tty_for_each(int (*fn)(struct tty_struct *, void *), void *data)
{
	int i, ret;

	for (i = 0; i < MAX_TTYS; i++) {
		if (!ttys[i])
			continue;
		ret = fn(ttys[i], data);
		if (ret)
			return ret;
	}
	return 0;
}

struct tty_struct *file_tty(struct file *file)
{
	return file->f_op == &tty_fops ? file->private_data : NULL;
}

/* The controlling terminal of the current task's session, or NULL. */
static struct tty_struct *current_tty(void)
{
	int session = task_session_nr(current), i;

	for (i = 0; i < MAX_TTYS; i++)
		if (ttys[i] && ttys[i]->s.session && ttys[i]->s.session == session)
			return ttys[i];
	return NULL;
}

void tty_session_leader_exit(int session)
{
	unsigned long flags;
	int i, pgrp;

	for (i = 0; i < MAX_TTYS; i++) {
		if (!ttys[i])
			continue;
		pgrp = 0;
		spin_lock_irqsave(&ttys[i]->lock, flags);
		if (ttys[i]->s.session == session) {
			pgrp = ttys[i]->s.pgrp;
			ttys[i]->s.session = ttys[i]->s.pgrp = 0;
		}
		spin_unlock_irqrestore(&ttys[i]->lock, flags);
		if (pgrp) {
			kill_pgrp(pgrp, SIGHUP, 1);
			kill_pgrp(pgrp, SIGCONT, 1);
		}
	}
}

static void take_control(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	tty->s.session = task_session_nr(current);
	tty->s.pgrp = task_pgrp_nr(current);
	spin_unlock_irqrestore(&tty->lock, flags);
}

static int tty_open(struct inode *inode, struct file *file)
{
	struct tty_struct *tty = file->private_data;

	if (inode->i_rdev == MKDEV(5, 0)) { /* /dev/tty */
		tty = current_tty();
		if (!tty)
			return -ENXIO;
	} else if (inode->i_rdev == MKDEV(5, 1)) { /* /dev/console */
		tty = ttys[0];
	}
	if (!tty)
		return -ENODEV;
	file->private_data = tty;
	/* a session leader without a terminal gets the first it opens (tty_ioctl(4)) */
	if (!(file->f_flags & O_NOCTTY) && inode->i_rdev != MKDEV(5, 1) &&
	    current->pid == task_session_nr(current) && !tty->s.session && !current_tty())
		take_control(tty);
	return 0;
}

static bool ignores_or_blocks(int sig)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&current->sighand->siglock, flags);
	ret = sigismember(&current->blocked, sig) ||
	      current->sighand->action[sig - 1].sa.sa_handler == SIG_IGN;
	spin_unlock_irqrestore(&current->sighand->siglock, flags);
	return ret;
}

static bool pgrp_in_session(int pgrp, int session)
{
	struct task_struct *p;
	unsigned long flags;
	bool found = false;

	local_irq_save(flags);
	spin_lock(&tasklist_lock);
	for_each_process(p)
		if (p->signal && task_pgrp_nr(p) == pgrp && task_session_nr(p) == session)
			found = true;
	spin_unlock(&tasklist_lock);
	local_irq_restore(flags);
	return found;
}

/*
 * May the caller, as a member of its process group, use its terminal now? Stops
 * the group with @sig if not. 0, or what the system call gives.
 */
static int job_control(struct tty_struct *tty, int sig)
{
	int pgrp = task_pgrp_nr(current);

	if (!tty->s.session || tty->s.session != task_session_nr(current) || !tty->s.pgrp ||
	    tty->s.pgrp == pgrp)
		return 0;
	if (ignores_or_blocks(sig))
		return sig == SIGTTIN ? -EIO : 0;
	kill_pgrp(pgrp, sig, 1);
	return -ERESTARTSYS;
}

static ssize_t tty_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct tty_struct *tty = file->private_data;
	ssize_t ret;

	if (!count)
		return 0;
	ret = job_control(tty, SIGTTIN);
	if (ret)
		return ret;
	return n_tty_read(tty, file, buf, count);
}

static ssize_t tty_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct tty_struct *tty = file->private_data;
	char chunk[128];
	size_t done = 0, n, used;
	int ret = 0;

	if (tty->s.termios.c_lflag & TOSTOP) {
		ret = job_control(tty, SIGTTOU);
		if (ret)
			return ret;
	}
	while (done < count) {
		n = min_t(size_t, sizeof(chunk), count - done);
		if (copy_from_user(chunk, buf + done, n)) {
			ret = -EFAULT;
			break;
		}
		used = n_tty_write(tty, chunk, n);
		done += used;
		if (used == n)
			continue;
		if (file->f_flags & O_NONBLOCK) {
			ret = -EAGAIN;
			break;
		}
		/* two: a newline may need a carriage return before it */
		ret = wait_event_interruptible(tty->write_wait, tty->ops->write_room(tty) >= 2);
		if (ret)
			break;
	}
	return done ? (ssize_t)done : ret;
}

static unsigned int tty_poll(struct file *file, struct poll_table *table)
{
	struct tty_struct *tty = file->private_data;
	unsigned int mask = 0;

	poll_wait(file, &tty->read_wait, table);
	poll_wait(file, &tty->write_wait, table);
	if (n_tty_readable(tty))
		mask |= POLLIN | POLLRDNORM;
	if (tty->ops->write_room(tty) >= 2)
		mask |= POLLOUT | POLLWRNORM;
	return mask;
}

static int wait_until_sent(struct tty_struct *tty)
{
	return wait_event_interruptible(tty->write_wait, !tty->ops->chars_in_buffer(tty));
}

static int set_termios(struct tty_struct *tty, const void __user *arg, unsigned int cmd)
{
	struct ktermios new;
	unsigned long flags;
	int ret;

	ret = job_control(tty, SIGTTOU);
	if (ret)
		return ret;
	if (copy_from_user(&new, arg, sizeof(new)))
		return -EFAULT;
	if (cmd != TCSETS) {
		ret = wait_until_sent(tty);
		if (ret)
			return ret;
	}
	spin_lock_irqsave(&tty->lock, flags);
	if (cmd == TCSETSF)
		n_tty_flush_input(tty);
	n_tty_mode_changed(tty, &new);
	tty->s.termios = new;
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_interruptible(&tty->read_wait);
	return 0;
}

static int set_winsize(struct tty_struct *tty, const void __user *arg)
{
	struct winsize ws;
	unsigned long flags;
	bool changed;

	if (copy_from_user(&ws, arg, sizeof(ws)))
		return -EFAULT;
	spin_lock_irqsave(&tty->lock, flags);
	changed = memcmp(&ws, &tty->s.winsize, sizeof(ws)) != 0;
	tty->s.winsize = ws;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (changed && tty->s.pgrp)
		kill_pgrp(tty->s.pgrp, SIGWINCH, 1);
	return 0;
}

static int set_foreground(struct tty_struct *tty, const int __user *arg)
{
	unsigned long flags;
	int pgrp, ret;

	if (tty != current_tty())
		return -ENOTTY;
	ret = job_control(tty, SIGTTOU);
	if (ret)
		return ret;
	if (copy_from_user(&pgrp, arg, sizeof(pgrp)))
		return -EFAULT;
	if (pgrp <= 0)
		return -EINVAL;
	if (!pgrp_in_session(pgrp, task_session_nr(current)))
		return -EPERM;
	spin_lock_irqsave(&tty->lock, flags);
	tty->s.pgrp = pgrp;
	spin_unlock_irqrestore(&tty->lock, flags);
	return 0;
}

static int flush_queues(struct tty_struct *tty, unsigned long which)
{
	unsigned long flags;

	if (which > 2)
		return -EINVAL;
	if (which != 1) { /* TCIFLUSH, TCIOFLUSH */
		spin_lock_irqsave(&tty->lock, flags);
		n_tty_flush_input(tty);
		spin_unlock_irqrestore(&tty->lock, flags);
	}
	return 0;
}

static int put_int(int value, void __user *arg)
{
	return copy_to_user(arg, &value, sizeof(value)) ? -EFAULT : 0;
}

static long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty_struct *tty = file->private_data;
	void __user *p = (void __user *)arg;

	switch (cmd) {
	case TCGETS:
		return copy_to_user(p, &tty->s.termios, sizeof(struct ktermios)) ? -EFAULT : 0;
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(tty, p, cmd);
	case TCSBRK:
		return wait_until_sent(tty);
	case TCXONC:
		if (arg > 1)
			return -EINVAL;
		tty->ops->set_stopped(tty, arg == 0);
		return 0;
	case TCFLSH:
		return flush_queues(tty, arg);
	case TIOCSCTTY:
		if (tty->s.session == task_session_nr(current))
			return 0;
		if (current->pid != task_session_nr(current) || current_tty() ||
		    (tty->s.session && arg != 1))
			return -EPERM;
		take_control(tty);
		return 0;
	case TIOCNOTTY:
		if (tty != current_tty())
			return -ENOTTY;
		if (current->pid == task_session_nr(current))
			tty_session_leader_exit(current->pid);
		return 0;
	case TIOCGPGRP:
		if (tty != current_tty())
			return -ENOTTY;
		return put_int(tty->s.pgrp, p);
	case TIOCSPGRP:
		return set_foreground(tty, p);
	case TIOCGSID:
		if (tty != current_tty())
			return -ENOTTY;
		return put_int(tty->s.session, p);
	case TIOCGWINSZ:
		return copy_to_user(p, &tty->s.winsize, sizeof(struct winsize)) ? -EFAULT : 0;
	case TIOCSWINSZ:
		return set_winsize(tty, p);
	case TIOCOUTQ:
		return put_int(tty->ops->chars_in_buffer(tty), p);
	case FIONREAD:
		return put_int(n_tty_readable(tty), p);
	case TIOCEXCL:
		return 0;
	default:
		return -ENOTTY;
	}
}

const struct file_operations tty_fops = {
	.name = "tty",
	.carry = "tty",
	.llseek = no_llseek,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.unlocked_ioctl = tty_ioctl,
	.open = tty_open,
};

void tty_write_wakeup(struct tty_struct *tty)
{
	wake_up_interruptible(&tty->write_wait);
}

void tty_init(void)
{
	register_device("tty", S_IFCHR, MKDEV(5, 0), 0666, &tty_fops, NULL);
	register_device("console", S_IFCHR, MKDEV(5, 1), 0600, &tty_fops, NULL);
}
