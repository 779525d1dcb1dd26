/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Process times in ticks of 1/100 s. */
#ifndef USER_SYS_TIMES_H
#define USER_SYS_TIMES_H

#include <sys/types.h>

struct tms {
	clock_t tms_utime, tms_stime, tms_cutime, tms_cstime;
};

clock_t times(struct tms *store);

#endif
