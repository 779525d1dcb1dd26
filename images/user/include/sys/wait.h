/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for children. */
#ifndef USER_SYS_WAIT_H
#define USER_SYS_WAIT_H

#include <sys/types.h>
#include <sys/resource.h>

#define WNOHANG		    1
#define WUNTRACED	    2
#define WCONTINUED	    8
#define WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define WTERMSIG(status)    ((status)&0x7f)
#define WIFEXITED(status)   (WTERMSIG(status) == 0)
#define WIFSTOPPED(status)  (((status)&0xff) == 0x7f)
#define WSTOPSIG(status)    WEXITSTATUS(status)
#define WIFSIGNALED(status) (!WIFEXITED(status) && !WIFSTOPPED(status) && (status) != 0xffff)

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);

#endif
