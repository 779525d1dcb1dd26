/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by signal.c and signal-delivery.c only. */
#ifndef _KERNEL_SIGNAL_H
#define _KERNEL_SIGNAL_H

#include <linux/signal.h>

#define SIG_IGNORED_BY_DEFAULT \
	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))
#define SIG_STOPS (sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
/* Faults of the instruction itself are delivered before anything else. */
#define SIG_SYNCHRONOUS                                                            \
	(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | sigmask(SIGTRAP) | \
	 sigmask(SIGFPE) | sigmask(SIGSYS))
#define SIG_UNBLOCKABLE (sigmask(SIGKILL) | sigmask(SIGSTOP))

void sigqueue_free(struct sigqueue *q);

#endif
