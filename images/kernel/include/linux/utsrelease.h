/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The release of this kernel. A later version begins by changing this line. */
#ifndef _LINUX_UTSRELEASE_H
#define _LINUX_UTSRELEASE_H

#define UTS_SYSNAME "Scion"
#define UTS_RELEASE "1.0"
#define UTS_VERSION "#1 SMP PREEMPT"

#endif
