/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the keepers share (main.c). */
#ifndef _KEEPER_H
#define _KEEPER_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "../workloads/workload.h"

#define PAGE	  4096
#define KEEPERS	  32
#define COW_PAGES 24

struct board {
	uint64_t results[KEEPERS];
	volatile uint32_t turn;	 /* futex of two */
	volatile uint32_t never; /* futex that nobody wakes */
	volatile uint64_t steps; /* of the one that is stopped */
};

extern struct workload workload;
extern struct board *board;
extern uint64_t *cow;	    /* COW_PAGES pages that all share, copy-on-write */
extern int devnull_cloexec; /* an open file that exec closes */

/* Says what is damaged, in which keeper, and ends. */
void damaged(const char *what, long round) __attribute__((noreturn));
/* A sleep that may not be cut short. */
void rest(long microseconds, long round);
long pause_us(void);
/* Waits for a child, whose status has to be the wanted one. */
void reap(pid_t child, int wanted, long round);

/* signals.c */
uint64_t keep_signals(void);
uint64_t keep_timer(void);
uint64_t keep_stopped(void);
/* processes.c */
uint64_t keep_futex(void);
uint64_t keep_wait(void);
uint64_t keep_identity(void);
/* files.c */
uint64_t keep_pipe(void);
uint64_t keep_poll(void);
uint64_t keep_files(void);
uint64_t keep_busy(void);
/* memory.c */
uint64_t keep_memory(void);
uint64_t keep_vectors(void);
uint64_t keep_still(void);

#endif
