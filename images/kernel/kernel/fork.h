/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by fork.c and pid.c only. */
#ifndef _KERNEL_FORK_H
#define _KERNEL_FORK_H

struct task_struct;
void pid_table_set(int pid, struct task_struct *task);

#endif
