/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an allocation may behave. No allocation sleeps or reclaims here; the flags tell zeroing and intent. */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#define __GFP_ZERO   0x100
#define __GFP_NOWARN 0x200
#define GFP_ATOMIC   0x20
#define GFP_KERNEL   0xc0
#define GFP_NOWAIT   0x00
#define GFP_NOIO     0xc0
#define GFP_NOFS     0xc0
#define GFP_USER     0xc0
#define GFP_HIGHUSER 0xc0

#endif
