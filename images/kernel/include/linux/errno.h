/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error numbers: those of user mode, and those from 512 on, which never reach it. */
#ifndef _LINUX_ERRNO_H
#define _LINUX_ERRNO_H

#include <uapi/linux/errno.h>

#define ERESTARTSYS	      512 /* run again if the handler has SA_RESTART, or no handler ran */
#define ERESTARTNOINTR	      513 /* always run again */
#define ERESTARTNOHAND	      514 /* run again if no handler ran */
#define ENOIOCTLCMD	      515
#define ERESTART_RESTARTBLOCK 516 /* go on through restart_syscall(2) if no handler ran */
#define EPROBE_DEFER	      517
#define ENOTSUPP	      524

#endif
