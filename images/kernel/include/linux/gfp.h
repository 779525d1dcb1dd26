/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an allocation may behave, with Linux's numbers. No allocation sleeps or
 * reclaims here: __GFP_ZERO is obeyed, the others tell intent.
 */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#define __GFP_HIGHMEM	     0x02
#define __GFP_HIGH	     0x20
#define __GFP_IO	     0x40
#define __GFP_FS	     0x80
#define __GFP_ZERO	     0x100
#define __GFP_ATOMIC	     0x200
#define __GFP_DIRECT_RECLAIM 0x400
#define __GFP_KSWAPD_RECLAIM 0x800
#define __GFP_NOWARN	     0x2000
#define __GFP_HARDWALL	     0x100000
#define __GFP_RECLAIM	     (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_ATOMIC   (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL   (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_NOWAIT   __GFP_KSWAPD_RECLAIM
#define GFP_NOIO     __GFP_RECLAIM
#define GFP_NOFS     (__GFP_RECLAIM | __GFP_IO)
#define GFP_USER     (__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL)
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)

#endif
